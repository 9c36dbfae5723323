package factor

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/partition"
)

func TestSparseSymBanded(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	a := bandMatrix(rng, 50, 4)
	band := mat.NewSymBandDense(50, 4, nil)
	for i := range 50 {
		for j := max(0, i-4); j <= i; j++ {
			band.SetSymBand(i, j, a.At(i, j))
		}
	}
	b := randomVec(rng, 50)
	for _, m := range []mat.Symmetric{a, band, dense(a)} {
		var f Sparse
		if err := f.FactorizeSymmetric(m); err != nil {
			t.Fatal(err)
		}
		var x mat.VecDense
		if err := f.SolveVecTo(&x, b); err != nil {
			t.Fatal(err)
		}
		if e := backwardError(a, &x, b); e > 1e-14 {
			t.Errorf("%T: backward error %g", m, e)
		}
	}
}

// Where blocks may not be merged, a singular one is met with a shift.
func TestSparseShift(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 3))
	const n = 40
	b := la.NewSymBuilder(n, 0)
	for i := range n {
		b.Add(i, i, 0)
		if i > 0 {
			b.Add(i, i-1, 1+rng.Float64())
		}
	}
	a, _ := b.Build()
	plan, err := partition.Given(a, nil, partition.Uniform(n, 1))
	if err != nil {
		t.Fatal(err)
	}
	var f Sparse
	if err := f.AnalysePlan(a, plan, nil); err != nil {
		t.Fatal(err)
	}
	f.core.limit = 0
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	if f.Report().Shift == 0 {
		t.Error("no shift")
	}
	if in := f.Inertia(); in != (la.Inertia{Negative: n / 2, Positive: n / 2, Certain: true}) {
		t.Errorf("inertia %v", in)
	}
	x, rhs := mat.NewVecDense(n, nil), randomVec(rng, n)
	if err := f.SolveVecTo(x, rhs); err != nil {
		t.Error(err)
	}
	if e := backwardError(a, x, rhs); e > 1e-14 {
		t.Errorf("backward error %g", e)
	}
	log := 0.0
	for _, v := range eigenvalues(t, a) {
		log += math.Log(math.Abs(v))
	}
	if got, sign := f.LogDet(); math.Abs(got-log) > 1e-5 || sign != 1 {
		t.Errorf("log|det| %v, %v; want %v", got, sign, log)
	}
}

func TestSparseBadPlan(t *testing.T) {
	a := bandMatrix(rand.New(rand.NewPCG(1, 3)), 10, 3)
	good, err := partition.Auto(a, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, plan := range map[string]*partition.Plan{
		"order":       {Perm: partition.Identity(9), Chain: partition.Uniform(9, 3)},
		"permutation": {Perm: partition.Perm{0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, Chain: partition.Uniform(10, 5)},
		"blocks":      {Perm: partition.Identity(10), Chain: partition.Uniform(10, 1)},
		"leaves":      {Perm: partition.Identity(10), Leaves: partition.Uniform(4, 1), Host: []int{0, 0, 0, 0}, Chain: partition.Uniform(6, 6)},
		"host":        {Perm: partition.Identity(10), Leaves: partition.Uniform(4, 4), Host: []int{7}, Chain: partition.Uniform(6, 6)},
	} {
		var f Sparse
		if err := f.AnalysePlan(a, plan, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
		if !f.IsEmpty() {
			t.Errorf("%s: not empty", name)
		}
	}
	var f Sparse
	if err := f.AnalysePlan(a, good, nil); err != nil {
		t.Error(err)
	}
}
