//go:build !noasm

package gemm

import "unsafe"

var isaNEON = isa{
	name: "neon", id: idNEON, mr: 6, nr: 8, mc: 144, kc: 256, nc: 2048,
}

// available lists the usable instruction sets, the default one first. Every arm64
// processor has Advanced SIMD.
func available() []*isa { return []*isa{&isaNEON, &isaGo} }

// run computes w <= s.nr columns.
func (s *isa) run(t *tile, w int) {
	if s.id != idNEON {
		tile_g(t, s.mr, w)
		return
	}
	p := (*byte)(unsafe.Pointer(t))
	switch w {
	case 8:
		tileNEONx8(p)
	case 7:
		tileNEONx7(p)
	case 6:
		tileNEONx6(p)
	case 5:
		tileNEONx5(p)
	case 4:
		tileNEONx4(p)
	case 3:
		tileNEONx3(p)
	case 2:
		tileNEONx2(p)
	default:
		tileNEONx1(p)
	}
}

func (s *isa) solve(t *tile) { solveNEON((*byte)(unsafe.Pointer(t))) }
