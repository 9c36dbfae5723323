package laplace

import (
	"errors"
	"math"
	"testing"

	"costate/factor"
	"costate/nn"
)

// TestSpaces: output space and the space of the parameters agree to rounding, and the
// choice is by what counts fewer flops, and fits.
func TestSpaces(t *testing.T) {
	for _, tc := range []struct {
		widths []int
		n      int
		want   space
	}{{[]int{2, 4, 3}, 40, params}, {[]int{8, 9, 3}, 12, outputs}} {
		net, data := problem(t, nn.CrossEntropy, nn.Tanh, tc.widths, tc.n, 4)
		var all [3]*Laplace
		for i := range all {
			l := &Laplace{Groups: Tensor, space: space(i)}
			if err := l.Fit(net, data, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := l.MaximizeEvidence(nil); err != nil {
				t.Fatal(err)
			}
			all[i] = l
		}
		if all[cheapest].in != tc.want || all[outputs].in != outputs || all[params].in != params {
			t.Errorf("%d samples of %v: space %d, wanted %d", tc.n, tc.widths, all[0].in, tc.want)
		}
		a, b := all[outputs], all[params]
		va, erra := a.LogMarginal()
		vb, errb := b.LogMarginal()
		if erra != nil || errb != nil || !(math.Abs(va-vb) <= 1e-11*math.Abs(va)) {
			t.Errorf("log evidence %v in output space (%v), %v in that of the parameters (%v)", va, erra, vb, errb)
		}
		for i, v := range a.PriorPrecision {
			if !(math.Abs(math.Log(v/b.PriorPrecision[i])) <= 1e-6) {
				t.Errorf("precision %d: %v and %v", i, v, b.PriorPrecision[i])
			}
		}
	}
}

// TestSpacesMemory: where output space does not fit that of the parameters is taken, and
// the error of neither fitting tells of samples.
func TestSpacesMemory(t *testing.T) {
	net, data := problem(t, nn.CrossEntropy, nn.Tanh, []int{4, 8, 3}, 25, 4) // 67 parameters, 50 outputs
	var l Laplace
	if err := l.Fit(net, data, nil); err != nil || l.in != outputs {
		t.Errorf("%v, in space %d", err, l.in)
	}
	// ARD keeps a matrix for each input.
	l = Laplace{Groups: ARD}
	if err := l.Fit(net, data, &factor.Options{MemoryLimit: 300_000}); err != nil || l.in != params {
		t.Errorf("%v, in space %d", err, l.in)
	}
	var memory *factor.MemoryError
	if err := l.Fit(net, data, &factor.Options{MemoryLimit: 100_000}); !errors.As(err, &memory) || memory.Instead == "" {
		t.Errorf("100 kB: %v", err)
	}
}
