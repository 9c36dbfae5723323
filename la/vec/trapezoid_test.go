package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTrapezoid(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for rows := range 6 {
			for _, cols := range []int{rows, rows + 1, rows + 2, rows + 5} {
				for k := range 6 {
					ld, ldk := 4*cols+rng.IntN(4), 4*cols+rng.IntN(3)
					u, ok := guarded(rng, max(0, (4*rows-1)*ld+4*cols))
					c, _ := guarded(rng, max(0, (k-1)*ldk+4*rows))
					w, _ := guarded(rng, max(0, (k-1)*ldk+4*cols))
					old := append([]float64(nil), u...)
					Trapezoid(u, ld, rows, cols, k, c, ldk, w)
					for p, got := range u {
						i, j := p/ld, p%ld
						if j < i&^3 || j >= 4*cols {
							if got != old[p] {
								t.Fatalf("%d×%d: (%d,%d) was written", 4*rows, 4*cols, i, j)
							}
							continue
						}
						want, bound := old[p], math.Abs(old[p])
						for s := range k {
							v := c[s*ldk+i] * w[s*ldk+j]
							want -= v
							bound += math.Abs(v)
						}
						if !(math.Abs(got-want) <= 2*float64(k+2)*u0*bound) {
							t.Fatalf("%d×%d, k=%d: (%d,%d) = %v, want %v", 4*rows, 4*cols, k, i, j, got, want)
						}
					}
					if !ok() {
						t.Fatalf("%d×%d: wrote outside", 4*rows, 4*cols)
					}
				}
			}
		}
	})
}

func TestSolve4(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 5 {
			ld := 4*n + rng.IntN(4)
			x, ok := guarded(rng, max(0, 3*ld+4*n))
			old := append([]float64(nil), x...)
			var f [10]float64
			for i := range f {
				f[i] = rng.NormFloat64()
			}
			Solve4(x, ld, n, &f)
			for j := range 4 * n {
				k := 0
				for i := range 4 {
					sum, bound := 0.0, math.Abs(old[i*ld+j])
					for p := range i {
						sum += f[k] * x[p*ld+j]
						bound += math.Abs(f[k] * x[p*ld+j])
						k++
					}
					if got := x[i*ld+j] / f[k]; !(math.Abs(got+sum-old[i*ld+j]) <= 20*u0*bound) {
						t.Fatalf("n=%d: row %d of column %d does not solve it", n, i, j)
					}
					k++
				}
			}
			if !ok() {
				t.Fatalf("n=%d: wrote outside", n)
			}
		}
	})
}

func TestSolveUnit(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 30 {
			for _, trans := range []bool{false, true} {
				ld := n + rng.IntN(4)
				x, ok := guarded(rng, n)
				l, _ := guarded(rng, n*ld)
				for i := range n {
					for j := range ld {
						if j >= i {
							l[i*ld+j] = math.NaN()
						} else {
							l[i*ld+j] /= 2
						}
					}
				}
				old := append([]float64(nil), x...)
				if trans {
					SolveUnitTrans(x, l, ld)
				} else {
					SolveUnit(x, l, ld)
				}
				if !ok() {
					t.Fatalf("n=%d trans=%v: wrote outside", n, trans)
				}
				for i := range n {
					sum, bound := x[i]-old[i], math.Abs(old[i])+math.Abs(x[i])
					for j := range n {
						v := 0.0
						if trans && j > i {
							v = l[j*ld+i] * x[j]
						} else if !trans && j < i {
							v = l[i*ld+j] * x[j]
						}
						sum += v
						bound += math.Abs(v)
					}
					if !(math.Abs(sum) <= 2*float64(n+2)*u0*bound) {
						t.Fatalf("n=%d trans=%v: row %d does not solve it", n, trans, i)
					}
				}
			}
		}
	})
}

func TestPeak(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 40 {
			x, _ := guarded(rng, n)
			want, m := -1, 0.0
			for i, v := range x {
				if math.Abs(v) > m {
					want, m = i, math.Abs(v)
				}
			}
			if at, got := Peak(x); at != want || got != m {
				t.Fatalf("n=%d: %v at %d, want %v at %d", n, got, at, m, want)
			}
			for i := range x {
				y := append([]float64(nil), x...)
				y[i] = math.NaN()
				if at, got := Peak(y); at != -1 || got == got {
					t.Fatalf("n=%d: %v at %d with a NaN at %d", n, got, at, i)
				}
				y[i] = math.Inf(-1)
				y = append(y, y[i])
				if at, got := Peak(y); at != i || !math.IsInf(got, 1) {
					t.Fatalf("n=%d: %v at %d, want an infinity at %d", n, got, at, i)
				}
				// Of equal ones it is the first.
				clear(y)
				y[i], y[n] = -2, 2
				if at, got := Peak(y); at != i || got != 2 {
					t.Fatalf("n=%d: %v at %d, want 2 at %d", n, got, at, i)
				}
			}
			clear(x)
			if at, got := Peak(x); at != -1 || got != 0 {
				t.Fatalf("n=%d: %v at %d among zeros", n, got, at)
			}
		}
	})
}

// u0 is the unit roundoff where u is an operand.
const u0 = u

func TestTranspose(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for rows := range 28 {
			for cols := range 28 {
				lds, ldd := cols+rng.IntN(3), rows+rng.IntN(3)
				src, _ := guarded(rng, max(0, (rows-1)*lds+cols))
				dst, ok := guarded(rng, max(0, (cols-1)*ldd+rows))
				if rows == 0 || cols == 0 {
					dst = nil
				}
				old := append([]float64(nil), dst...)
				Transpose(dst, ldd, src, lds, rows, cols)
				for p, got := range dst {
					j, i := p/ldd, p%ldd
					want := old[p]
					if i < rows {
						want = src[i*lds+j]
					}
					if got != want {
						t.Fatalf("%d×%d: (%d,%d) = %v, want %v", rows, cols, j, i, got, want)
					}
				}
				if !ok() {
					t.Fatalf("%d×%d: wrote outside", rows, cols)
				}
			}
		}
	})
}

func TestEliminate(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for rows := range 5 {
			for _, cols := range []int{max(1, rows), rows + 1, rows + 4} {
				for lanes := range 4 {
					ld := 4*cols + rng.IntN(4)
					u, ok := guarded(rng, max(0, (4*rows-1)*ld+4*cols))
					c, okc := guarded(rng, 4*cols)
					w, okw := guarded(rng, 4*cols)
					for i := range lanes {
						c[i] = math.NaN()
					}
					old, oldc := append([]float64(nil), u...), append([]float64(nil), c...)
					Eliminate(u, ld, rows, cols, c, w, lanes, 0.3)
					for j := range c {
						x, y := 0.3*oldc[j], oldc[j]
						if j < lanes {
							x, y = 0, 0
						}
						if c[j] != x || w[j] != y {
							t.Fatalf("%d×%d, %d lanes: word %d is %v and %v, want %v and %v", 4*rows, 4*cols, lanes, j, c[j], w[j], x, y)
						}
					}
					for p, got := range u {
						i, j := p/ld, p%ld
						want, size := old[p], math.Abs(old[p])
						if j >= i&^3 && j < 4*cols {
							want -= c[i] * w[j]
							size += math.Abs(c[i] * w[j])
						}
						if !(math.Abs(got-want) <= 2*u0*size) {
							t.Fatalf("%d×%d, %d lanes: (%d,%d) is %v, want %v", 4*rows, 4*cols, lanes, i, j, got, want)
						}
					}
					if !ok() || !okc() || !okw() {
						t.Fatalf("%d×%d: wrote outside", 4*rows, 4*cols)
					}
				}
			}
		}
	})
}

func TestEliminate2(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		f := [3]float64{0.3, -0.7, 0.4}
		for rows := range 5 {
			for _, cols := range []int{max(1, rows), rows + 1, rows + 4} {
				for lanes := range 4 {
					n, ld := 4*cols, 4*cols+rng.IntN(4)
					u, ok := guarded(rng, max(0, (4*rows-1)*ld+n))
					c, okc := guarded(rng, ld+n)
					w, okw := guarded(rng, ld+n)
					for i := range lanes {
						c[i], c[ld+i] = math.NaN(), math.NaN()
					}
					old, oldc := append([]float64(nil), u...), append([]float64(nil), c...)
					Eliminate2(u, ld, rows, cols, c, w, lanes, &f)
					for j := range n {
						w0, w1 := oldc[j], oldc[ld+j]
						if j < lanes {
							w0, w1 = 0, 0
						}
						l0, l1 := f[0]*w0+f[1]*w1, f[1]*w0+f[2]*w1
						bound := 4 * u0 * (math.Abs(w0) + math.Abs(w1))
						if w[j] != w0 || w[ld+j] != w1 || !(math.Abs(c[j]-l0) <= bound) || !(math.Abs(c[ld+j]-l1) <= bound) {
							t.Fatalf("%d×%d, %d lanes: word %d is %v %v and %v %v, want %v %v and %v %v", 4*rows, n, lanes, j, c[j], c[ld+j], w[j], w[ld+j], l0, l1, w0, w1)
						}
					}
					for p, got := range u {
						i, j := p/ld, p%ld
						want, size := old[p], math.Abs(old[p])
						if j >= i&^3 && j < n {
							x, y := c[i]*w[j], c[ld+i]*w[ld+j]
							want -= x + y
							size += math.Abs(x) + math.Abs(y)
						}
						if !(math.Abs(got-want) <= 4*u0*size) {
							t.Fatalf("%d×%d, %d lanes: (%d,%d) is %v, want %v", 4*rows, n, lanes, i, j, got, want)
						}
					}
					if !ok() || !okc() || !okw() {
						t.Fatalf("%d×%d: wrote outside", 4*rows, n)
					}
				}
			}
		}
	})
}
