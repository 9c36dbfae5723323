package gemm

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// TestTileLayout compares the offsets of the fields of tile with those that
// the generator of the assembly has.
func TestTileLayout(t *testing.T) {
	var x tile
	got := []uintptr{
		unsafe.Offsetof(x.a), unsafe.Offsetof(x.b), unsafe.Offsetof(x.c), unsafe.Offsetof(x.k),
		unsafe.Offsetof(x.rows), unsafe.Offsetof(x.ars), unsafe.Offsetof(x.acs), unsafe.Offsetof(x.brs),
		unsafe.Offsetof(x.crs), unsafe.Offsetof(x.arow), unsafe.Offsetof(x.apan), unsafe.Offsetof(x.lanes),
		unsafe.Offsetof(x.alpha), unsafe.Offsetof(x.beta),
	}
	for i, off := range got {
		if unsafe.Sizeof(uintptr(0)) == 8 && off != uintptr(8*i) {
			t.Errorf("field %d is at %d", i, off)
		}
	}
}

// TestKernels compares every tile kernel of every instruction set with its
// twin.
func TestKernels(t *testing.T) {
	for _, s := range available() {
		if !sameAsTwin(s) {
			t.Errorf("%s: a kernel differs from its twin", s.name)
		}
	}
}

// sameAsTwin compares the tile kernels of an instruction set with their twin on
// all widths and heights, bit by bit: all values are small integers, so that
// the sums are exact.
func sameAsTwin(s *isa) bool {
	const k, ld = 37, 32
	var a, b, c, want [40 * 40]float64
	for i := range a {
		a[i] = float64(i*7919%101) - 50
		b[i] = float64(i*104729%97) - 48
	}
	for rows := 1; rows <= 3*s.mr; rows++ {
		for w := 1; w <= s.nr; w++ {
			for i := range c {
				c[i] = float64(i % 13)
				want[i] = c[i]
			}
			t := tile{
				a: unsafe.Pointer(&a), b: unsafe.Pointer(&b), c: unsafe.Pointer(&c),
				k: k, rows: rows, ars: 8 * k, acs: 8, brs: 8 * ld, crs: 8 * ld, arow: 8 * k,
				alpha: -1, beta: 2,
			}
			s.run(&t, w)
			t.c = unsafe.Pointer(&want)
			tile_g(&t, s.mr, w)
			for i := range c {
				if math.Float64bits(c[i]) != math.Float64bits(want[i]) {
					return false
				}
			}
		}
	}
	return true
}

// TestKernelsFused: every element is the sum of multiply-adds in the order of k, to the
// last bit, in every tile kernel in assembly.
func TestKernelsFused(t *testing.T) {
	const k, ld = 37, 32
	rnd := rand.New(rand.NewPCG(15, 16))
	var a, b, old [40 * 40]float64
	for i := range a {
		a[i], b[i], old[i] = rnd.NormFloat64(), rnd.NormFloat64(), rnd.NormFloat64()
	}
	for _, s := range available() {
		if s.id == idGo {
			continue
		}
		for rows := 1; rows <= 3*s.mr; rows++ {
			for w := 1; w <= s.nr; w++ {
				for _, beta := range []float64{0, 1, -0.7} {
					c := old
					x := tile{
						a: unsafe.Pointer(&a), b: unsafe.Pointer(&b), c: unsafe.Pointer(&c),
						k: k, rows: rows, ars: 8 * k, acs: 8, brs: 8 * ld, crs: 8 * ld, arow: 8 * k,
						alpha: 1.3, beta: beta,
					}
					s.run(&x, w)
					for i := range old {
						want := old[i]
						if r, j := i/ld, i%ld; r < rows && j < w {
							sum := 0.0
							for p := range k {
								sum = math.FMA(a[r*k+p], b[p*ld+j], sum)
							}
							want = 1.3 * sum
							if beta != 0 {
								want = math.FMA(beta, old[i], want)
							}
						}
						if math.Float64bits(c[i]) != math.Float64bits(want) {
							t.Fatalf("%s: element %d of %d×%d, beta %v, is %v, want %v", s.name, i, rows, w, beta, c[i], want)
						}
					}
				}
			}
		}
	}
}
