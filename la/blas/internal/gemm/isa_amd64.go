//go:build !noasm

package gemm

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

var (
	isaAVX2 = isa{
		name: "avx2", id: idAVX2, mr: 6, nr: 8, mc: 144, kc: 256, nc: 2048,
	}
	isaAVX512 = isa{
		name: "avx512", id: idAVX512, mr: 8, nr: 24, mc: 192, kc: 192, nc: 2040,
	}
)

// available lists the usable instruction sets, the default one first.
func available() []*isa {
	var list []*isa
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		if cpu.X86.HasAVX512F {
			list = append(list, &isaAVX512)
		}
		list = append(list, &isaAVX2)
	}
	return append(list, &isaGo)
}

// run computes w <= s.nr columns.
func (s *isa) run(t *tile, w int) {
	p := (*byte)(unsafe.Pointer(t))
	switch s.id {
	case idAVX2:
		switch {
		case w == 8:
			tileAVX2x2(p)
		case w > 4:
			t.lanes = w - 4
			tileAVX2x2m(p)
		case w == 4:
			tileAVX2x1(p)
		default:
			t.lanes = w
			tileAVX2x1m(p)
		}
	case idAVX512:
		switch {
		case w > 16:
			t.lanes = w - 16
			tileAVX512x3(p)
		case w > 8:
			t.lanes = w - 8
			tileAVX512x2(p)
		default:
			t.lanes = w
			tileAVX512x1(p)
		}
	default:
		tile_g(t, s.mr, w)
	}
}

// solve solves for one panel of right-hand sides, see Trsm.
func (s *isa) solve(t *tile) {
	p := (*byte)(unsafe.Pointer(t))
	if s.id == idAVX512 {
		solveAVX512(p)
		return
	}
	solveAVX2(p)
}
