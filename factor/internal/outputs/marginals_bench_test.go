package outputs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"costate/internal/benchtest"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// BenchmarkInverseDiag is the rate at which the flops of the formula run,
//
//	2q³/3 + 2q²Σa + 2B²P
//
// beside that of the sum of Gram matrices, on one thread.
func BenchmarkInverseDiag(b *testing.B) {
	for _, tc := range []struct{ width, layers, batch, classes int }{{16, 8, 32, 9}, {64, 6, 64, 9}, {128, 4, 400, 1}} {
		b.Run(fmt.Sprintf("width=%d/depth=%d/batch=%d/outputs=%d", tc.width, tc.layers, tc.batch, tc.classes), func(b *testing.B) {
			stages := make([]chaintest.Stage, tc.layers)
			for i := range stages {
				stages[i] = chaintest.Stage{Out: tc.width, Bias: true}
			}
			stages[tc.layers-1].Out = tc.classes
			c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), tc.batch, tc.width, stages...).GaussNewton()
			ones := make([]float64, tc.batch*tc.classes)
			for i := range ones {
				ones[i] = 1
			}
			c.Loss = system.SampleMap{Batch: tc.batch, Rows: tc.classes, Cols: tc.classes, Diag: ones}
			be, err := blas.ByName("native", 1)
			if err != nil {
				b.Fatal(err)
			}
			f := New(c, be)
			take := func() error {
				if !f.Take(c) {
					return errors.New("the chain was not taken")
				}
				return nil
			}
			if err := take(); err != nil {
				b.Fatal(err)
			}
			eps := make([]float64, tc.layers)
			for i := range eps {
				eps[i] = 1
			}
			f.Factor(eps)
			diag := make([]float64, c.Params())
			s := benchtest.Least(b,
				take,
				func() error { f.InverseDiag(diag); return nil })
			q, batch, widths := float64(f.q), float64(tc.batch), float64(tc.width*(tc.layers-1)+tc.classes)
			sum, _ := CostOf(c)
			rate := (2*q*q*q/3 + 2*q*q*widths + 2*batch*batch*float64(len(diag))) / s[1]
			b.ReportMetric(rate/1e9, "Gflop/s")
			b.ReportMetric(float64(sum.Point)/s[0]/1e9, "Gflop/s-sum")
			b.ReportMetric(rate*s[0]/float64(sum.Point), "of-the-rate")
		})
	}
}
