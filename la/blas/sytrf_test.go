package blas_test

import (
	"fmt"
	"math"
	"testing"

	"costate/la/blas"
	"costate/la/blas/blastest"
)

// TestPanels runs the blocked factorization with narrow panels, so that pivots
// of order two meet the panels' edges everywhere, and compares its pivots with
// those of the unblocked twin.
func TestPanels(t *testing.T) {
	for _, nb := range []int{0, 1, 2, 3, 4, 7} {
		t.Run(fmt.Sprintf("nb=%d", nb), func(t *testing.T) {
			g := blas.Panelled(nb)
			if nb == 1 {
				g = blas.Tiled()
			}
			for _, kind := range blastest.Kinds {
				for n := range 40 {
					f := blastest.NewFactor(kind, n, n%3, blastest.NewRand(uint64(n)))
					f.Factorize(g)
					name := fmt.Sprintf("%s of order %d", kind.Name, n)
					f.Check(t, name)
					if kind.Name != "normal" && kind.Name != "zero-diagonal" && kind.Name != "exchange" {
						continue // Ties, which rounding decides.
					}
					twin := blastest.NewFactor(kind, n, n%3, blastest.NewRand(uint64(n)))
					twin.Factorize(blas.Panelled(0))
					for i, p := range twin.Perm {
						if f.Perm[i] != p || (f.E[i] != 0) != (twin.E[i] != 0) {
							t.Errorf("%s: pivots %v, the twin's are %v", name, f.Perm, twin.Perm)
							break
						}
					}
				}
			}
		})
	}
}

// FactorTiles gives the bits of Sytrf on tiles.
func TestFactorTiles(t *testing.T) {
	for _, kind := range blastest.Kinds {
		for n := range 40 {
			f := blastest.NewFactor(kind, n, 0, blastest.NewRand(uint64(n)))
			ld := (n+3)&^3 + 4*(n%2)
			x, w := make([]float64, (n+3)&^3*ld), make([]float64, 2*ld)
			for i := range n {
				for j := range i + 1 {
					x[j*ld+i] = f.A.Data[i*f.A.Ld+j]
				}
			}
			d, e, perm := make([]float64, n), make([]float64, n), make([]int, n)
			blas.FactorTiles(n, x, ld, d, e, perm, w)
			f.Factorize(blas.Tiled())
			for i := range n {
				same := perm[i] == f.Perm[i] && bits(e[i]) == bits(f.E[i]) && bits(d[i]) == bits(f.A.Data[i*f.A.Ld+i])
				for j := range i {
					same = same && bits(x[j*ld+i]) == bits(f.A.Data[i*f.A.Ld+j])
				}
				if !same {
					t.Fatalf("%s of order %d: row %d is not that of Sytrf", kind.Name, n, i)
				}
			}
		}
	}
}

// A factorization whose rows wait gives the bits of one whose rows do not:
// pivots of all kinds come from rows that wait and from rows that do not.
func TestWaiting(t *testing.T) {
	for _, kind := range blastest.Kinds {
		for n := range 75 {
			eager := blastest.NewFactor(kind, n, n%5, blastest.NewRand(uint64(n)))
			waits := blastest.NewFactor(kind, n, n%5, blastest.NewRand(uint64(n)))
			eager.Factorize(blas.Tiled())
			waits.Factorize(blas.Waiting())
			name := fmt.Sprintf("%s of order %d", kind.Name, n)
			waits.Check(t, name)
			for i := range n {
				if eager.Perm[i] != waits.Perm[i] || bits(eager.E[i]) != bits(waits.E[i]) {
					t.Fatalf("%s: pivot %d differs", name, i)
				}
				for j, v := range eager.A.Data[i*eager.A.Ld : i*eager.A.Ld+i+1] {
					// The signs of zeros are those of no promise.
					if w := waits.A.Data[i*waits.A.Ld+j]; v != w && bits(v) != bits(w) {
						t.Fatalf("%s: element %d, %d is %x, not %x", name, i, j, w, v)
					}
				}
			}
		}
	}
}

// bits are those of x, the same for all that is not a number.
func bits(x float64) uint64 {
	if x != x {
		return 1
	}
	return math.Float64bits(x)
}

func TestGemmtLoop(t *testing.T) { blastest.Products(t, blas.LoopGemmt(), "gemmt") }

func FuzzNative(f *testing.F) { blastest.Fuzz(f, blas.Native()) }
