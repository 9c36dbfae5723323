package factor_test

import (
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/system"
)

// pooled is a gather of the patches of a after averages over 2×2 pixels: a acts on
// images of h/2×h/2 pixels and c channels.
func pooled(a *system.Matrix, h, c int) *system.Matrix {
	b := &system.Matrix{Rows: a.Rows, Cols: h * h * c, Ptr: []int{0}}
	for _, at := range a.Col {
		y, x, ch := at/c/(h/2), at/c%(h/2), at%c
		for _, d := range [][2]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}} {
			b.Col, b.Val = append(b.Col, ((2*y+d[0])*h+2*x+d[1])*c+ch), append(b.Val, 0.25)
		}
		b.Ptr = append(b.Ptr, len(b.Col))
	}
	return b
}

// A convolutional network on images of 10×10 pixels: 8 channels of 8×8, averages, 16
// channels of 2×2, a dense layer. One product is about two gradients.
func BenchmarkRows(b *testing.B) {
	for _, tc := range []struct {
		name  string
		batch int
	}{{"batch=4", 4}, {"batch=64", 64}} {
		exact := makeNet(1, tc.batch, 100,
			netStage{rows: 64, in: 9, out: 8, gather: im2col(10, 1, 3, 1)},
			netStage{rows: 4, in: 72, out: 16, gather: pooled(im2col(4, 8, 3, 1), 8, 8)},
			netStage{rows: 1, in: 64, out: 10})
		c := exact.GaussNewton()
		n := c.Params()
		b.Run("product/"+tc.name, func(b *testing.B) {
			p := system.NewProduct(c, blas.Native())
			v := make([]float64, n)
			for b.Loop() {
				p.HessVec(v, v)
			}
		})
		for name, f := range map[string]factor.Factorization{"gram": new(factor.Gram), "chain": new(factor.Chain), "dense": new(factor.Dense)} {
			if name == "chain" && tc.batch > 4 {
				continue
			}
			if err := f.Analyse(c, nil); err != nil {
				b.Fatal(err)
			}
			x, g := mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
			g.SetVec(0, 1)
			report := func(b *testing.B, flops int64) {
				b.ReportMetric(float64(flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gflop/s")
			}
			b.Run("point/"+name+"/"+tc.name, func(b *testing.B) {
				for b.Loop() {
					if err := f.Update(c); err != nil {
						b.Fatal(err)
					}
				}
				report(b, f.Cost().Point)
			})
			b.Run("factor/"+name+"/"+tc.name, func(b *testing.B) {
				for b.Loop() {
					if err := f.Factorize(0.1); err != nil {
						b.Fatal(err)
					}
				}
				report(b, f.Cost().Factor)
			})
			b.Run("solve/"+name+"/"+tc.name, func(b *testing.B) {
				if err := f.Factorize(0.1); err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if err := f.SolveVecTo(x, g); err != nil {
						b.Fatal(err)
					}
				}
				report(b, f.Cost().Solve)
			})
		}
	}
}
