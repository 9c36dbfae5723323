//go:build cgo && mumps

package mumps_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"costate/factor"
	"costate/system"
	"costate/system/chaintest"
)

// TestAugmented: K of chains, at several dampings and points, as the native engine.
func TestAugmented(t *testing.T) {
	for i, stages := range [][]chaintest.Stage{
		{{Out: 3}},
		{{Out: 4}, {Out: 4}, {Out: 2}},
		{{Out: 6}, {Out: 6}, {Out: 6}, {Out: 6}, {Out: 6}, {Out: 3}},
	} {
		t.Run(fmt.Sprint(len(stages)), func(t *testing.T) {
			point := func(k uint64) *rand.Rand { return rand.New(rand.NewPCG(uint64(i), k)) }
			c := chaintest.Random(point(0), 3, 4, stages...)
			var native, f factor.Augmented
			defer f.Reset()
			if err := errors.Join(native.Analyse(c, nil), f.Analyse(c, &factor.Options{Engine: factor.EngineMUMPS})); err != nil {
				t.Fatal(err)
			}
			for k := range uint64(2) {
				c := chaintest.Random(point(k), 3, 4, stages...)
				if err := errors.Join(native.Update(c), f.Update(c)); err != nil {
					t.Fatal(err)
				}
				for _, eps := range []float64{1, 1e-2, -0.07} {
					if err := errors.Join(native.Factorize(eps), f.Factorize(eps)); err != nil {
						t.Fatal(err)
					}
					agree(t, &native, &f)
				}
			}
		})
	}
	var memory *factor.MemoryError
	c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), 3, 4, chaintest.Stage{Out: 4}, chaintest.Stage{Out: 2})
	limit := 32*system.EntriesOf(c) + 1000 // K, and too little for MUMPS
	if err := new(factor.Augmented).Analyse(c, &factor.Options{Engine: factor.EngineMUMPS, MemoryLimit: limit}); !errors.As(err, &memory) {
		t.Errorf("memory: error %v", err)
	}
}
