package serve

import (
	"gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/mat"
)

// condition estimates ‖A‖₁‖A⁻¹‖₁ for A = H + εI by a few products and solves: it is
// rarely less than a third of it and never more.
//
// Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.
// (2002), algorithm 15.1.
func (f *factorization) condition(k *call) (float64, error) {
	n := f.point.net.NumParams()
	product := f.at.products.get()
	defer f.at.products.put(product)
	y := make([]float64, n)
	norm, err := oneNorm(n, func(x []float64) error {
		product.HessVec(y, x)
		f.addDamping(y, x)
		copy(x, y)
		return k.cancelled()
	})
	if err != nil {
		return 0, err
	}
	inverse, err := oneNorm(n, func(x []float64) error {
		if err := k.cancelled(); err != nil {
			return err
		}
		v := mat.NewVecDense(n, x)
		return f.f.SolveVecTo(v, v)
	})
	return norm * inverse, err
}

// addDamping adds to y the damping times x.
func (f *factorization) addDamping(y, x []float64) {
	at := 0
	for i, s := range f.at.chain.Stages {
		eps := f.eps[0]
		if len(f.eps) > 1 {
			eps = f.eps[i]
		}
		for end := at + s.Params(); at < end; at++ {
			y[at] += eps * x[at]
		}
	}
}

// oneNorm estimates the 1-norm of a symmetric matrix of order n that apply multiplies
// by in place.
func oneNorm(n int, apply func(x []float64) error) (float64, error) {
	v, x, signs, save := make([]float64, n), make([]float64, n), make([]int, n), new([3]int)
	est, kase := 0.0, 0
	for {
		est, kase = gonum.Implementation{}.Dlacn2(n, v, x, signs, est, kase, save)
		if kase == 0 {
			return est, nil
		}
		if err := apply(x); err != nil {
			return 0, err
		}
	}
}
