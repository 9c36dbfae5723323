package factor

import (
	"math/rand/v2"
	"testing"

	"costate/la/blas"
	"costate/system/chaintest"
)

// A stoppable backend is stopped from outside.
type stoppable struct {
	blas.Backend
	stopped bool
}

func (s *stoppable) Stopped() bool { return s.stopped }

// Where the backend was stopped nobody else is asked.
func TestNoOpinionOfStopped(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(1, 2)), 3, 4, chaintest.Stage{Out: 5}, chaintest.Stage{Out: 2})
	backend := &stoppable{Backend: blas.Native()}
	var f Chain
	if err := f.Analyse(c, &Options{Backend: backend}); err != nil {
		t.Fatal(err)
	}
	if err := f.Factorize(0.1); err != nil {
		t.Fatal(err)
	}
	backend.stopped = true
	if _, _, _, ok := f.opinion(); ok || f.asked.augmented != nil || f.asked.dense != nil {
		t.Errorf("an opinion of a stopped backend: %v, %+v", ok, f.asked)
	}
	backend.stopped = false
	if _, _, _, ok := f.opinion(); !ok || f.asked.augmented == nil {
		t.Error("no opinion of a backend that runs")
	}
}
