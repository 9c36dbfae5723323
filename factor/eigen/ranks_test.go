package eigen_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"costate/factor"
	"costate/factor/eigen"
	"costate/la"
	"costate/la/ranks"
	"costate/system/chaintest"
)

// TestMain makes this a test of as many ranks as there are:
//
//	go test -tags mumps -exec 'mpirun --oversubscribe -n 3' ./factor/eigen -run Shared
func TestMain(m *testing.M) {
	stop := ranks.Serve()
	status := m.Run()
	stop()
	os.Exit(status)
}

// sharedSources are a chain and a sparse matrix.
func sharedSources(o *factor.Options) map[string]eigen.Source {
	rng := rand.New(rand.NewPCG(8, 8))
	b := la.NewSymBuilder(60, 0)
	for i := range 60 {
		b.Add(i, i, rng.NormFloat64())
		b.Add(i, rng.IntN(60), rng.NormFloat64())
	}
	a, _ := b.Build()
	return map[string]eigen.Source{
		"chain":  eigen.OfChain(chaintest.Random(rng, 3, 4, chaintest.Stage{Out: 4, Bias: true}, chaintest.Stage{Skip: true}, chaintest.Stage{Out: 2, Full: true}), o),
		"sparse": eigen.OfSparse(a, o),
	}
}

// TestShared: counts of all ranks together are those of one, of any number of shifts.
func TestShared(t *testing.T) {
	for name, a := range sharedSources(nil) {
		t.Run(name, func(t *testing.T) {
			one, err := eigen.NewSpectrum(a, 1)
			if err != nil {
				t.Fatal(err)
			}
			shared, err := eigen.NewSharedSpectrum(a, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{0, 1, 2, 17} {
				shifts := make([]float64, n)
				for i := range shifts {
					shifts[i] = a.Norm() * (2*float64(i)/float64(n) - 0.9)
				}
				want, err := one.Counts(shifts)
				got, other := shared.Counts(shifts)
				if err := errors.Join(err, other); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(want, got) {
					t.Errorf("counts %v, of one rank %v", got, want)
				}
			}
			const tolerance = 1e-6
			for k := 1; k <= one.SymmetricDim(); k += 7 {
				want, err := one.Kth(k, tolerance)
				got, other := shared.Kth(k, tolerance)
				if err := errors.Join(err, other); err != nil {
					t.Fatal(err)
				}
				if got.Low > want.High || want.Low > got.High || got.High-got.Low > 2*tolerance*a.Norm() {
					t.Errorf("eigenvalue %d is in %v, by one rank in %v", k, got, want)
				}
			}
			if _, err := shared.Counts([]float64{0, math.NaN(), 1}); err == nil {
				t.Error("NaN was accepted")
			}
			if c, err := shared.Counts([]float64{0}); err != nil || len(c) != 1 {
				t.Errorf("after an error: %v, %v", c, err)
			}
		})
	}
}

// TestSharedErrors: a memory limit, and what is not sent.
func TestSharedErrors(t *testing.T) {
	var memory *factor.MemoryError
	for name, a := range sharedSources(&factor.Options{MemoryLimit: 1000}) {
		if _, err := eigen.NewSharedSpectrum(a, 1); !errors.As(err, &memory) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for name, a := range sharedSources(&factor.Options{Engine: factor.EngineMUMPS}) {
		if _, err := eigen.NewSharedSpectrum(a, 1); err == nil {
			t.Errorf("%s with MUMPS was shared", name)
		}
	}
	if _, err := eigen.NewSharedSpectrum(eigen.OfBlock(la.NewBlockTridiag([]int{2, 2}), nil), 1); err == nil {
		t.Error("a block-tridiagonal matrix was shared")
	}
}
