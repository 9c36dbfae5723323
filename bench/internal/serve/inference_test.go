package serve

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"costate/bench/internal/protocol"
	"costate/la/blas"
)

// images asks for a network of every kind of layer that has positions, and returns its
// handle and the number of parameters.
func (c *client) images() (handle any, n int) {
	c.t.Helper()
	layers := []fields{
		{"kind": "unflatten", "height": 3, "width": 3, "channels": 2},
		{"kind": "conv", "out": 3, "kernel": 2, "pad": 1, "bias": true, "act": "sine", "args": []float64{1.5}},
		{"kind": "residual", "layers": []fields{{"kind": "layernorm", "eps": 0.1, "tokens": 16}, {"kind": "conv", "out": 3, "kernel": 1, "act": "tanh"}}},
		{"kind": "avgpool", "kernel": 2},
		{"kind": "scale", "tokens": 4},
		{"kind": "tokens", "tokens": 4, "out": 6},
		{"kind": "attention", "tokens": 4, "heads": 2},
		{"kind": "flatten"},
		{"kind": "unflatten", "height": 1, "width": 4, "channels": 2},
		{"kind": "conv1d", "out": 2, "kernel": 2, "width": 4, "channels": 2, "bias": true},
		{"kind": "unflatten", "height": 1, "width": 3, "channels": 2},
		{"kind": "conv", "out": 4, "kernel": []int{1, 2}, "stride": []int{1, 1}, "pad": []int{0, 1}, "groups": 2, "bias": true},
		{"kind": "conv1d", "out": 2, "kernel": 2, "groups": 2},
		{"kind": "mean", "tokens": 3},
	}
	n = 4*2 + 4 + 2*4 + 3*8 + 3 + 9 + 6 + 18 + 8 + 2
	rng := rand.New(rand.NewPCG(3, 4))
	head, _ := c.ask("network", fields{"network": fields{"inputs": 18, "loss": "poisson", "layers": layers}},
		map[string]*protocol.Array{"params": protocol.Floats(random(rng, n), n), "X": protocol.Floats(random(rng, 72), 4, 18), "T": protocol.Floats(make([]float64, 8), 4, 2)})
	if head["params"] != float64(n) {
		c.t.Fatalf("%v parameters, not %d", head["params"], n)
	}
	return head["handle"], n
}

// Products, eigenvalues and the diagonal of a network with layers of positions agree.
func TestLayersOfPositions(t *testing.T) {
	c := newClient(t, &Server{})
	h, n := c.images()
	_, out := c.ask("multiply", fields{"handle": h}, map[string]*protocol.Array{"v": identity(n)})
	hess := out["x"].F
	_, out = c.ask("diagonal", fields{"handle": h}, nil)
	for i, d := range out["x"].F {
		if math.Abs(d-hess[i*n+i]) > 1e-12 {
			t.Errorf("diagonal %d is %v, not %v", i, d, hess[i*n+i])
		}
	}
	head, out := c.ask("eigenpairs", fields{"handle": h, "count": 2, "which": "largest"}, nil)
	if head["complete"] != true || len(out["values"].F) != 2 {
		t.Fatalf("%v %v", head, out["values"])
	}
	for j, value := range out["values"].F {
		for i := range n {
			hv := 0.0
			for l := range n {
				hv += hess[i*n+l] * out["vectors"].F[l*2+j]
			}
			if want := value * out["vectors"].F[i*2+j]; math.Abs(hv-want) > 1e-9*math.Abs(out["values"].F[0]) {
				t.Fatalf("pair %d: element %d of Hv is %v, of λv %v", j, i, hv, want)
			}
		}
	}
}

// A sample of a network that begins with lengths is the one of its tokens that count.
func TestLengths(t *testing.T) {
	c := newClient(t, &Server{})
	layers := []fields{{"kind": "lengths"}, {"kind": "tokens", "tokens": 3, "out": 6, "bias": true}, {"kind": "attention", "heads": 2}, {"kind": "mean"}}
	params := random(rand.New(rand.NewPCG(1, 4)), 18)
	outputs := func(layers []fields, x []float64, samples int) []float64 {
		head, _ := c.ask("network", fields{"network": fields{"inputs": len(x) / samples, "loss": "mse", "layers": layers}},
			map[string]*protocol.Array{"params": protocol.Floats(params, 18), "X": protocol.Floats(x, samples, len(x)/samples), "T": protocol.Floats(make([]float64, 2*samples), samples, 2)})
		_, out := c.ask("gradient", fields{"handle": head["handle"]}, nil)
		return out["outputs"].F
	}
	got := outputs(layers, []float64{2, 0.5, -3, 1, 0, 8, -8, 3, 7, 7, 0, 0, 1, -1}, 2)[:2]
	layers[1]["tokens"] = 2
	want := outputs(layers[1:], []float64{0.5, -3, 1, 0}, 1)
	for i, v := range want {
		if math.Abs(got[i]-v) > 1e-14 {
			t.Errorf("%v, of the tokens alone %v", got, want)
		}
	}
	layers[1]["tokens"] = 3
	e := c.refuse("network", fields{"network": fields{"inputs": 7, "loss": "mse", "layers": layers}}, map[string]*protocol.Array{
		"params": protocol.Floats(params, 18), "X": protocol.Floats([]float64{4, 1, 1, 1, 1, 1, 1}, 1, 7), "T": protocol.Floats([]float64{0, 0}, 1, 2)})
	if e["type"] != "InputError" || !strings.Contains(e["message"].(string), "must be a whole number from 1 to 3") {
		t.Errorf("%v", e)
	}
}

func TestRefusalsOfInference(t *testing.T) {
	c := newClient(t, &Server{})
	h, n := c.network("plain")
	v := map[string]*protocol.Array{"v": protocol.Floats(make([]float64, n), n, 1)}
	head, _ := c.ask("influence", fields{"handle": h, "damping": 2}, nil)
	influence := head["handle"]
	for _, r := range []struct {
		op     string
		f      fields
		arrays map[string]*protocol.Array
		words  string
	}{
		{"eigenpairs", fields{"handle": h, "count": n + 1, "which": "near"}, nil, "count"},
		{"eigenpairs", fields{"handle": h, "count": 1, "which": "inner"}, nil, "which"},
		{"eigenpairs", fields{"handle": h, "count": 1, "which": "near", "near": "NaN"}, nil, "near"},
		{"eigenpairs", fields{"handle": h, "count": 1, "which": "near", "products": true}, nil, "products"},
		{"function", fields{"handle": h, "function": "exp", "eps": []float64{1}}, v, "function"},
		{"function", fields{"handle": h, "function": "sign", "eps": []float64{0}}, v, "eps"},
		{"function", fields{"handle": h, "function": "sign", "eps": []float64{1}}, nil, "v is missing"},
		{"influence", fields{"handle": influence}, nil, "not that of a network"},
		{"influence", fields{"handle": h, "damping": "Infinity"}, nil, "damping"},
		{"influence_pairs", fields{"handle": influence}, nil, "X is missing"},
		{"influence_on_params", fields{"handle": influence, "index": 6}, nil, "index"},
		{"influence_on_scalar", fields{"handle": influence}, nil, "v is missing"},
		{"influence_self", fields{"handle": h}, nil, "not that of an influence"},
		{"laplace", fields{"handle": h, "groups": "none"}, nil, "groups"},
		{"laplace", fields{"handle": h, "precision": []float64{-1}}, nil, "precision"},
		{"evidence", fields{"handle": h}, nil, "not that of a posterior"},
		{"predict", fields{"handle": influence}, nil, "not that of a posterior"},
		{"inverse_diagonal", fields{"handle": h}, nil, "not that of a factorization"},
		{"sample", fields{"handle": h, "count": 1}, nil, "not that of a factorization"},
	} {
		e := c.refuse(r.op, r.f, r.arrays)
		if e["type"] != "InputError" || !strings.Contains(e["message"].(string), r.words) {
			t.Errorf("%s %v: %v, want something about %q", r.op, r.f, e, r.words)
		}
	}
}

// What was cancelled midway is not used again.
func TestSpoiled(t *testing.T) {
	begin := func() (*call, func() error) {
		ctx, cancel := context.WithCancel(context.Background())
		return &call{ctx: ctx, request: &request{}}, func() error { cancel(); return nil }
	}
	f := &influences{stop: &stopper{Backend: blas.Native()}}
	p := &posterior{stop: &stopper{Backend: blas.Native()}}
	for _, do := range []func(*call, func() error) error{f.do, p.exclusive} {
		k, cancelling := begin()
		if err := do(k, cancelling); !errors.Is(err, errCancelled) {
			t.Errorf("cancelled: %v", err)
		}
		k, _ = begin()
		if err := do(k, func() error { return nil }); !errors.Is(err, errSpoiled) {
			t.Errorf("afterwards: %v", err)
		}
	}
}
