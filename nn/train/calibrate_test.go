package train

import (
	"context"
	"errors"
	"flag"
	"math"
	"testing"

	"costate/nn"
)

var calibrate = flag.Bool("calibrate", false, "compare the constants of the methods with others (TestCalibration)")

// TestCalibration changes the constants of the second-order methods one by one and
// compares the factorizations that they need, the geometric mean over networks of
// several depths, activations and seeds. Run it with -calibrate -v after a change of a
// method: it fails if another value needs less than two thirds of what the constant
// needs.
func TestCalibration(t *testing.T) {
	if !*calibrate {
		t.Skip("only with -calibrate")
	}
	lm := func() Optimizer { return &LevenbergMarquardt{} }
	tr := func() Optimizer { return &TrustRegion{} }
	for _, c := range []struct {
		name   string
		at     *float64
		whole  *int
		values []float64
		make   func() Optimizer
	}{
		{"lower", &lower, nil, []float64{0.03, 0.1, 0.3}, lm},
		{"raise", &raise, nil, []float64{2, 8, 30}, lm},
		{"firstDamping", &firstDamping, nil, []float64{0.03, 0.3, 3}, lm},
		{"stretch", &stretch, nil, []float64{1.2, 1.5, 2}, lm},
		{"halvings", nil, &halvings, []float64{1, 3, 6}, lm},
		{"atBoundary", &atBoundary, nil, []float64{0.2, 0.4, 0.8}, tr},
		{"newtonHalvings", nil, &newtonHalvings, []float64{3, 6, 9}, tr},
		{"forecastProducts", nil, &forecastProducts, []float64{20, 60, 150}, tr},
	} {
		set := func(v float64) {
			if c.at != nil {
				*c.at = v
			} else {
				*c.whole = int(v)
			}
		}
		standard := c.values[1]
		if now := func() float64 {
			if c.at != nil {
				return *c.at
			}
			return float64(*c.whole)
		}(); now != standard {
			t.Errorf("%s is %g; the middle of the values to compare is %g", c.name, now, standard)
		}
		needed := map[float64]float64{}
		for _, v := range c.values {
			set(v)
			needed[v] = factorizations(t, c.make)
			t.Logf("%-16s %-5g %.1f factorizations", c.name, v, needed[v])
		}
		set(standard)
		for v, n := range needed {
			if n < 2.0/3*needed[standard] {
				t.Errorf("%s: %.1f factorizations with %g, %.1f with %g", c.name, n, v, needed[standard], standard)
			}
		}
	}
}

// factorizations is the geometric mean of those that an optimizer needs to a loss of
// 1e-3, at most 300 of them.
func factorizations(t *testing.T, make func() Optimizer) float64 {
	sum, runs := 0.0, 0
	for _, layers := range []int{3, 8} {
		for _, act := range []nn.Activation{nn.Tanh, nn.ReLU} {
			for seed := range uint64(3) {
				count := 0
				r := &Run{Net: digitsNet(t, layers, 8, act, seed+1), Optimizer: make(), Data: &Sampler{All: digits(16)}, Steps: 300, Target: 1e-3}
				r.Observe = func(rec *Record) { count += rec.Factorizations }
				var stalled *StalledError
				if _, err := r.Do(context.Background()); err != nil && !errors.As(err, &stalled) {
					t.Fatal(err)
				}
				sum += math.Log(float64(min(max(count, 1), 300)))
				runs++
			}
		}
	}
	return math.Exp(sum / float64(runs))
}
