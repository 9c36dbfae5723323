package sweep

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	lapack "gonum.org/v1/gonum/lapack/gonum"

	"costate/la/vec"
)

// lqTwin is lq by LAPACK's routines in gonum.
func lqTwin(m, n int, a, u, qt []float64) {
	var im lapack.Implementation
	r := min(m, n)
	tau, work := make([]float64, r), make([]float64, 64*(m+n))
	im.Dgelqf(m, n, a, n, tau, work, len(work))
	for i := range m {
		for j := range r {
			u[i*r+j] = 0
			if j <= i {
				u[i*r+j] = a[i*n+j]
			}
		}
	}
	copy(qt, a[:r*n])
	im.Dorglq(r, n, r, qt, n, tau, work, len(work))
}

// The factors reproduce each row of the matrix to its rounding, the rows of Qᵀ are
// orthonormal, and both are those of LAPACK where the matrix decides them: for matrices of
// any shape, size of numbers and rank.
func TestLQ(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 17))
	const unit = 0x1p-53
	for i := range 600 {
		m, n := 1+rng.IntN(12), 1+rng.IntN(40)
		if i%20 == 0 {
			m = 1 + rng.IntN(70)
		}
		kind := []string{"full", "repeated", "zero", "large", "small", "rows of different sizes"}[rng.IntN(6)]
		name := fmt.Sprintf("%s %d×%d", kind, m, n)
		r := min(m, n)
		a := make([]float64, m*n)
		for k := range a {
			a[k] = rng.NormFloat64()
			switch kind {
			case "repeated":
				a[k] = a[k%(n*(1+m/2))]
			case "large":
				a[k] = math.Ldexp(a[k], 1015)
			case "small":
				a[k] = math.Ldexp(a[k], -1020)
			case "rows of different sizes":
				a[k] = math.Ldexp(a[k], 100*(k/n%7)-300)
			}
		}
		if kind == "zero" {
			at := rng.IntN(m)
			clear(a[at*n : (at+1)*n])
			if i%2 == 0 {
				clear(a)
			}
		}
		old := append([]float64(nil), a...)
		u, qt, tau, w := make([]float64, m*r), make([]float64, r*n), make([]float64, r), make([]float64, m)
		for k := range u {
			u[k] = math.NaN()
		}
		lq(m, n, a, u, qt, tau, w)
		tol := float64(30*(r+4)) * unit
		for i := range r {
			for j := range i + 1 {
				want := 0.0
				if i == j {
					want = 1
				}
				if got := vec.Dot(qt[i*n:(i+1)*n], qt[j*n:]); !(math.Abs(got-want) <= tol) {
					t.Fatalf("%s: rows %d and %d of Qᵀ have the product %v", name, i, j, got)
				}
			}
		}
		twin, twinU, twinQ := append([]float64(nil), old...), make([]float64, m*r), make([]float64, r*n)
		lqTwin(m, n, twin, twinU, twinQ)
		for i := range m {
			size := vec.Norm2(old[i*n : (i+1)*n])
			for j := range n {
				sum := 0.0
				for k := range r {
					sum += u[i*r+k] * qt[k*n+j]
				}
				if d := sum - old[i*n+j]; !(math.Abs(d) <= tol*size+1e-320) {
					t.Fatalf("%s: element (%d,%d) of U Qᵀ is %v, want %v", name, i, j, sum, old[i*n+j])
				}
			}
			for k := range r {
				if k > i && u[i*r+k] != 0 {
					t.Fatalf("%s: element (%d,%d) of U is %v", name, i, k, u[i*r+k])
				}
				// The condition of random rows is moderate.
				if d := u[i*r+k] - twinU[i*r+k]; kind == "full" && m <= 12 && n > 2*m && !(math.Abs(d) <= 100*tol*size) {
					t.Fatalf("%s: element (%d,%d) of U is %v, LAPACK's %v", name, i, k, u[i*r+k], twinU[i*r+k])
				}
			}
		}
		for k := range qt {
			if d := qt[k] - twinQ[k]; kind == "full" && m <= 12 && n > 2*m && !(math.Abs(d) <= 100*tol) {
				t.Fatalf("%s: element %d of Qᵀ is %v, LAPACK's %v", name, k, qt[k], twinQ[k])
			}
		}
	}
}

func BenchmarkLQ(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 18))
	for _, c := range [][2]int{{2, 10}, {4, 10}, {8, 20}, {16, 24}, {16, 32}, {64, 24}, {64, 769}, {256, 513}} {
		m, n := c[0], c[1]
		r := min(m, n)
		from, a := make([]float64, m*n), make([]float64, m*n)
		for i := range from {
			from[i] = rng.NormFloat64()
		}
		u, qt, tau, w := make([]float64, m*r), make([]float64, r*n), make([]float64, r), make([]float64, m)
		for _, by := range []string{"own", "lapack"} {
			b.Run(fmt.Sprintf("rows=%d/cols=%d/by=%s", m, n, by), func(b *testing.B) {
				for b.Loop() {
					copy(a, from)
					if by == "own" {
						lq(m, n, a, u, qt, tau, w)
					} else {
						lqTwin(m, n, a, u, qt)
					}
				}
			})
		}
	}
}
