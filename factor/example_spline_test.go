package factor_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// The natural cubic spline through noise: g minimizes
//
//	Σ (y_i − g(x_i))² + λ ∫ g″²
//
// Its second derivatives γ at the knots solve a system with five diagonals, two
// by two a block tridiagonal one; λ is chosen by generalized cross-validation,
// which needs the trace of the smoother, and so of A⁻¹QᵀQ:
//
//	A γ = Qᵀy,   A = R + λQᵀQ,   g = y − λQγ,   tr S = n − λ tr(A⁻¹QᵀQ)
//
// Source: P. J. Green and B. W. Silverman, Nonparametric Regression and
// Generalized Linear Models (1994), sections 2.3 and 3.2.
func Example_smoothingSpline() {
	x, y, truth := noisyWave(500)
	s := newSpline(x, y)
	g := make([]float64, len(x))
	best := math.Inf(1)
	var lambda, dof float64
	for l := 1e-9; l < 1; l *= 10 {
		score, d, err := s.fit(g, l)
		if err != nil {
			fmt.Println(err)
			return
		}
		if score < best {
			best, lambda, dof = score, l, d
		}
	}
	if _, _, err := s.fit(g, lambda); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("λ = %.0e, %.1f degrees of freedom\n", lambda, dof)
	fmt.Printf("noise %.3f, error of the spline %.3f\n", distance(y, truth), distance(g, truth))
	// Output:
	// λ = 1e-05, 30.6 degrees of freedom
	// noise 0.295, error of the spline 0.058
}

// A spline holds what does not depend on λ.
type spline struct {
	x, y   []float64
	r, qq  *la.BlockTridiag // R and QᵀQ
	a      *la.BlockTridiag
	qy, qg []float64
	f      factor.Block
}

func newSpline(x, y []float64) *spline {
	n := len(x) - 2
	sizes := []int{}
	for i := 0; i < n; i += 2 {
		sizes = append(sizes, min(2, n-i))
	}
	s := &spline{x: x, y: y, r: la.NewBlockTridiag(sizes), qq: la.NewBlockTridiag(sizes), a: la.NewBlockTridiag(sizes)}
	s.qy, s.qg = make([]float64, n), make([]float64, n+2)
	for j := range n {
		h0, h1 := x[j+1]-x[j], x[j+2]-x[j+1]
		add(s.r, j, j, (h0+h1)/3)
		if j+1 < n {
			add(s.r, j+1, j, h1/6)
		}
		for k := j; k < min(j+3, n); k++ {
			p, q := s.column(j), s.column(k)
			v := 0.0
			for i := range 3 {
				if t := i - (k - j); t >= 0 {
					v += p[i] * q[t]
				}
			}
			add(s.qq, k, j, v)
		}
		q := s.column(j)
		s.qy[j] = q[0]*y[j] + q[1]*y[j+1] + q[2]*y[j+2]
	}
	return s
}

// column returns the elements of column j of Q, in the rows j, j+1 and j+2:
// they take second differences.
func (s *spline) column(j int) [3]float64 {
	h0, h1 := s.x[j+1]-s.x[j], s.x[j+2]-s.x[j+1]
	return [3]float64{1 / h0, -1/h0 - 1/h1, 1 / h1}
}

// fit writes the spline's values at the knots to g and returns the score of
// cross-validation and the degrees of freedom.
func (s *spline) fit(g []float64, lambda float64) (score, dof float64, err error) {
	for i, v := range s.qq.Raw() {
		s.a.Raw()[i] = s.r.Raw()[i] + lambda*v
	}
	if err := s.f.Factorize(s.a); err != nil {
		return 0, 0, err
	}
	var gamma mat.VecDense
	if err := s.f.SolveVecTo(&gamma, mat.NewVecDense(len(s.qy), s.qy)); err != nil {
		return 0, 0, err
	}
	trace, err := s.f.InverseTrace(s.qq)
	if err != nil {
		return 0, 0, err
	}
	copy(g, s.y)
	for j, v := range gamma.RawVector().Data {
		for i, q := range s.column(j) {
			g[j+i] -= lambda * q * v
		}
	}
	n := float64(len(g))
	dof = n - lambda*trace
	e := distance(g, s.y) / (1 - dof/n)
	return e * e, dof, nil
}

// add adds to an element of the lower triangle.
func add(a *la.BlockTridiag, i, j int, v float64) { a.Raw()[a.Index(i, j)] += v }

// noisyWave returns n irregular knots in [0, 1], a noisy wave there and the wave.
func noisyWave(n int) (x, y, truth []float64) {
	rng := rand.New(rand.NewPCG(1994, 1))
	at := 0.0
	for range n {
		at += 0.2 + rng.Float64()
		x = append(x, at)
	}
	for i := range x {
		x[i] /= at
		truth = append(truth, math.Sin(2*math.Pi*x[i]*x[i]*3))
		y = append(y, truth[i]+0.3*rng.NormFloat64())
	}
	return x, y, truth
}

// distance is the root of the mean square difference.
func distance(x, y []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += (v - y[i]) * (v - y[i])
	}
	return math.Sqrt(s / float64(len(x)))
}
