//go:build !cgo || !mumps

package factor_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"costate/factor"
	"costate/la"
	"costate/system/chaintest"
)

// TestEngineMissing: a build without MUMPS that is asked for it says how to build it.
func TestEngineMissing(t *testing.T) {
	b := la.NewSymBuilder(2, 0)
	b.Add(0, 0, 1)
	b.Add(1, 1, 1)
	a, _ := b.Build()
	c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), 2, 2, chaintest.Stage{Out: 2})
	var sparse factor.Sparse
	o := &factor.Options{Engine: factor.EngineMUMPS}
	for _, err := range []error{sparse.Analyse(a, o), new(factor.Augmented).Analyse(c, o)} {
		var engine *factor.EngineError
		if !errors.As(err, &engine) || engine.Engine != factor.EngineMUMPS || !strings.Contains(err.Error(), "go build -tags mumps") {
			t.Errorf("error %v", err)
		}
	}
	if err := sparse.Analyse(a, &factor.Options{Engine: "nonsense"}); err == nil || !strings.Contains(err.Error(), "native, mumps") {
		t.Errorf("error %v", err)
	}
	if err := sparse.Analyse(a, &factor.Options{Engine: factor.EngineNative}); err != nil {
		t.Fatal(err)
	}
	if p := sparse.Plan(); p.Engine != factor.EngineNative || p.Fronts != len(sparse.Tree().Parent) || p.Ranks != 1 {
		t.Errorf("plan %+v", p)
	}
}
