package factor

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	"costate/la"
)

// rowsMatrix has in row i the columns from(i), …, i, filled with numbers in
// (−1, 1), and diagonal elements moved by diag.
func rowsMatrix(rng *rand.Rand, n int, diag float64, from func(i int) int) *la.Sym {
	ptr := make([]int, n+1)
	for i := range n {
		ptr[i+1] = ptr[i] + i + 1 - from(i)
	}
	col, val := make([]int32, 0, ptr[n]), make([]float64, 0, ptr[n])
	for i := range n {
		for j := from(i); j <= i; j++ {
			col, val = append(col, int32(j)), append(val, 2*rng.Float64()-1)
		}
		val[len(val)-1] += diag
	}
	return la.NewSym(n, ptr, col, val)
}

// poissonMatrix is the five-point Laplacian on a square grid of side m.
func poissonMatrix(m int) *la.Sym {
	b := la.NewSymBuilder(m*m, 3*m*m)
	for i := range m * m {
		b.Add(i, i, 4)
		if i%m > 0 {
			b.Add(i, i-1, -1)
		}
		if i >= m {
			b.Add(i, i-m, -1)
		}
	}
	a, _ := b.Build()
	return a
}

// benchmarkSparse measures from the matrix to the solution, and again for new
// values.
func benchmarkSparse(b *testing.B, a *la.Sym) {
	n := a.SymmetricDim()
	rhs, x := randomVec(rand.New(rand.NewPCG(1, 1)), n), mat.NewVecDense(n, nil)
	b.Run("phase=all", func(b *testing.B) {
		for b.Loop() {
			var f Sparse
			if err := errors.Join(f.Factorize(a), f.SolveVecTo(x, rhs)); err != nil {
				b.Fatal(err)
			}
		}
	})
	var f Sparse
	if err := f.Factorize(a); err != nil {
		b.Fatal(err)
	}
	b.Run("phase=update", func(b *testing.B) {
		for b.Loop() {
			if err := errors.Join(f.Refactorize(a), f.SolveVecTo(x, rhs)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(f.Report().Flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gflop/s")
	})
}

// BenchmarkSparseBlocks factors block-tridiagonal indefinite matrices of order
// 100,000.
func BenchmarkSparseBlocks(b *testing.B) {
	for _, w := range []int{4, 16, 64, 256} {
		b.Run(fmt.Sprintf("block=%d", w), func(b *testing.B) {
			benchmarkSparse(b, rowsMatrix(rand.New(rand.NewPCG(2, 2)), 100000, 0, func(i int) int { return max(0, i/w-1) * w }))
		})
	}
}

// BenchmarkSparseBand factors positive definite band matrices of order 100,000,
// and so does gonum's lapack, which mat.BandCholesky uses.
func BenchmarkSparseBand(b *testing.B) {
	for _, w := range []int{8, 32, 128, 256} {
		b.Run(fmt.Sprintf("band=%d", w), func(b *testing.B) {
			const n = 100000
			a := rowsMatrix(rand.New(rand.NewPCG(2, 2)), n, float64(2*w+1), func(i int) int { return max(0, i-w) })
			benchmarkSparse(b, a)
			b.Run("phase=lapack", func(b *testing.B) {
				band := blas64.SymmetricBand{Uplo: blas.Upper, N: n, K: w, Stride: w + 1, Data: make([]float64, n*(w+1))}
				rhs := make([]float64, n)
				for b.Loop() {
					low := a.RawLower()
					for i := range n {
						for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
							j := int(low.Col[t])
							band.Data[j*(w+1)+i-j] = low.Val[t]
						}
						rhs[i] = 1
					}
					t, ok := lapack64.Pbtrf(band)
					if !ok {
						b.Fatal("not positive definite")
					}
					lapack64.Pbtrs(t, blas64.General{Rows: n, Cols: 1, Stride: 1, Data: rhs})
				}
			})
		})
	}
}

func BenchmarkSparsePoisson(b *testing.B) {
	for _, m := range []int{50, 200} {
		b.Run(fmt.Sprintf("side=%d", m), func(b *testing.B) { benchmarkSparse(b, poissonMatrix(m)) })
	}
}

func BenchmarkSparseNetwork(b *testing.B) {
	for _, c := range []struct {
		name   string
		widths []int
		batch  int
	}{
		{"wide", []int{16, 24, 24, 24, 24, 24, 24, 24, 10}, 16},
		{"demo", []int{5, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 3}, 2},
	} {
		b.Run("case="+c.name, func(b *testing.B) {
			benchmarkSparse(b, networkMatrix(rand.New(rand.NewPCG(3, 3)), c.widths, c.batch, 0.1))
		})
	}
}
