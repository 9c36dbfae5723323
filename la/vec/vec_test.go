package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// u is the unit roundoff.
const u = 1.0 / (1 << 53)

// guarded returns n random elements with NaN on both sides, and a function
// that tells whether those are untouched.
func guarded(rng *rand.Rand, n int) (x []float64, intact func() bool) {
	const g = 8
	buf := make([]float64, n+2*g)
	for i := range buf {
		buf[i] = math.NaN()
	}
	x = buf[g : g+n : g+n]
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x, func() bool {
		for i, v := range buf {
			if (i < g || i >= g+n) && v == v {
				return false
			}
		}
		return true
	}
}

// both runs f with the assembly of each instruction set that there is, and without.
func both(t *testing.T, f func(t *testing.T, rng *rand.Rand)) {
	for _, isa := range []string{"avx512", "avx2", "neon", "go"} {
		undo, ok := Force(isa)
		if !ok {
			continue
		}
		t.Run(isa, func(t *testing.T) {
			f(t, rand.New(rand.NewPCG(1, 2)))
		})
		undo()
	}
}

func TestCombine(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 70 {
			for k := range 21 {
				ld := n + rng.IntN(5)
				y, ok := guarded(rng, n)
				c, _ := guarded(rng, k)
				w, _ := guarded(rng, max(0, (k-1)*ld+n))
				for j := range k - 1 {
					for i := n; i < ld; i++ {
						w[j*ld+i] = math.NaN()
					}
				}
				old := append([]float64(nil), y...)
				Combine(y, c, w, ld)
				for i, got := range y {
					want, bound := old[i], math.Abs(old[i])
					for j := range c {
						want += c[j] * w[j*ld+i]
						bound += math.Abs(c[j] * w[j*ld+i])
					}
					if !(math.Abs(got-want) <= 2*float64(k+2)*u*bound) {
						t.Fatalf("n=%d k=%d: y[%d] = %v, want %v", n, k, i, got, want)
					}
				}
				if k == 1 {
					z := append([]float64(nil), old...)
					Axpy(z, c[0], w)
					for i := range z {
						if !(math.Abs(z[i]-y[i]) <= 4*u*(math.Abs(old[i])+math.Abs(c[0]*w[i]))) {
							t.Fatalf("axpy n=%d: y[%d] = %v, want %v", n, i, z[i], y[i])
						}
					}
				}
				if !ok() {
					t.Fatalf("n=%d k=%d: wrote outside y", n, k)
				}
			}
		}
	})
}

func TestDots(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 70 {
			for k := range 10 {
				ld := n + rng.IntN(5)
				s, ok := guarded(rng, k)
				x, _ := guarded(rng, n)
				w, _ := guarded(rng, max(0, (k-1)*ld+n))
				for j := range k - 1 {
					for i := n; i < ld; i++ {
						w[j*ld+i] = math.NaN()
					}
				}
				Dots(s, w, ld, x)
				for j, got := range s {
					want, bound := 0.0, 0.0
					for i := range x {
						want += w[j*ld+i] * x[i]
						bound += math.Abs(w[j*ld+i] * x[i])
					}
					if !(math.Abs(got-want) <= 2*float64(n+2)*u*bound) {
						t.Fatalf("n=%d: s[%d] = %v, want %v", n, j, got, want)
					}
					if d := Dot(x, w[j*ld:]); !(math.Abs(d-want) <= 2*float64(n+2)*u*bound) {
						t.Fatalf("n=%d: dot = %v, want %v", n, d, want)
					}
				}
				if !ok() {
					t.Fatalf("n=%d k=%d: wrote outside s", n, k)
				}
			}
		}
	})
}

func TestMaxAbsValue(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 70 {
			for rep := range 8 {
				x, _ := guarded(rng, n)
				for i := range x {
					switch {
					case rep%2 == 1 && rng.IntN(3) == 0:
						x[i] = math.NaN()
					case rep >= 4:
						x[i] = float64(rng.IntN(7) - 3)
					case rep == 2:
						x[i] = math.Copysign(0, -1)
					case rep == 3 && rng.IntN(10) == 0:
						x[i] = math.Inf(-1)
					}
				}
				want := 0.0
				for _, v := range x {
					if v = math.Abs(v); v > want {
						want = v
					}
				}
				if m := MaxAbsValue(x); m != want {
					t.Fatalf("n=%d: MaxAbsValue = %v, want %v, of %v", n, m, want, x)
				}
			}
		}
	})
}

func TestScalePivot2(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 70 {
			x, okx := guarded(rng, n)
			y, oky := guarded(rng, n)
			p, _ := guarded(rng, n)
			q, _ := guarded(rng, n)
			f := [3]float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
			near := func(got, a, b float64) bool {
				return math.Abs(got-(a+b)) <= 4*u*(math.Abs(a)+math.Abs(b))
			}
			Pivot2(x, y, p, q, &f)
			for i := range x {
				if !near(x[i], f[0]*p[i], f[1]*q[i]) || !near(y[i], f[1]*p[i], f[2]*q[i]) {
					t.Fatalf("pivot2 n=%d: element %d is wrong", n, i)
				}
			}
			v, w := append([]float64(nil), p...), append([]float64(nil), q...)
			Pivot2(v, w, v, w, &f)
			for i := range x {
				if v[i] != x[i] || w[i] != y[i] {
					t.Fatalf("pivot2 n=%d: element %d is another in place", n, i)
				}
			}
			Scale(x, f[0], p)
			for i := range x {
				if x[i] != f[0]*p[i] {
					t.Fatalf("scale n=%d: element %d is wrong", n, i)
				}
			}
			for i := range y {
				y[i] = rng.NormFloat64()
			}
			old := append([]float64(nil), y...)
			MulAdd(y, p, q)
			for i := range y {
				if !near(y[i], old[i], p[i]*q[i]) {
					t.Fatalf("mulAdd n=%d: element %d is wrong", n, i)
				}
			}
			if !okx() || !oky() {
				t.Fatalf("n=%d: wrote outside", n)
			}
		}
	})
}

func TestTanh(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		special := []float64{0, math.Copysign(0, -1), 5e-324, -1e-300, 1e-20, 1e-8, 0.17, 0.1733, 0.3466, 0.5, 0.55, 1, 18, 19, 20, 22, 30, -300,
			353.9, 354, 354.1, 400, 1e10, math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()}
		worst, worstExp := 0.0, 0.0
		for n := range 40 {
			u, _ := guarded(rng, n)
			for i := range u {
				u[i] *= math.Exp(10*rng.Float64() - 6)
				if rng.IntN(3) == 0 {
					u[i] = special[rng.IntN(len(special))]
				}
			}
			for range 50 {
				f, okf := guarded(rng, n)
				e, oke := guarded(rng, n)
				Tanh(f, e, u)
				for i, v := range u {
					want, wantExp := math.Tanh(v), math.Exp(-2*math.Abs(v))
					if v != v {
						if f[i] == f[i] || e[i] == e[i] {
							t.Fatalf("tanh NaN = %v, exp %v", f[i], e[i])
						}
						continue
					}
					if want == 0 || math.Abs(v) < 1e-290 {
						if f[i] != v || math.Signbit(f[i]) != math.Signbit(v) {
							t.Fatalf("tanh %v = %v", v, f[i])
						}
					} else {
						worst = math.Max(worst, math.Abs(f[i]-want)/math.Abs(want))
					}
					if wantExp > 1e-306 {
						worstExp = math.Max(worstExp, math.Abs(e[i]-wantExp)/wantExp)
					} else if !(e[i] >= 0 && e[i] <= 1e-306) {
						t.Fatalf("exp −2|%v| = %v", v, e[i])
					}
				}
				if !okf() || !oke() {
					t.Fatalf("n=%d: wrote outside", n)
				}
				g := append([]float64(nil), u...)
				Tanh(g, nil, g)
				for i := range g {
					if math.Float64bits(g[i]) != math.Float64bits(f[i]) && g[i] == g[i] {
						t.Fatalf("n=%d: tanh %v is %v in place, %v otherwise", n, u[i], g[i], f[i])
					}
				}
				for i := range u {
					u[i] *= 1 + 0.3*rng.Float64()
				}
			}
		}
		t.Logf("relative errors to %.2g of tanh, %.2g of exp", worst, worstExp)
		if worst > 8*u || worstExp > 8*u {
			t.Errorf("relative errors to %.2g of tanh, %.2g of exp", worst, worstExp)
		}
	})
}

func BenchmarkTanh(b *testing.B) {
	f, e, u := make([]float64, 1024), make([]float64, 1024), make([]float64, 1024)
	for i := range u {
		u[i] = 4*rand.Float64() - 2
	}
	for _, isa := range []string{assemblyISA, "go"} {
		undo, ok := Force(isa)
		if !ok {
			continue
		}
		b.Run(isa, func(b *testing.B) {
			for b.Loop() {
				Tanh(f, e, u)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/element")
		})
		undo()
	}
}

func TestMul(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 40 {
			for bad := -1; bad < n; bad++ {
				x, ok := guarded(rng, n)
				y, _ := guarded(rng, n)
				z, okz := guarded(rng, n)
				m, want := make([]uint64, n+1), make([]float64, n)
				m[n] = 7
				for round := range 3 {
					for i := range x {
						x[i] = rng.NormFloat64()
					}
					if bad >= 0 && round == 1 {
						x[bad] = []float64{math.NaN(), math.Inf(-1)}[bad%2]
					}
					MulMost(z, x, y, m[:n])
					w := append([]float64(nil), x...)
					Mul(w, w, y)
					for i := range x {
						p := x[i] * y[i]
						if z[i] != p && p == p || w[i] != p && p == p {
							t.Fatalf("n=%d: %v and %v, want %v", n, z[i], w[i], p)
						}
						want[i] = math.Max(want[i], math.Abs(p))
					}
				}
				for i, w := range want {
					if got := math.Float64frombits(m[i]); got != w && w == w || (w != w) != (got != got) {
						t.Fatalf("n=%d: the greatest of word %d is %v, want %v", n, i, got, w)
					}
				}
				if !ok() || !okz() || m[n] != 7 {
					t.Fatalf("n=%d: wrote outside", n)
				}
			}
		}
	})
}
