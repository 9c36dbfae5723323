package train

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/la/vec"
)

const (
	// forecastCheck is the number of products between looks at the small matrix, whose
	// eigenvalues cost less than ten products up to order 60.
	forecastCheck = 10

	// settled is the residual of the lowest eigenpair, over the spread of the small
	// matrix's eigenvalues, at which more products tell nothing that a
	// factorization would not tell better: a step may miss ¼ of the model's decrease.
	settled = 1e-3
)

// forecast finds where the minimizer of the model is to be expected, without a
// factorization: products with H make an orthonormal basis Q of the Krylov space
// of the gradient, by Lanczos' recurrence, and the model is minimized in it by
// the eigenvalues of the tridiagonal T = QᵀHQ, the lowest of which is soon near
// λ_min. It returns λ, a little to the right of the negative of that eigenvalue,
// and the vector that belongs to it; 0 if there is nothing to be told.
//
// Source: N. I. M. Gould, S. Lucidi, M. Roma and P. L. Toint, Solving the
// trust-region subproblem using the Lanczos method, SIAM J. Optim. 9 (1999).
func (w *search) forecast() (lambda float64, u []float64) {
	gn := vec.Norm2(w.Gradient)
	if gn == 0 || gn-gn != 0 {
		return 0, nil
	}
	n := w.n
	var q [][]float64
	var alpha, beta []float64 // of T; beta[k] couples k and k+1
	next := clone(w.Gradient)
	vec.Scale(next, 1/gn, next)
	most := min(w.Products, n)
	for k := 0; k < most; k++ {
		q = append(q, next)
		next = make([]float64, n)
		w.H.Mul(next, q[k])
		a := 0.0
		// Twice against the whole basis, which keeps it orthogonal.
		for range 2 {
			for i := k; i >= 0; i-- {
				d := vec.Dot(q[i], next)
				vec.Axpy(next, -d, q[i])
				if i == k {
					a += d
				}
			}
		}
		alpha = append(alpha, a)
		b := vec.Norm2(next)
		beta = append(beta, b)
		last := k+1 == most || !(b > 1e-12*math.Abs(alpha[0]))
		if last || (k+1)%forecastCheck == 0 {
			theta, y, ok := ritz(alpha, beta)
			if !ok {
				return 0, nil
			}
			residual := b * math.Abs(y.At(k, 0))
			if last || residual <= settled*(theta[k]-theta[0]) {
				return w.expect(gn, theta, y, residual), combination(q, y)
			}
		}
		vec.Scale(next, 1/b, next)
	}
	return 0, nil
}

// ritz returns the eigenvalues and vectors of the tridiagonal matrix.
func ritz(alpha, beta []float64) (theta []float64, y *mat.Dense, ok bool) {
	k := len(alpha)
	t := mat.NewSymDense(k, nil)
	for i, a := range alpha {
		if a-a != 0 || beta[i]-beta[i] != 0 {
			return nil, nil, false
		}
		t.SetSym(i, i, a)
		if i+1 < k {
			t.SetSym(i, i+1, beta[i])
		}
	}
	var eig mat.EigenSym
	if !eig.Factorize(t, true) {
		return nil, nil, false
	}
	y = new(mat.Dense)
	eig.VectorsTo(y)
	return eig.Values(nil), y, true
}

// combination is Q times the first column of y.
func combination(q [][]float64, y *mat.Dense) []float64 {
	u := make([]float64, len(q[0]))
	for i, v := range q {
		vec.Axpy(u, y.At(i, 0), v)
	}
	return u
}

// expect is λ of the model in the Krylov space with the eigenvalues theta, for a
// gradient of norm gn along the first vector of the basis. It keeps off the
// lowest eigenvalue by its residual, a bound of its error.
func (w *search) expect(gn float64, theta []float64, y *mat.Dense, residual float64) float64 {
	spread := theta[len(theta)-1] - theta[0]
	low := math.Max(0, -theta[0])
	if low > 0 {
		// A percent more is far from −λ_min in comparison with its error, and no
		// matter for a step that may miss a quarter of the decrease.
		low += math.Max(residual, 0.01*low)
	}
	length := func(lambda float64) float64 {
		s := 0.0
		for j, t := range theta {
			c := gn * y.At(0, j) / (t + lambda)
			s += c * c
		}
		return math.Sqrt(s)
	}
	// A floor where H is not known to be definite: networks' are singular.
	low = math.Max(low, math.Max(1e-9*math.Max(spread, math.Abs(theta[0])), 1e-300))
	if length(low) <= w.radius(low) {
		return low
	}
	high := 2 * low
	for length(high) > w.radius(high) && !math.IsInf(high, 1) {
		low, high = high, 2*high
	}
	for range 60 { // bits of a float64, and some
		mid := math.Sqrt(low) * math.Sqrt(high)
		if length(mid) > w.radius(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
