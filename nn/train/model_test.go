package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
)

// denseShifted is the Shifted of a dense matrix, by Bunch and Kaufman.
type denseShifted struct {
	n     int
	h     []float64
	a, e  []float64
	perm  []int
	zero  int
	count int // factorizations
}

func (d *denseShifted) Order() int { return d.n }

func (d *denseShifted) Factorize(lambda float64) (la.Inertia, error) {
	be, n := blas.NativeThreads(1), d.n
	d.count++
	d.a = append(d.a[:0], d.h...)
	for i := range n {
		d.a[i*n+i] += lambda
	}
	d.e, d.perm = make([]float64, n), make([]int, n)
	d.zero = be.Sytrf(n, d.a, n, d.e, d.perm, make([]float64, be.SytrfWork(n)))
	in := la.Inertia{Certain: true}
	big := 0.0
	for i := range n {
		big = math.Max(big, math.Abs(d.a[i*n+i]))
	}
	for i := 0; i < n; i++ {
		if d.e[i] != 0 { // a 2×2 block of Bunch and Kaufman is indefinite
			in.Negative++
			in.Positive++
			i++
			continue
		}
		switch p := d.a[i*n+i]; {
		case math.Abs(p) <= 1e-15*big*float64(n):
			in.Zero++
			in.Certain = false
		case p < 0:
			in.Negative++
		default:
			in.Positive++
		}
	}
	return in, nil
}

func (d *denseShifted) Solve(dst, b []float64) error {
	copy(dst, b)
	blas.NativeThreads(1).Sytrs(d.n, 1, d.a, d.n, d.e, d.perm, dst, 1, make([]float64, d.n))
	return nil
}

func (d *denseShifted) Mul(dst, v []float64) {
	out := make([]float64, d.n)
	blas.NativeThreads(1).Gemv(blas.NoTrans, d.n, d.n, 1, d.h, d.n, v, 0, out)
	copy(dst, out)
}

// spectral is a matrix with the given eigenvalues and random eigenvectors, the
// columns of q.
func spectral(r *rand.Rand, values []float64) (h []float64, q *mat.Dense) {
	n := len(values)
	a := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			a.Set(i, j, r.NormFloat64())
		}
	}
	var qr mat.QR
	qr.Factorize(a)
	q = new(mat.Dense)
	qr.QTo(q)
	var t, full mat.Dense
	t.Mul(q, mat.NewDiagDense(n, values))
	full.Mul(&t, q.T())
	h = make([]float64, n*n)
	for i := range n {
		for j := range n {
			h[i*n+j] = 0.5 * (full.At(i, j) + full.At(j, i))
		}
	}
	return h, q
}

// eigenMinimum is the minimum of a model by the eigenvalues and eigenvectors of
// H: bisection on the secular equation, and in the hard case a step along the
// lowest eigenvector. With sigma > 0 the radius is λ/σ.
func eigenMinimum(h, g []float64, n int, radius, sigma float64) (decrease, lambda, lowest float64) {
	var eig mat.EigenSym
	if !eig.Factorize(mat.NewSymDense(n, h), true) {
		panic("no eigenvalues")
	}
	d := eig.Values(nil)
	var v mat.Dense
	eig.VectorsTo(&v)
	c := make([]float64, n)
	for j := range n {
		for i := range n {
			c[j] += v.At(i, j) * g[i]
		}
	}
	r := func(l float64) float64 {
		if sigma > 0 {
			return l / sigma
		}
		return radius
	}
	length := func(l float64) float64 {
		s := 0.0
		for j := range n {
			if math.Abs(c[j]) > 1e-13*(1+vec.Norm2(g)) {
				s += (c[j] / (d[j] + l)) * (c[j] / (d[j] + l))
			}
		}
		return math.Sqrt(s)
	}
	lo := math.Max(0, -d[0])
	hi := lo + 1
	for length(hi) > r(hi) {
		hi *= 2
	}
	low := lo
	for range 400 {
		mid := 0.5 * (low + hi)
		if length(mid) > r(mid) {
			low = mid
		} else {
			hi = mid
		}
	}
	l := hi
	s := make([]float64, n)
	for j := range n {
		if math.Abs(c[j]) > 1e-13*(1+vec.Norm2(g)) {
			s[j] = -c[j] / (d[j] + l)
		}
	}
	if gap := r(l)*r(l) - vec.Dot(s, s); gap > 0 && l > 1e-12 {
		s[0] += math.Copysign(math.Sqrt(s[0]*s[0]+gap), s[0]) - s[0]
	}
	for j := range n {
		decrease -= c[j]*s[j] + 0.5*d[j]*s[j]*s[j]
	}
	ns := vec.Norm2(s)
	return decrease - sigma*ns*ns*ns/3, l, d[0]
}

// subproblems are matrices and gradients of all kinds.
func subproblems(yield func(name string, n int, h, g []float64)) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, n := range []int{1, 2, 3, 10, 40} {
		for _, kind := range []string{"random", "definite", "semidefinite", "hard", "nearly hard", "hard double", "zero gradient", "zero gradient definite", "scaled"} {
			d := make([]float64, n)
			for i := range d {
				d[i] = r.NormFloat64()
			}
			switch kind {
			case "definite", "zero gradient definite":
				for i := range d {
					d[i] = 0.1 + math.Abs(d[i])
				}
			case "semidefinite":
				for i := range d {
					d[i] = math.Abs(d[i])
				}
				d[0] = 0
			case "hard", "nearly hard", "zero gradient":
				d[0] = -4
			case "hard double":
				d[0] = -4
				d[n-1] = -4
			case "scaled":
				for i := range d {
					d[i] *= math.Pow(10, 8*r.Float64()-4)
				}
			}
			h, q := spectral(r, d)
			c := make([]float64, n) // g in the eigenbasis
			for i := range c {
				c[i] = r.NormFloat64()
			}
			switch kind {
			case "hard":
				c[0] = 0
			case "nearly hard":
				c[0] = 1e-9
			case "hard double":
				c[0], c[n-1] = 0, 0
			case "zero gradient", "zero gradient definite":
				clear(c)
			}
			g := make([]float64, n)
			for i := range n {
				for j := range n {
					g[i] += q.At(i, j) * c[j]
				}
			}
			yield(fmt.Sprintf("%s n=%d", kind, n), n, h, g)
		}
	}
}

func maxAbs(h []float64) float64 {
	big := 0.0
	for _, v := range h {
		big = math.Max(big, math.Abs(v))
	}
	return big
}

// forecasts stands among the guesses for one by products with H.
const forecasts = -1

func TestTrustRegionOptimality(t *testing.T) {
	hards := 0
	subproblems(func(name string, n int, h, g []float64) {
		for _, radius := range []float64{1e-3, 0.5, 20, 1e4} {
			for _, guess := range []float64{0, 1e-6, 3, 1e8, forecasts} {
				sh := &denseShifted{n: n, h: h}
				m := &Model{H: sh, Gradient: g, Radius: radius, Guess: guess}
				if guess == forecasts {
					m.Guess, m.Products = 0, 8
				}
				s := make([]float64, n)
				found, err := m.Minimize(s)
				what := fmt.Sprintf("%s Δ=%g guess=%g: λ=%g ‖s‖=%g hard=%v after %d", name, radius, guess, found.Lambda, vec.Norm2(s), found.Hard, found.Factorizations)
				if err != nil {
					t.Errorf("%s: %v", what, err)
					continue
				}
				want, wantLambda, lowest := eigenMinimum(h, g, n, radius, 0)
				hn := maxAbs(h) * float64(n)
				if found.Decrease < 0 || found.Decrease < want*(1-1e-8)-1e-13*hn*radius*radius || found.Decrease > want*(1+1e-6)+1e-12*hn*radius*radius {
					t.Errorf("%s: decrease %g, want %g", what, found.Decrease, want)
				}
				if found.Lambda < 0 || found.Lambda < -lowest-1e-10*hn {
					t.Errorf("%s: λ is left of −λ_min = %g (λ* = %g)", what, -lowest, wantLambda)
				}
				if vec.Norm2(s) > radius*(1+2e-9) {
					t.Errorf("%s: outside the radius", what)
				}
				if slack := found.Lambda * (radius - vec.Norm2(s)) * radius; slack > 1e-8*(found.Decrease+1e-12*hn*radius*radius) {
					t.Errorf("%s: λ(Δ−‖s‖)Δ = %g beside a decrease of %g", what, slack, found.Decrease)
				}
				res := make([]float64, n)
				sh.Mul(res, s)
				vec.Axpy(res, found.Lambda, s)
				vec.Axpy(res, 1, g)
				bound := 1e-12 * (hn*vec.Norm2(s) + found.Lambda*vec.Norm2(s) + vec.Norm2(g))
				if found.Hard {
					// τ²uᵀEu is at most 1e-9 of the decrease, so ‖τEu‖ at
					// most its root times that of the norm.
					hards++
					bound = 1e-4 * (hn*vec.Norm2(s) + vec.Norm2(g))
				}
				if vec.Norm2(res) > bound {
					t.Errorf("%s: residual %g above %g", what, vec.Norm2(res), bound)
				}
			}
		}
	})
	if hards < 20 {
		t.Errorf("only %d hard cases were met", hards)
	}
}

func TestCubicOptimality(t *testing.T) {
	hards := 0
	subproblems(func(name string, n int, h, g []float64) {
		for _, sigma := range []float64{1e-3, 0.1, 1, 100} {
			for _, guess := range []float64{0, 3, 1e6, forecasts} {
				sh := &denseShifted{n: n, h: h}
				m := &Model{H: sh, Gradient: g, Sigma: sigma, Guess: guess}
				if guess == forecasts {
					m.Guess, m.Products = 0, 8
				}
				s := make([]float64, n)
				found, err := m.Minimize(s)
				what := fmt.Sprintf("%s σ=%g guess=%g: λ=%g ‖s‖=%g hard=%v after %d", name, sigma, guess, found.Lambda, vec.Norm2(s), found.Hard, found.Factorizations)
				if err != nil {
					t.Errorf("%s: %v", what, err)
					continue
				}
				want, _, lowest := eigenMinimum(h, g, n, 0, sigma)
				hn := maxAbs(h) * float64(n)
				if math.Abs(found.Decrease-want) > 1e-7*want+1e-13*hn*vec.Norm2(s)*vec.Norm2(s) {
					t.Errorf("%s: decrease %g, want %g", what, found.Decrease, want)
				}
				if found.Lambda < 0 || found.Lambda < -lowest-1e-10*hn {
					t.Errorf("%s: λ is left of −λ_min = %g", what, -lowest)
				}
				if d := math.Abs(found.Lambda - sigma*vec.Norm2(s)); d > 1e-8*found.Lambda+1e-12 {
					t.Errorf("%s: λ − σ‖s‖ = %g", what, d)
				}
				res := make([]float64, n)
				sh.Mul(res, s)
				vec.Axpy(res, found.Lambda, s)
				vec.Axpy(res, 1, g)
				bound := 1e-8 * (hn*vec.Norm2(s) + vec.Norm2(g))
				if found.Hard {
					hards++
					bound = 1e-4 * (hn*vec.Norm2(s) + vec.Norm2(g))
				}
				if vec.Norm2(res) > bound+1e-300 {
					t.Errorf("%s: residual %g above %g", what, vec.Norm2(res), bound)
				}
			}
		}
	})
	if hards < 20 {
		t.Errorf("only %d hard cases were met", hards)
	}
}

// TestLooseModel checks that a tolerance of a tenth gives nine tenths of the
// decrease, with few factorizations.
func TestLooseModel(t *testing.T) {
	total, problems := 0, 0
	subproblems(func(name string, n int, h, g []float64) {
		for _, radius := range []float64{0.1, 1, 10} {
			s := make([]float64, n)
			m := &Model{H: &denseShifted{n: n, h: h}, Gradient: g, Radius: radius, Tolerance: 0.1}
			found, err := m.Minimize(s)
			want, lambda, _ := eigenMinimum(h, g, n, radius, 0)
			if err != nil || found.Decrease < 0.8*want-1e-12 || vec.Norm2(s) > 1.1*radius*(1+1e-12) {
				t.Errorf("%s Δ=%g: %v, decrease %g of %g, ‖s‖ = %g", name, radius, err, found.Decrease, want, vec.Norm2(s))
			}
			m.Guess = lambda
			if found, err = m.Minimize(s); err == nil && lambda > 0 {
				total += found.Factorizations
				problems++
			}
		}
	})
	if mean := float64(total) / float64(problems); mean > 3 {
		t.Errorf("%.1f factorizations on average from a good guess", mean)
	} else {
		t.Logf("%.1f factorizations on average from a good guess", mean)
	}
}

// TestForecast: after a Krylov space of H and g the first factorization is all but
// always enough, on the Hessians of a network on its way down.
func TestForecast(t *testing.T) {
	net := digitsNet(t, 4, 8, nn.Tanh, 2)
	batch := digits(24)
	for _, o := range []Optimizer{&TrustRegion{}, &CubicNewton{}} {
		n := net.Clone()
		factorizations := 0
		const steps = 25
		for k := range steps {
			info, err := o.Step(&Task{Net: n, Batch: batch, Version: 1})
			if err != nil {
				t.Fatalf("%s, step %d: %v", o.Name(), k, err)
			}
			factorizations += info.Factorizations
		}
		t.Logf("%s: %d factorizations in %d steps", o.Name(), factorizations, steps)
		if factorizations > steps*3/2 {
			t.Errorf("%s: %d factorizations in %d steps", o.Name(), factorizations, steps)
		}
	}
}
