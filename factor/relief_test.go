package factor_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
	"costate/system"
)

// Networks at dampings down to zero: what is consistent is solved to the tolerance by every
// method that factors, at each new damping and point, whatever it says of the matrix.
func TestTinyDampings(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	methods := []factor.Factorization{new(factor.Auto), new(factor.Chain), new(factor.Augmented), new(factor.Dense)}
	for round := range max(2, systems()/150) {
		act := nn.Tanh
		if round%2 == 0 {
			act = nn.ReLU
		}
		net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 6 + rng.IntN(6), 5, 5, 4, 10}, act, true)...)
		if err != nil {
			t.Fatal(err)
		}
		batch := data.Digits().Batch(0, 4+rng.IntN(8))
		var lin nn.Linearization
		for point := range 2 {
			net.Init(uint64(2*round+point), nil)
			if err := net.Linearize(&lin, batch); err != nil {
				t.Fatal(err)
			}
			product, n := system.NewProduct(&lin.Chain, blas.Native()), net.NumParams()
			for _, f := range methods {
				take := f.Update
				if point == 0 {
					take = func(c *system.Chain) error { return f.Analyse(c, nil) }
				}
				if err := take(&lin.Chain); err != nil {
					t.Fatal(err)
				}
				for _, eps := range []float64{1e-6, 1e-10, 1e-13, 1e-15, 1e-17, 1e-20, 0} {
					what := fmt.Sprintf("network %d, point %d, %T, damping %g", round, point, f, eps)
					var singular *factor.SingularError
					if err := f.Factorize(eps); err != nil && (!errors.As(err, &singular) || singular.Blind) {
						t.Errorf("%s: %v", what, err)
						continue
					}
					v, b := make([]float64, n), make([]float64, n)
					for i := range v {
						v[i] = rng.NormFloat64()
					}
					product.HessVec(b, v)
					for i := range v {
						b[i] += eps * v[i]
					}
					var x mat.VecDense
					if err := f.SolveVecTo(&x, mat.NewVecDense(n, b)); err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
			}
		}
	}
}
