package train

import (
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/vec"
	"costate/nn"
	"costate/nn/data"
)

// BenchmarkStep measures a step of Levenberg–Marquardt beside what it cannot do
// without: one linearization, factorization and solve.
func BenchmarkStep(b *testing.B) {
	set, _, err := data.Load("digits", nil)
	if err != nil {
		b.Fatal(err)
	}
	set.Standardize()
	for _, c := range []struct {
		name                 string
		layers, width, batch int
	}{{"depth=8/width=24/batch=64", 8, 24, 64}, {"depth=30/width=16/batch=32", 30, 16, 32}, {"depth=4/width=12/batch=300", 4, 12, 300}} {
		b.Run(c.name, func(b *testing.B) {
			net := digitsNet(b, c.layers, c.width, nn.Tanh, 1)
			t := &Task{Net: net, Batch: set.Batch(0, c.batch), Version: 1}
			o := &LevenbergMarquardt{Damping: 1}
			if _, err := o.Step(t); err != nil {
				b.Fatal(err)
			}
			var lin nn.Linearization
			var solver factor.Auto
			var x mat.VecDense
			w := make([]float64, c.batch*10)
			parts := func() {
				if err := net.Linearize(&lin, t.Batch); err != nil {
					b.Fatal(err)
				}
				gn := lin.Chain.GaussNewton()
				if solver.Method() == nil {
					err = solver.Analyse(gn, &factor.Options{Tolerance: stepTolerance})
				} else {
					err = solver.Update(gn)
				}
				if err == nil {
					err = solver.Factorize(1)
				}
				if g, ok := solver.Method().(*factor.Gram); ok && err == nil {
					net.OutputGradient(w, t.Batch, lin.Outputs)
					err = g.SolveOutputsTo(&x, w)
				} else if err == nil {
					err = solver.SolveVecTo(&x, mat.NewVecDense(len(lin.Gradient), lin.Gradient))
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			// Two points of one batch in turn, so that each step is at a new one.
			theta := [2][]float64{net.Params(), net.Params()}
			vec.Scale(theta[1], 0.999, theta[1])
			parts()
			var whole, needed time.Duration
			k := 0
			for b.Loop() {
				k ^= 1
				start := time.Now()
				net.SetParams(theta[k])
				o.state.lambda = 1
				if _, err := o.Step(t); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				net.SetParams(theta[k])
				parts()
				whole += middle.Sub(start)
				needed += time.Since(middle)
			}
			b.ReportMetric(whole.Seconds()/needed.Seconds(), "step/parts")
			b.ReportMetric(1e3*whole.Seconds()/float64(b.N), "ms/step")
		})
	}
}
