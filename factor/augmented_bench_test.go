package factor_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"costate/factor"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// stack is a chain of layers with the sizes of a benchmark.
func stack(input, width, classes, layers, batch int) *system.Chain {
	return chaintest.Random(rand.New(rand.NewPCG(1, 2)), batch, input, repeat(chaintest.Stage{Out: width}, layers-1, chaintest.Stage{Out: classes})...)
}

func backends(b *testing.B) []blas.Backend {
	var list []blas.Backend
	for _, name := range blas.Names() {
		if be, err := blas.ByName(name, 0); err == nil {
			list = append(list, be)
		}
	}
	return list
}

func BenchmarkAugmented(b *testing.B) {
	for _, s := range []struct {
		name                                 string
		input, width, classes, layers, batch int
	}{
		{"demo", 5, 10, 3, 30, 2},
		{"wide", 16, 24, 10, 8, 16},
		{"mid", 5, 20, 3, 30, 8},
		{"deep500", 5, 10, 3, 500, 2},
		{"deep1000", 5, 10, 3, 1000, 2},
	} {
		c := stack(s.input, s.width, s.classes, s.layers, s.batch)
		for _, be := range backends(b) {
			name := fmt.Sprintf("size=%s/backend=%s/", s.name, be.Name())
			var f factor.Augmented
			opts := &factor.Options{Backend: be}
			if err := f.Analyse(c, opts); err != nil {
				b.Fatal(err)
			}
			b.Run(name+"phase=analyse", func(b *testing.B) {
				for b.Loop() {
					var f factor.Augmented
					if err := f.Analyse(c, opts); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(f.Cost().Bytes)/(1<<20), "MiB")
			})
			b.Run(name+"phase=update", func(b *testing.B) {
				for b.Loop() {
					if err := f.Update(c); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(name+"phase=factor", func(b *testing.B) {
				for b.Loop() {
					if err := f.Factorize(0.1); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(f.Cost().Factor)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gflop/s")
			})
			if err := f.Factorize(0.1); err != nil {
				b.Fatal(err)
			}
			g, x := gaussian(rand.New(rand.NewPCG(1, 99)), f.SymmetricDim()), gaussian(rand.New(rand.NewPCG(1, 99)), f.SymmetricDim())
			b.Run(name+"phase=solve", func(b *testing.B) {
				for b.Loop() {
					if err := f.SolveVecTo(x, g); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(f.Report().Refinements), "refinements")
			})
		}
	}
}
