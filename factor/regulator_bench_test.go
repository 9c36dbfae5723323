package factor_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/system"
)

// regulator is the chain of a linear-quadratic regulator, of as many controls a step as
// states, all matrices full, from a state that is given. F is 0.95 times an orthogonal matrix.
func regulator(steps, n int) *system.Chain {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	random := func() *mat.Dense {
		m := mat.NewDense(n, n, nil)
		for i := range n {
			for j := range n {
				m.Set(i, j, rng.NormFloat64())
			}
		}
		return m
	}
	full := func(m *mat.Dense, scale float64) *system.Matrix {
		m.Scale(scale, m)
		return system.FromDense(n, n, m.RawMatrix().Data)
	}
	definite := func() *mat.Dense {
		m, g := new(mat.Dense), random()
		m.Mul(g, g.T())
		m.Scale(0.1, m)
		for i := range n {
			m.Set(i, i, m.At(i, i)+1)
		}
		return m
	}
	var qr mat.QR
	qr.Factorize(random())
	orthogonal := new(mat.Dense)
	qr.QTo(orthogonal)
	q := definite()
	stage := system.BlockStage{
		P: n, NIn: n, NOut: n,
		F: full(orthogonal, 0.95), G: full(random(), 1), A: full(definite(), 1), Q: full(q, 1),
	}
	first := stage
	first.NIn, first.F, first.Q = 0, nil, nil
	c := &system.Chain{Stages: []system.Stage{&first}}
	for range steps - 1 {
		c.Stages = append(c.Stages, &stage)
	}
	c.Loss = system.SampleMap{Batch: 1, Rows: n, Cols: n, Full: q.RawMatrix().Data}
	return c
}

// BenchmarkRegulator factors and solves regulators of 1,000 steps.
func BenchmarkRegulator(b *testing.B) {
	const steps = 1000
	for _, n := range []int{4, 8, 16, 32, 64} {
		b.Run(fmt.Sprintf("states=%d", n), func(b *testing.B) {
			var f factor.Chain
			if err := f.Analyse(regulator(steps, n), nil); err != nil {
				b.Fatal(err)
			}
			g, x := mat.NewVecDense(steps*n, nil), mat.NewVecDense(steps*n, nil)
			for i := range steps * n {
				g.SetVec(i, float64(i%7)-3)
			}
			for b.Loop() {
				if err := errors.Join(f.Factorize(0), f.SolveVecTo(x, g)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(f.Report().Flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gflop/s")
		})
	}
}
