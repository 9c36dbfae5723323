package vec

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// cancelling returns n numbers of very different sizes, each with its negative
// somewhere if cancel is set.
func cancelling(rng *rand.Rand, x []float64, cancel bool) {
	for i := range x {
		x[i] = math.Ldexp(rng.NormFloat64(), rng.IntN(60)-30)
	}
	if cancel {
		for i := 0; i+1 < len(x); i += 2 {
			x[i+1] = -x[i]
		}
	}
}

// pair returns a guarded vector with low parts, or without.
func guardedPair(rng *rand.Rand, n int, low, cancel bool) (x Pair, intact func() bool) {
	h, okh := guarded(rng, n)
	cancelling(rng, h, cancel)
	if !low {
		return Pair{Hi: h}, okh
	}
	l, okl := guarded(rng, n)
	for i := range l {
		l[i] *= h[i] * u
	}
	return Pair{h, l}, func() bool { return okh() && okl() }
}

func exact(x Pair, i int) *big.Float {
	s := new(big.Float).SetPrec(2000).SetFloat64(x.Hi[i])
	if x.Lo != nil {
		s.Add(s, new(big.Float).SetFloat64(x.Lo[i]))
	}
	return s
}

func TestCombinePair(t *testing.T) {
	for _, low := range []string{"none", "coefficients", "rows"} {
		t.Run(low, func(t *testing.T) {
			both(t, func(t *testing.T, rng *rand.Rand) {
				for n := range 23 {
					for k := range 7 {
						ld, inc := n+rng.IntN(5), 1+rng.IntN(3)
						y, ok := guardedPair(rng, n, true, false)
						c, _ := guardedPair(rng, max(0, (k-1)*inc+1), low == "coefficients", inc == 1)
						w, _ := guardedPair(rng, max(0, (k-1)*ld+n), low == "rows", false)
						old, twin := clone(y), clone(y)
						CombinePair(y, c, inc, w, ld, k)
						combinePair_g(twin, c, inc, w, ld, k)
						if !ok() {
							t.Fatalf("n=%d k=%d: wrote outside y", n, k)
						}
						for i := range n {
							if y.Hi[i] != twin.Hi[i] || y.Lo[i] != twin.Lo[i] {
								t.Fatalf("n=%d k=%d: element %d is not that of the twin", n, k, i)
							}
							want, bound := exact(old, i), math.Abs(old.Hi[i])
							for j := range k {
								p := new(big.Float).SetPrec(2000).Mul(exact(c, j*inc), exact(w, j*ld+i))
								want.Add(want, p)
								bound += math.Abs(c.Hi[j*inc] * w.Hi[j*ld+i])
							}
							if e := distance(exact(y, i), want); e > float64((k+2)*(k+2))*u*u*bound {
								t.Fatalf("n=%d k=%d: element %d is %g off, of %g", n, k, i, e, bound)
							}
						}
					}
				}
			})
		})
	}
}

// A product of matrices is one combination for each row, to the last bit.
func TestMulPair(t *testing.T) {
	for _, low := range []string{"none", "coefficients", "rows"} {
		t.Run(low, func(t *testing.T) {
			both(t, func(t *testing.T, rng *rand.Rand) {
				for range 400 {
					m, n, k := rng.IntN(6), rng.IntN(20), rng.IntN(6)
					ld, inc, row := n+rng.IntN(5), 1+rng.IntN(3), rng.IntN(9)
					y, ok := guardedPair(rng, m*n, true, false)
					c, _ := guardedPair(rng, max(0, (m-1)*row+(k-1)*inc+1), low == "coefficients", false)
					w, _ := guardedPair(rng, max(0, (k-1)*ld+n), low == "rows", false)
					want := clone(y)
					if k > 0 && n > 0 {
						for i := range m {
							CombinePair(want.Slice(i*n, (i+1)*n), c.Slice(i*row, i*row+(k-1)*inc+1), inc, w, ld, k)
						}
					}
					MulPair(y, m, c, row, inc, w, ld, k)
					if !ok() {
						t.Fatalf("m=%d n=%d k=%d: wrote outside y", m, n, k)
					}
					for i := range y.Hi {
						if y.Hi[i] != want.Hi[i] || y.Lo[i] != want.Lo[i] {
							t.Fatalf("m=%d n=%d k=%d: element %d differs", m, n, k, i)
						}
					}
				}
			})
		})
	}
}

func TestMulAddPair(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 30 {
			y, ok := guardedPair(rng, n, true, false)
			d, _ := guarded(rng, n)
			x, _ := guardedPair(rng, n, true, false)
			old, twin := clone(y), clone(y)
			MulAddPair(y, d, x)
			mulAddPair_g(twin, d, x)
			if !ok() {
				t.Fatalf("n=%d: wrote outside y", n)
			}
			for i := range n {
				if y.Hi[i] != twin.Hi[i] || y.Lo[i] != twin.Lo[i] {
					t.Fatalf("n=%d: element %d is not that of the twin", n, i)
				}
				p := new(big.Float).SetPrec(2000).SetFloat64(d[i])
				want := exact(old, i)
				want.Add(want, p.Mul(p, exact(x, i)))
				bound := math.Abs(old.Hi[i]) + math.Abs(d[i]*x.Hi[i])
				if e := distance(exact(y, i), want); e > 9*u*u*bound {
					t.Fatalf("n=%d: element %d is %g off, of %g", n, i, e, bound)
				}
			}
		}
	})
}

func TestSubtractPair(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 30 {
			r, ok := guarded(rng, n)
			b, _ := guarded(rng, n)
			x, _ := guarded(rng, n)
			h, _ := guardedPair(rng, n, true, false)
			f, e := math.Ldexp(1, rng.IntN(20)-10), rng.NormFloat64()
			for i := range b {
				b[i] = f*h.Hi[i] + e*x[i] // so that all digits cancel
				if i%3 == 0 {
					b[i] += rng.NormFloat64()
				}
			}
			twin := make([]float64, n)
			subtractPair_g(twin, b, f, h, e, x)
			SubtractPair(r, b, f, h, e, x)
			if !ok() {
				t.Fatalf("n=%d: wrote outside r", n)
			}
			for i := range r {
				if r[i] != twin[i] {
					t.Fatalf("n=%d: element %d is %v, that of the twin %v", n, i, r[i], twin[i])
				}
				want := new(big.Float).SetPrec(2000).SetFloat64(b[i])
				p := new(big.Float).SetPrec(2000).Mul(exact(h, i), big.NewFloat(f))
				want.Sub(want, p)
				p = new(big.Float).SetPrec(2000).Mul(big.NewFloat(e), big.NewFloat(x[i]))
				want.Sub(want, p)
				w, _ := want.Float64()
				size := math.Abs(b[i]) + math.Abs(f*h.Hi[i]) + math.Abs(e*x[i])
				if d := math.Abs(r[i] - w); d > u*math.Abs(w)+8*u*u*size {
					t.Fatalf("n=%d: element %d is %g off, of %g", n, i, d, w)
				}
			}
			for _, dst := range [][]float64{b, x} { // in place
				b2, x2 := append([]float64(nil), b...), append([]float64(nil), x...)
				SubtractPair(dst, b, f, h, e, x)
				for i := range dst {
					if dst[i] != twin[i] {
						t.Fatalf("n=%d: element %d in place is %v, not %v", n, i, dst[i], twin[i])
					}
				}
				copy(b, b2)
				copy(x, x2)
			}
		}
	})
}

func TestDotPair(t *testing.T) {
	for _, low := range []bool{false, true} {
		both(t, func(t *testing.T, rng *rand.Rand) {
			for n := range 70 {
				w, _ := guardedPair(rng, n, false, false)
				x, _ := guardedPair(rng, n, low, true)
				for i := 0; i+1 < n; i += 2 {
					w.Hi[i+1] = w.Hi[i] * (1 + u*float64(rng.IntN(4)))
				}
				var got, twin Pair
				h, l := DotPair(w.Hi, x)
				got = Pair{[]float64{h}, []float64{l}}
				if n > 0 {
					var s [2]float64
					dotPair_g(&s, w.Hi, x)
					twin = Pair{s[:1], s[1:]}
					if h != s[0] || l != s[1] {
						t.Fatalf("n=%d: %v + %v is not that of the twin, %v + %v", n, h, l, twin.Hi[0], twin.Lo[0])
					}
				}
				want, bound := new(big.Float).SetPrec(2000), 0.0
				for i := range n {
					want.Add(want, new(big.Float).SetPrec(2000).Mul(exact(w, i), exact(x, i)))
					bound += math.Abs(w.Hi[i] * x.Hi[i])
				}
				if e := distance(exact(got, 0), want); e > float64((n+2)*(n+2))*u*u*bound {
					t.Fatalf("n=%d: %g off, of %g", n, e, bound)
				}
			}
		})
	}
}

func clone(x Pair) Pair {
	y := MakePair(len(x.Hi))
	copy(y.Hi, x.Hi)
	copy(y.Lo, x.Lo)
	return y
}

func distance(a, b *big.Float) float64 {
	d, _ := new(big.Float).Sub(a, b).Float64()
	return math.Abs(d)
}

func BenchmarkCombinePair(b *testing.B) {
	for _, n := range []int{4, 10, 24, 768} {
		for _, k := range []int{2, 10, 64} {
			b.Run(fmt.Sprintf("n=%d/k=%d", n, k), func(b *testing.B) {
				y, w, c := MakePair(n), MakePair(n*k), MakePair(k)
				for b.Loop() {
					CombinePair(y, c, 1, Pair{Hi: w.Hi}, n, k)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n*k), "ns/term")
			})
		}
	}
}

func BenchmarkDotPair(b *testing.B) {
	for _, n := range []int{4, 10, 24, 768} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			w, x := MakePair(n), MakePair(n)
			for b.Loop() {
				DotPair(w.Hi, x)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/term")
		})
	}
}
