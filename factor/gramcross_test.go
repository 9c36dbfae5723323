package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/system"
	"costate/system/chaintest"
)

// Test outputs, parts and preimages of a Gram.
func TestGramCross(t *testing.T) {
	for _, loss := range []nn.Loss{nn.CrossEntropy, nn.SquaredError} {
		rng := rand.New(rand.NewPCG(5, 1))
		net, err := nn.New(3, loss, nn.MLP([]int{3, 6, 5, 3}, nn.Tanh, true)...)
		if err != nil {
			t.Fatal(err)
		}
		net.Init(2, nil)
		draw := func(n int) *nn.Batch {
			b := &nn.Batch{N: n, X: make([]float64, 3*n), Labels: make([]int, n)}
			for i := range b.X {
				b.X[i] = rng.NormFloat64()
			}
			for i := range b.Labels {
				b.Labels[i] = rng.IntN(3)
			}
			return b
		}
		var lin, other nn.Linearization
		train := draw(17)
		test := draw(40)
		copy(test.X, train.X) // the training samples are among the test samples
		if err := errors.Join(net.Linearize(&lin, train), net.Linearize(&other, test)); err != nil {
			t.Fatal(err)
		}
		c, ct := lin.Chain.GaussNewton(), other.Chain.GaussNewton()
		for _, scale := range []float64{0.1, 1e-6} {
			eps := []float64{scale, 2 * scale, 3 * scale}
			a := plus(c, chaintest.Matrix(c, blas.Native()), eps)
			var f factor.Gram
			if err := errors.Join(f.Analyse(c, nil), f.FactorizeStages(eps)); err != nil {
				t.Fatal(err)
			}
			j, jt := outputJacobian(c), outputJacobian(ct)
			var z, jz, cov, want mat.Dense
			var chol mat.Cholesky
			if !chol.Factorize(a) {
				t.Fatal("not definite")
			}
			if err := chol.SolveTo(&z, jt.T()); err != nil {
				t.Fatal(err)
			}
			cov.Mul(jt, &z)
			blocks := make([]float64, 40*9)
			if err := f.TestCovTo(blocks, ct); err != nil {
				t.Fatal(err)
			}
			for n := range 40 {
				near(t, fmt.Sprintf("%s, ε %g: covariance of test sample %d", loss.Name(), scale, n), mat.NewDense(3, 3, blocks[n*9:(n+1)*9]), cov.Slice(3*n, 3*n+3, 3*n, 3*n+3), 2e-7)
			}
			// J'(H+D)⁻¹Jᵀ v for v in the range of R, by CrossTo and PreimageTo.
			var cross mat.Dense
			if err := f.CrossTo(&cross, ct); err != nil {
				t.Fatal(err)
			}
			jz.Mul(j, &z)
			w, v := mat.NewVecDense(f.Rank(), nil), mat.NewVecDense(51, nil)
			for n := range 17 {
				v.SetVec(3*n, 1)
				v.SetVec(3*n+1, -2)
				v.SetVec(3*n+2, 1)
			}
			if outside := f.PreimageTo(w.RawVector().Data, v.RawVector().Data); !(outside <= 1e-13) {
				t.Errorf("%g of a vector in the range of R is outside", outside)
			}
			var got mat.VecDense
			got.MulVec(&cross, w)
			want.Mul(jz.T(), v)
			near(t, loss.Name()+": test × train", &got, &want, 1e-8)
		}
		// The parts add up.
		var f factor.Gram
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		sum := mat.NewSymDense(f.Rank(), nil)
		for k, in := range []int{3, 6, 5} {
			for _, p := range []struct {
				lo, hi int
				bias   bool
			}{{0, 1, false}, {1, in, false}, {0, 0, true}} {
				var g mat.SymDense
				f.PartTo(&g, k, p.lo, p.hi, p.bias)
				sum.AddSym(sum, &g)
			}
		}
		ev := computeEigenvalues(sum)
		evH := computeEigenvalues(chaintest.Matrix(c, blas.Native()))
		for i := range min(len(ev), len(evH)) {
			a, b := ev[len(ev)-1-i], evH[len(evH)-1-i]
			if !(math.Abs(a-b) <= 1e-12*ev[len(ev)-1]) {
				t.Fatalf("%s: eigenvalue %d of the sum of the parts is %v, of H %v", loss.Name(), i, a, b)
			}
		}
	}
}

// Test outputs of chains with rows of any shapes: any chain of the same stages is a
// test chain, also one at other parameters.
func TestGramCrossShapes(t *testing.T) {
	checked := 0
	rapid.Check(t, func(t *rapid.T) {
		stages, in := drawStages(t), rapid.IntRange(1, 5).Draw(t, "in")
		for k := range stages {
			stages[k].Blocks = false
		}
		c := drawChain(t, stages, rapid.IntRange(1, 6).Draw(t, "batch"), in).GaussNewton()
		test := drawChain(t, stages, rapid.IntRange(1, 6).Draw(t, "test batch"), in).GaussNewton()
		forInverses(c, func(name string, method factor.Inverter, eps []float64, z *mat.Dense, _ bool, cond float64) {
			f, ok := method.(*factor.Gram)
			if !ok {
				return
			}
			checked++
			if err := errors.Join(f.Analyse(c, nil), f.FactorizeStages(eps)); err != nil {
				t.Fatal(err)
			}
			checkCross(t, f, c, test, z, 1e-13*cond)
		})
	})
	if checked < 50 {
		t.Errorf("%d checked", checked)
	}
}

// checkCross compares the products with outputs of test with those of z, on a vector in
// the range of R, and the covariances of the samples of test.
func checkCross(t testingT, f *factor.Gram, c, test *system.Chain, z *mat.Dense, tol float64) {
	jt := outputJacobian(test)
	var jtz, want, got mat.Dense
	jtz.Mul(jt, z)
	u, v := make([]float64, c.Loss.Batch*c.Loss.Rows), make([]float64, c.Loss.Batch*c.Loss.Rows)
	for i := range u {
		u[i] = math.Cos(float64(3 * i))
	}
	c.Loss.MulAdd(v, u)
	w := mat.NewVecDense(f.Rank(), nil)
	f.PreimageTo(w.RawVector().Data, v)
	var cross mat.Dense
	if err := f.CrossTo(&cross, test); err != nil {
		t.Fatal(err)
	}
	got.Mul(&cross, w)
	var jv mat.VecDense
	jv.MulVec(outputJacobian(c).T(), mat.NewVecDense(len(v), v))
	want.Mul(&jtz, &jv)
	var d mat.Dense
	d.Sub(&got, &want)
	// Sums over parameters may cancel: their terms are at most unit.
	if e, unit := mat.Norm(&d, 2), mat.Norm(&jtz, 2)*mat.Norm(&jv, 2); !(e <= tol*unit) {
		t.Errorf("test × train: off by %.2g of %.2g", e, unit)
	}

	var cov mat.Dense
	cov.Mul(&jtz, jt.T())
	n, r := test.Loss.Batch, test.Loss.Rows
	blocks := make([]float64, n*r*r)
	if err := f.TestCovTo(blocks, test); err != nil {
		t.Fatal(err)
	}
	all, wanted := mat.NewDense(n*r, r, blocks), mat.NewDense(n*r, r, nil)
	for i := range n * r {
		copy(wanted.RawRowView(i), cov.RawRowView(i)[i/r*r:][:r])
	}
	near(t, "covariances of the samples", all, wanted, tol)
}
