package certify

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/factor/internal/pivot"
)

// grown is a planted engine whose factors have elements of some size, and whose smallest
// pivot is tiny units of rounding. It counts its solves.
type grown struct {
	*planted
	growth, tiny float64
	solves       *int
}

func (e grown) Factor(float64) pivot.Stats {
	s := pivot.Empty()
	s.Growth, s.Tiny = e.growth, e.tiny
	return s
}

func (e grown) Solve(x []float64, nrhs int) {
	*e.solves += nrhs
	e.planted.Solve(x, nrhs)
}

// lookOn is look without the stop at what rounding hides: the twin.
func (j *Judge) lookOn() bool {
	w := j.space(1)
	defer j.pool.Put(w)
	var p probe
	for p.tried < directions && j.further(w, &p) {
		miss := dixon * math.Sqrt(float64(j.n)) * p.change
		if p.tried >= fewest && math.Pow(miss, float64(p.tried)) <= oneLook {
			return !j.hides(&p)
		}
	}
	return false
}

// Where rounding rules a certificate out the probe ends after one direction, and says what it
// would say after all of them.
func TestLookStops(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 6))
	const n = 50
	certain, stopped := 0, 0
	for range 2000 {
		solves := 0
		e := grown{&planted{size: math.Pow(10, -14*rng.Float64()), v: orthonormal(rng, 1+rng.IntN(3), n)}, math.Pow(10, 16*rng.Float64()), 1, &solves}
		var j Judge
		j.Begin(e, identity(n), Settings{Tolerance: 1e-14, Threads: 1}, nil)
		j.settle(e.Factor(0), Finding{})
		p := j.look()
		if want := j.lookOn(); p.certain != want {
			t.Fatalf("growth %.1e, error %.1e: certain is %v, in all directions %v", e.growth, e.size, p.certain, want)
		}
		if p.certain {
			certain++
		} else if p.tried == 1 {
			stopped++
		}
		if j.hides(&p) && p.tried > 1 && p.change*dixon*math.Sqrt(n) < hopeless {
			// Only a later direction may have shown it.
			first := j.firstOnly()
			if j.hides(&first) {
				t.Fatalf("growth %.1e: %d directions where one told", e.growth, p.tried)
			}
		}
	}
	if certain < 200 || stopped < 200 {
		t.Errorf("%d certain, %d stopped: too few to tell", certain, stopped)
	}
}

// firstOnly is the probe after one direction.
func (j *Judge) firstOnly() (p probe) {
	w := j.space(1)
	defer j.pool.Put(w)
	j.further(w, &p)
	return p
}

// Unrefined is that of the factors at hand, also where a verdict has measured one on the way
// and where the engine has factored again since.
func TestUnrefined(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 7))
	const n = 50
	solves := 0
	e := grown{&planted{v: orthonormal(rng, n, n)}, 1, 2, &solves}
	var j Judge
	j.Begin(e, identity(n), Settings{Tolerance: 1e-14, MaxRefinements: 20, Threads: 1}, nil)
	for _, size := range []float64{0.01, 0.1, 0.003} {
		e.size = size
		j.Factorize()
		before := solves
		got := j.Unrefined()
		if solves != before {
			t.Errorf("error %v: the verdict's measurement is not used", size)
		}
		if !(got > size/10 && got < 10*size) {
			t.Errorf("error %v: the backward error is %.1e", size, got)
		}
	}
	e.size, e.tiny = 1e-5, math.Inf(1) // without doubt nothing is measured
	j.Begin(e, identity(n), Settings{Tolerance: 1e-14, MaxRefinements: 20, Threads: 1}, nil)
	j.Factorize()
	if got := j.Unrefined(); !(got > 1e-6 && got < 1e-4) {
		t.Errorf("after factors without doubt the backward error is %.1e", got)
	}
}
