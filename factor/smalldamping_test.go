package factor_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/nn"
)

// deepNetwork is the linearization of a network of so many layers of width 10 on two samples,
// whose first layers hardly matter.
func deepNetwork(t *testing.T, layers int) *nn.Linearization {
	t.Helper()
	rng := rand.New(rand.NewPCG(17, 18))
	widths := []int{5}
	for range layers - 1 {
		widths = append(widths, 10)
	}
	net, err := nn.New(5, nn.CrossEntropy, nn.MLP(append(widths, 3), nn.Tanh, false)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(1, nil)
	b := nn.Batch{N: 2, X: make([]float64, 10), Labels: []int{0, 2}}
	for i := range b.X {
		b.X[i] = rng.NormFloat64()
	}
	lin := new(nn.Linearization)
	if err := net.Linearize(lin, &b); err != nil {
		t.Fatal(err)
	}
	return lin
}

// TestAugmentedSmallDamping: beside derivatives of order 1 a small damping puts off all
// parameters, up to the root, unless K is scaled. Augmented then says the same as Chain, with
// few more flops than were planned, also at a larger damping afterwards and at a new point.
func TestAugmentedSmallDamping(t *testing.T) {
	t.Parallel()
	certain := 0
	depths := []int{40, 120}
	if testing.Short() {
		depths = depths[:1]
	}
	for _, layers := range depths {
		lin := deepNetwork(t, layers)
		g := mat.NewVecDense(len(lin.Gradient), lin.Gradient)
		var a factor.Augmented
		var c factor.Chain
		for _, f := range []factor.Factorization{&a, &c} {
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
			for f, x := range map[factor.Factorization]*mat.VecDense{&a: &x, &c: &y} {
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
			la, sa := a.LogDet()
			lc, sc := c.LogDet()
			if bound := a.Report().LogDetError + c.Report().LogDetError; ic.Certain && (sa != sc || !(math.Abs(la-lc) <= bound+1e-14*math.Abs(lc))) {
				t.Errorf("%s: log|det| %v %v, by Chain %v %v, bounds %g", what, la, sa, lc, sc, bound)
			}
		}
	}
	if certain < 6*len(depths) {
		t.Errorf("the inertia is certain at %d of %d dampings", certain, 7*len(depths))
	}
}
