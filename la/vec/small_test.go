package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMulSmall(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		kinds := []struct {
			name       string
			mul        func(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k, grow int)
			keep, sign float64
		}{{"set", SetSmall, 0, 1}, {"add", AddSmall, 1, 1}, {"sub", SubSmall, 1, -1}}
		for _, kind := range kinds {
			for m := range 14 {
				for n := range 8 {
					for k := range 7 {
						grow := rng.IntN(2)
						wide := 4 * (n + grow*max(0, m-1)/4)
						if n == 0 {
							wide = 0
						}
						ldc, ldb := wide+rng.IntN(5), wide+rng.IntN(5)
						row, inc := rng.IntN(3)+k, 1
						if rng.IntN(2) == 0 {
							row, inc = 1, rng.IntN(3)+m
						}
						c, ok := guarded(rng, max(0, (m-1)*ldc+wide))
						a, _ := guarded(rng, max(0, (m-1)*row+(k-1)*inc+1))
						b, _ := guarded(rng, max(0, (k-1)*ldb+wide))
						old := append([]float64(nil), c...)
						kind.mul(c, ldc, a, row, inc, b, ldb, m, n, k, grow)
						if !ok() {
							t.Fatalf("%s %d×%d×%d: wrote outside", kind.name, m, n, k)
						}
						for p, got := range c {
							i, j := p/max(ldc, 1), p%max(ldc, 1)
							want, bound := old[p], math.Abs(old[p])
							if n > 0 && j < 4*(n+grow*(i/4)) {
								want, bound = kind.keep*want, kind.keep*bound
								for q := range k {
									x := a[i*row+q*inc] * b[q*ldb+j]
									want += kind.sign * x
									bound += math.Abs(x)
								}
							}
							if !(math.Abs(got-want) <= 2*float64(k+2)*u*bound) {
								t.Fatalf("%s %d×%d×%d, grow %d: (%d,%d) is %v, want %v", kind.name, m, n, k, grow, i, j, got, want)
							}
						}
					}
				}
			}
		}
	})
}

func TestMulProduct(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		kinds := []struct {
			name       string
			mul        func(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k int)
			keep, sign float64
		}{{"set", SetProduct, 0, 1}, {"add", AddProduct, 1, 1}, {"sub", SubProduct, 1, -1}}
		for _, kind := range kinds {
			for m := range 11 {
				for n := range 30 {
					k := rng.IntN(7)
					ldc, ldb := n+rng.IntN(5), n+rng.IntN(5)
					row, inc := rng.IntN(3)+k, 1
					if rng.IntN(2) == 0 {
						row, inc = 1, rng.IntN(3)+m
					}
					c, ok := guarded(rng, max(0, (m-1)*ldc+n))
					a, _ := guarded(rng, max(0, (m-1)*row+(k-1)*inc+1))
					b, _ := guarded(rng, max(0, (k-1)*ldb+n))
					old := append([]float64(nil), c...)
					kind.mul(c, ldc, a, row, inc, b, ldb, m, n, k)
					if !ok() {
						t.Fatalf("%s %d×%d×%d: wrote outside", kind.name, m, n, k)
					}
					for p, got := range c {
						i, j := p/max(ldc, 1), p%max(ldc, 1)
						want, bound := old[p], math.Abs(old[p])
						if j < n {
							want, bound = kind.keep*want, kind.keep*bound
							for q := range k {
								x := a[i*row+q*inc] * b[q*ldb+j]
								want += kind.sign * x
								bound += math.Abs(x)
							}
						}
						if !(math.Abs(got-want) <= 2*float64(k+2)*u*bound) {
							t.Fatalf("%s %d×%d×%d: (%d,%d) is %v, want %v", kind.name, m, n, k, i, j, got, want)
						}
					}
				}
			}
		}
	})
}

func TestMulProductTrans(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		kinds := []struct {
			name       string
			mul        func(c []float64, ldc int, a []float64, lda int, b []float64, ldb, m, n, k int)
			keep, sign float64
		}{{"set", SetProductTrans, 0, 1}, {"add", AddProductTrans, 1, 1}, {"sub", SubProductTrans, 1, -1}}
		for _, kind := range kinds {
			for m := range 6 {
				for n := range 14 {
					for k := range 14 {
						ldc, lda, ldb := n+rng.IntN(5), k+rng.IntN(5), k+rng.IntN(5)
						c, ok := guarded(rng, max(0, (m-1)*ldc+n))
						a, _ := guarded(rng, max(0, (m-1)*lda+k))
						b, _ := guarded(rng, max(0, (n-1)*ldb+k))
						old := append([]float64(nil), c...)
						kind.mul(c, ldc, a, lda, b, ldb, m, n, k)
						if !ok() {
							t.Fatalf("%s %d×%d×%d: wrote outside", kind.name, m, n, k)
						}
						for p, got := range c {
							i, j := p/max(ldc, 1), p%max(ldc, 1)
							want, bound := old[p], math.Abs(old[p])
							if j < n {
								want, bound = kind.keep*want, kind.keep*bound
								for q := range k {
									x := a[i*lda+q] * b[j*ldb+q]
									want += kind.sign * x
									bound += math.Abs(x)
								}
							}
							if !(math.Abs(got-want) <= 2*float64(k+2)*u*bound) {
								t.Fatalf("%s %d×%d×%d: (%d,%d) is %v, want %v", kind.name, m, n, k, i, j, got, want)
							}
						}
					}
				}
			}
		}
	})
}

func TestCopyRows(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for m := range 6 {
			for n := range 20 {
				ldd, lds := n+rng.IntN(4), n+rng.IntN(4)
				dst, ok := guarded(rng, max(0, (m-1)*ldd+n))
				src, _ := guarded(rng, max(0, (m-1)*lds+n))
				old := append([]float64(nil), dst...)
				CopyRows(dst, ldd, src, lds, m, n)
				for p, got := range dst {
					want := old[p]
					if i, j := p/max(ldd, 1), p%max(ldd, 1); j < n {
						want = src[i*lds+j]
					}
					if got != want {
						t.Fatalf("%d×%d: word %d is %v, want %v", m, n, p, got, want)
					}
				}
				if !ok() {
					t.Fatalf("%d×%d: wrote outside", m, n)
				}
			}
		}
	})
}

func TestSolveSmall(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for m := range 5 {
			for n := range 8 {
				ldx, ldt := 4*n+rng.IntN(4), 4*m+rng.IntN(4)
				x, ok := guarded(rng, max(0, (4*m-1)*ldx+4*n))
				a, _ := guarded(rng, 4*m*ldt)
				for i := range 4 * m {
					for j := range i + 1 {
						a[i*ldt+j] = math.NaN()
					}
				}
				old := append([]float64(nil), x...)
				SolveSmall(x, ldx, m, n, a, ldt)
				if !ok() {
					t.Fatalf("%d×%d: wrote outside", 4*m, 4*n)
				}
				for i, got := range x {
					i, j := i/max(ldx, 1), i%max(ldx, 1)
					if j >= 4*n {
						if got != old[i*ldx+j] {
							t.Fatalf("%d×%d: (%d,%d) was written", 4*m, 4*n, i, j)
						}
						continue
					}
					sum, bound := got-old[i*ldx+j], math.Abs(old[i*ldx+j])+math.Abs(got)
					for p := range i {
						v := a[p*ldt+i] * x[p*ldx+j]
						sum += v
						bound += math.Abs(v)
					}
					if !(math.Abs(sum) <= 2*float64(i+2)*u*bound) {
						t.Fatalf("%d×%d: row %d of column %d does not solve it", 4*m, 4*n, i, j)
					}
				}
			}
		}
	})
}

func TestScaleRows(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for m := range 6 {
			for n := range 5 {
				ldx, ldu := 4*n+rng.IntN(4), 4*n+rng.IntN(4)
				x, ok := guarded(rng, max(0, (m-1)*ldx+4*n))
				from, _ := guarded(rng, max(0, (m-1)*ldu+4*n))
				f, _ := guarded(rng, m)
				old := append([]float64(nil), x...)
				ScaleRows(x, ldx, f, from, ldu, n)
				for p, got := range x {
					want := old[p]
					if i, j := p/max(ldx, 1), p%max(ldx, 1); j < 4*n {
						want = f[i] * from[i*ldu+j]
					}
					if got != want {
						t.Fatalf("%d×%d: word %d is %v, want %v", m, 4*n, p, got, want)
					}
				}
				if !ok() {
					t.Fatalf("%d×%d: wrote outside", m, 4*n)
				}
			}
		}
	})
}

func TestScaleLower(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 18 {
			whole := (n + 3) &^ 3
			ldd, lds := whole+rng.IntN(3), whole+rng.IntN(3)
			dst, ok := guarded(rng, whole*ldd)
			src, _ := guarded(rng, whole*lds)
			for i := range whole {
				for j := i/4*4 + 4; j < lds; j++ {
					src[i*lds+j] = math.NaN()
				}
			}
			d, _ := guarded(rng, whole)
			old := append([]float64(nil), dst...)
			ScaleLower(dst, ldd, src, lds, d, n)
			for p, got := range dst {
				i, j := p/max(ldd, 1), p%max(ldd, 1)
				want := old[p]
				if j < whole {
					want = d[j] * d[i] * src[max(i, j)*lds+min(i, j)]
				}
				if got != want {
					t.Fatalf("n=%d: (%d,%d) is %v, want %v", n, i, j, got, want)
				}
			}
			if !ok() {
				t.Fatalf("n=%d: wrote outside", n)
			}
		}
	})
}

func TestScaleSym(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 14 {
			wide := (n + 3) &^ 3
			ldd, lds := wide+rng.IntN(3), wide+rng.IntN(3)
			dst, ok := guarded(rng, max(0, (n-1)*ldd+wide))
			src, _ := guarded(rng, max(0, (n-1)*lds+wide))
			d, _ := guarded(rng, wide)
			ScaleSym(dst, ldd, src, lds, d, n)
			for i := range n {
				for j := range wide {
					if want := d[j] * d[i] * src[i*lds+j]; dst[i*ldd+j] != want {
						t.Fatalf("n=%d: (%d,%d) is %v, want %v", n, i, j, dst[i*ldd+j], want)
					}
				}
			}
			if !ok() {
				t.Fatalf("n=%d: wrote outside", n)
			}
		}
	})
}

// symmetricTiles returns a random symmetric matrix of order n as EliminateRun takes it,
// with NaN where nothing is to be read.
func symmetricTiles(rng *rand.Rand, n, ld int, diagonal float64) (x []float64, intact func() bool) {
	x, intact = guarded(rng, (n+3)&^3*ld)
	for i := range (n + 3) &^ 3 {
		for j := range ld {
			switch {
			case i == j && i < n:
				x[i*ld+j] += math.Copysign(diagonal, x[i*ld+j])
			case i >= n || j < i&^3:
				x[i*ld+j] = math.NaN()
			case j >= n:
				x[i*ld+j] = 0
			}
		}
	}
	return x, intact
}

func TestEliminateRun(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		for n := range 30 {
			for _, diagonal := range []float64{0.5, 2, 40} {
				ld := (n+3)&^3 + 4*rng.IntN(2)
				x, ok := symmetricTiles(rng, n, ld, diagonal)
				d, okd := guarded(rng, n)
				w, okw := guarded(rng, ld)
				for i := range d {
					d[i] = math.NaN()
				}
				start := 0
				if n > 3 {
					start = rng.IntN(3)
				}
				old := append([]float64(nil), x...)
				end := EliminateRun(x, ld, start, n, 0.6, d, w)
				if !ok() || !okd() || !okw() {
					t.Fatalf("n=%d: wrote outside", n)
				}
				if end < min(start, n) || end > n || diagonal == 40 && end != n {
					t.Fatalf("n=%d: went from %d to %d", n, start, end)
				}
				at := func(a []float64, i, j int) float64 { return a[min(i, j)*ld+max(i, j)] }
				// L D Lᵀ + what is left is the matrix.
				for i := start; i < n; i++ {
					for j := i; j < n; j++ {
						sum, size := 0.0, math.Abs(at(old, i, j))
						for q := start; q < min(end, i+1); q++ {
							l := func(r int) float64 {
								if r == q {
									return 1
								}
								return at(x, q, r)
							}
							sum += l(i) * d[q] * l(j)
							size += math.Abs(l(i) * d[q] * l(j))
						}
						if i >= end {
							sum += at(x, i, j)
							size += math.Abs(at(x, i, j))
						}
						if !(math.Abs(sum-at(old, i, j)) <= 8*float64(n)*u*size) {
							t.Fatalf("n=%d from %d to %d: (%d,%d) gives %v, want %v", n, start, end, i, j, sum, at(old, i, j))
						}
					}
				}
				if end < n {
					if big := MaxAbsValue(x[end*ld+end+1 : end*ld+n]); math.Abs(x[end*ld+end]) >= 0.6*big {
						t.Fatalf("n=%d: stopped at %d, where the pivot will do", n, end)
					}
				}
			}
		}
	})
}

// What cannot be a pivot, or is not finite, is left alone.
func TestEliminateRunStops(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		const n, ld = 11, 12
		d, w := make([]float64, n), make([]float64, ld)
		for _, bad := range []float64{0, 0x1p-1010, 0x1p1010, math.NaN(), math.Inf(1)} {
			for at := range n {
				x, _ := symmetricTiles(rng, n, ld, 40)
				for j := at + 1; j < n; j++ {
					x[at*ld+j] = 0
				}
				for i := range at {
					x[i*ld+at] = 0
				}
				x[at*ld+at] = bad
				if got := EliminateRun(x, ld, 0, n, 0.6, d, w); got != at {
					t.Fatalf("%v at %d: stopped at %d", bad, at, got)
				}
			}
		}
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for at := 1; at < n; at++ {
				x, _ := symmetricTiles(rng, n, ld, 40)
				x[at] = bad
				if got := EliminateRun(x, ld, 0, n, 0.6, d, w); got != 0 {
					t.Fatalf("%v beside the pivot in %d: stopped at %d", bad, at, got)
				}
			}
		}
	})
}
