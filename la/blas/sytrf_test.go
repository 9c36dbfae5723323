package blas_test

import (
	"fmt"
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

func TestGemmtLoop(t *testing.T) { blastest.Products(t, blas.LoopGemmt(), "gemmt") }

func FuzzNative(f *testing.F) { blastest.Fuzz(f, blas.Native()) }
