package factor

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/internal/alloctest"
	"costate/nn/nntest"
)

// TestAugmentedSmallDamping: beside derivatives of order 1 a small damping puts off all
// parameters, up to the root, unless K is scaled. Augmented then says the same as Chain, with
// few more flops than were planned, also at a larger damping afterwards and at a new point.
func TestAugmentedSmallDamping(t *testing.T) {
	certain := 0
	depths := []int{120, 150} // fewer put off too little to be scaled
	if testing.Short() {
		depths = depths[:1]
	}
	for _, layers := range depths {
		lin := nntest.Deep(t, layers)
		g := mat.NewVecDense(len(lin.Gradient), lin.Gradient)
		var a Augmented
		var c Chain
		for _, f := range []Factorization{&a, &c} {
			if err := f.Analyse(&lin.Chain, nil); err != nil {
				t.Fatal(err)
			}
		}
		for i, eps := range []float64{1e-2, 1e-6, 1e-8, 1e-10, 0.1, -1e-6, 1e-7} {
			what := fmt.Sprintf("%d layers, damping %g", layers, eps)
			if i == 6 { // the same point, taken anew
				if err := a.Update(&lin.Chain); err != nil {
					t.Fatal(err)
				}
			}
			var x, y mat.VecDense
			for f, x := range map[Factorization]*mat.VecDense{&a: &x, &c: &y} {
				if err := f.Factorize(eps); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if err := f.SolveVecTo(x, g); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			ia, ic := a.Inertia(), c.Inertia()
			if ic.Certain && ia != ic || ia.Certain && ia.Negative != ic.Negative {
				t.Errorf("%s: %+v, by Chain %+v", what, ia, ic)
			}
			if ia.Certain {
				certain++
			}
			if scaled := a.k.s != nil; scaled != (i > 0) {
				t.Errorf("%s: K is scaled: %v", what, scaled)
			}
			la, sa := a.LogDet()
			lc, sc := c.LogDet()
			if bound := a.Report().LogDetError + c.Report().LogDetError; ic.Certain && (sa != sc || !(math.Abs(la-lc) <= bound+1e-14*math.Abs(lc))) {
				t.Errorf("%s: log|det| %v %v, by Chain %v %v, bounds %g", what, la, sa, lc, sc, bound)
			}
		}
		var err error
		if n := alloctest.PerRun(2, func() { err = a.Factorize(1e-6) }); n > 0 || err != nil {
			t.Errorf("%d layers: another factorization allocates %v times, %v", layers, n, err)
		}
	}
	if certain < 6*len(depths) {
		t.Errorf("the inertia is certain at %d of %d dampings", certain, 7*len(depths))
	}
}
