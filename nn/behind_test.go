package nn_test

import (
	"math"
	"strings"
	"testing"

	"costate/internal/alloctest"
	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
)

// deepNet is a network of so many layers that two goroutines linearize it.
func deepNet(t *testing.T, act nn.Activation, bias bool) (*nn.Network, *nn.Batch) {
	t.Helper()
	widths := []int{5}
	for range 700 {
		widths = append(widths, 10)
	}
	net, err := nn.New(5, nn.CrossEntropy, nn.MLP(append(widths, 3), act, bias)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(1, &nn.Init{Gain: 1.5})
	if 2*net.NumParams() < 1<<17 {
		t.Fatalf("%d parameters are too few to share", net.NumParams())
	}
	set, err := data.Gaussian(2, 5, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	return net, set.Batch(0, 2)
}

// A linearization has the same bits on one thread and on two.
func TestLinearizeShared(t *testing.T) {
	for _, act := range []nn.Activation{nn.Tanh, nn.ReLU, nn.Identity} {
		for _, bias := range []bool{false, true} {
			net, batch := deepNet(t, act, bias)
			for _, gauss := range []bool{false, true} {
				one, two := nn.Linearization{GaussNewton: gauss}, nn.Linearization{GaussNewton: gauss}
				net.Backend = blas.NativeThreads(1)
				if err := net.Linearize(&one, batch); err != nil {
					t.Fatal(err)
				}
				net.Backend = blas.NativeThreads(2)
				for range 10 {
					if err := net.Linearize(&two, batch); err != nil {
						t.Fatal(err)
					}
					if one.Loss != two.Loss {
						t.Fatalf("loss %v, want %v", two.Loss, one.Loss)
					}
					for i, v := range two.Gradient {
						if v != one.Gradient[i] {
							t.Fatalf("%s: element %d of the gradient is %v, want %v", act.Name(), i, v, one.Gradient[i])
						}
					}
				}
				if n := alloctest.PerRun(5, func() { _ = net.Linearize(&two, batch) }); n != 0 {
					t.Errorf("%v allocations", n)
				}
			}
		}
	}
}

// What is not finite is reported as on one thread, wherever it is, and with whatever else is
// wrong.
func TestLinearizeSharedErrors(t *testing.T) {
	net, batch := deepNet(t, nn.Identity, true)
	theta := net.Params()
	for _, bad := range []float64{math.NaN(), 1e200} {
		for _, at := range []int{3, len(theta) / 2, len(theta) - 1} {
			p := append([]float64(nil), theta...)
			p[at], p[len(p)/3] = bad, bad
			net.SetParams(p)
			var want string
			for threads := 1; threads <= 2; threads++ {
				net.Backend = blas.NativeThreads(threads)
				var lin nn.Linearization
				err := net.Linearize(&lin, batch)
				switch {
				case threads == 1 && err != nil:
					want = err.Error()
				case threads == 2 && (err == nil) != (want == "") || err != nil && err.Error() != want:
					t.Errorf("%v at %d: %v, want %q", bad, at, err, want)
				}
				if bad == bad {
					continue
				}
				wrong := *batch
				wrong.Labels = wrong.Labels[:1]
				if err := net.Linearize(&lin, &wrong); err == nil || err.Error() != want {
					t.Errorf("with a wrong batch: %v, want %q", err, want)
				}
			}
		}
	}
	net.SetParams(theta)
	wrong := *batch
	wrong.Labels = wrong.Labels[:1]
	if err := net.Linearize(new(nn.Linearization), &wrong); err == nil || !strings.Contains(err.Error(), "labels") {
		t.Errorf("a wrong batch: %v", err)
	}
}

// An activation that panics leaves no goroutine behind that waits for it.
func TestLinearizeSharedPanics(t *testing.T) {
	calls := 0
	act := nn.NewActivation("fails", func(u float64) (f, d1, d2 float64) {
		if calls++; calls == 5000 {
			panic("fails")
		}
		return u, 1, 0
	})
	net, batch := deepNet(t, act, false)
	net.Backend = blas.NativeThreads(2)
	var lin nn.Linearization
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_ = net.Linearize(&lin, batch)
	}()
	if err := net.Linearize(&lin, batch); err != nil {
		t.Error(err)
	}
	if err := lin.Chain.Check(); err != nil {
		t.Error(err)
	}
}
