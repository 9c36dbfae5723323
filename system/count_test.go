package system_test

import (
	"math/rand/v2"
	"testing"

	"costate/system"
	"costate/system/chaintest"
)

func TestEntriesOf(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		a := system.Assemble(c, 1)
		if got, want := system.EntriesOf(c), a.Emissions(); got != want {
			t.Errorf("%d entries, assembled %d", got, want)
		}
		if got := system.EntriesOf(c); got < int64(a.K.Stored()) {
			t.Errorf("%d entries, K stores %d", got, a.K.Stored())
		}
	})
}

func TestStageOrder(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		a := system.Assemble(c, 1)
		perm, sizes := a.StageOrder()
		stage := make([]int, a.Order())
		place := 0
		for k, n := range sizes {
			for range n {
				stage[perm[place]] = k + 1
				place++
			}
		}
		if place != a.Order() {
			t.Fatalf("%d unknowns of %d", place, a.Order())
		}
		a.K.DoNonZero(func(i, j int, _ float64) {
			if d := stage[i] - stage[j]; stage[i] == 0 || d > 1 || d < -1 {
				t.Fatalf("entry (%d,%d) couples blocks %d and %d", i, j, stage[i], stage[j])
			}
		})
		// The next stage couples to the last states of a stage only.
		for k := 1; k < a.Stages(); k++ {
			_, y, _ := a.Stage(k - 1)
			first := y[1] - c.Stages[k-1].Boundary()
			a.K.DoNonZero(func(i, j int, _ float64) {
				if stage[i] == k+1 && j >= y[0] && j < first {
					t.Fatalf("stage %d couples to state %d, before the boundary %d", k+1, j, first)
				}
			})
		}
	})
}

func TestIsGaussNewton(t *testing.T) {
	for i, tc := range chains {
		c := chaintest.Random(rand.New(rand.NewPCG(7, uint64(i))), tc.batch, tc.in, tc.stages...)
		if c.IsGaussNewton() || !c.GaussNewton().IsGaussNewton() {
			t.Errorf("%s: IsGaussNewton is %v, of the Gauss–Newton chain %v", tc.name, c.IsGaussNewton(), c.GaussNewton().IsGaussNewton())
		}
		if c.ProductFlops() < c.GaussNewton().ProductFlops() {
			t.Errorf("%s: a product with the Gauss–Newton matrix counts more", tc.name)
		}
	}
}

// The count of a product on a case that is easy to count by hand.
func TestProductFlops(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(7, 7)), 2, 3, chaintest.Stage{Out: 4}, chaintest.Stage{Out: 5})
	// Z twice, and in the second stage W and δ twice, too; J twice, Q and the loss once.
	want := int64(2 * (2*2*3*4 + 6*2*4*5 + 3*2*4 + 3*2*5 + 2*5*5))
	if got := c.ProductFlops(); got != want {
		t.Errorf("%d flops, want %d", got, want)
	}
}
