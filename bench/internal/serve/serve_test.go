package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"costate/bench/internal/protocol"
	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/system"
)

// A client speaks to a server over pipes.
type client struct {
	t   *testing.T
	w   io.WriteCloser
	r   io.Reader
	id  int
	end chan error
}

func newClient(t *testing.T, s *Server) *client {
	t.Helper()
	reqR, reqW := io.Pipe()
	ansR, ansW := io.Pipe()
	c := &client{t: t, w: reqW, r: ansR, end: make(chan error, 1)}
	go func() { c.end <- s.Serve(context.Background(), reqR, ansW) }()
	f, err := protocol.ReadFrame(ansR)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(f.Head), `"costate":1`) {
		t.Fatalf("the greeting is %s", f.Head)
	}
	t.Cleanup(func() {
		reqW.Close()
		if err := <-c.end; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return c
}

type fields map[string]any

// send sends a request and returns its id.
func (c *client) send(op string, f fields, arrays map[string]*protocol.Array) int {
	c.t.Helper()
	c.id++
	head := fields{"id": c.id, "op": op}
	for k, v := range f {
		head[k] = v
	}
	text, err := json.Marshal(head)
	if err != nil {
		c.t.Fatal(err)
	}
	archive, err := protocol.FormatArchive(arrays)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := protocol.WriteFrame(c.w, &protocol.Frame{Head: text, Archive: archive}); err != nil {
		c.t.Fatal(err)
	}
	return c.id
}

// answer reads the next answer.
func (c *client) answer() (map[string]any, map[string]*protocol.Array) {
	c.t.Helper()
	f, err := protocol.ReadFrame(c.r)
	if err != nil {
		c.t.Fatal(err)
	}
	var head map[string]any
	if err := json.Unmarshal(f.Head, &head); err != nil {
		c.t.Fatal(err)
	}
	arrays, err := protocol.ParseArchive(f.Archive)
	if err != nil {
		c.t.Fatal(err)
	}
	return head, arrays
}

// ask sends a request that must succeed.
func (c *client) ask(op string, f fields, arrays map[string]*protocol.Array) (map[string]any, map[string]*protocol.Array) {
	c.t.Helper()
	id := c.send(op, f, arrays)
	head, out := c.answer()
	if head["id"] != float64(id) || head["ok"] != true {
		c.t.Fatalf("%s: %v", op, head)
	}
	return head, out
}

// refuse sends a request that must fail, and returns the error.
func (c *client) refuse(op string, f fields, arrays map[string]*protocol.Array) map[string]any {
	c.t.Helper()
	c.send(op, f, arrays)
	head, _ := c.answer()
	if head["ok"] != false {
		c.t.Fatalf("%s was answered: %v", op, head)
	}
	return head["error"].(map[string]any)
}

func random(rng *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

// network asks for a network with everything in it that has a diagonal by layers.
func (c *client) network(kind string) (handle float64, n int) {
	c.t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	layers := []fields{
		{"kind": "dense", "out": 5, "bias": true, "act": "tanh"},
		{"kind": "layernorm", "eps": 0.1},
		{"kind": "dense", "out": 5, "skip": true, "bias": true, "act": "softplus", "args": []float64{2}},
		{"kind": "dense", "out": 5, "skip": true},
		{"kind": "activation", "act": "silu"},
	}
	n = 25 + 30 + 25
	if kind == "scale" {
		layers = append(layers, fields{"kind": "scale"})
		n += 10
	}
	layers = append(layers, fields{"kind": "dense", "out": 3})
	n += 15
	head, _ := c.ask("network", fields{"network": fields{"inputs": 4, "loss": "ce", "layers": layers}},
		map[string]*protocol.Array{"params": protocol.Floats(random(rng, n), n), "X": protocol.Floats(random(rng, 24), 6, 4),
			"labels": protocol.Integers([]int64{0, 1, 2, 2, 1, 0}, 6)})
	if head["params"] != float64(n) {
		c.t.Fatalf("%v parameters, not %d", head["params"], n)
	}
	return head["handle"].(float64), n
}

func identity(n int) *protocol.Array {
	x := make([]float64, n*n)
	for i := range n {
		x[i*n+i] = 1
	}
	return protocol.Floats(x, n, n)
}

func TestRequests(t *testing.T) {
	for _, kind := range []string{"plain", "scale"} {
		c := newClient(t, &Server{})
		h, n := c.network(kind)
		_, out := c.ask("multiply", fields{"handle": h}, map[string]*protocol.Array{"v": identity(n)})
		hess := out["x"].F
		_, out = c.ask("diagonal", fields{"handle": h}, nil)
		for i, d := range out["x"].F {
			if math.Abs(d-hess[i*n+i]) > 1e-12 {
				t.Errorf("%s: diagonal %d is %v, not %v", kind, i, d, hess[i*n+i])
			}
		}
		head, _ := c.ask("factor", fields{"handle": h, "eps": []float64{0.3}}, nil)
		a := mat.NewSymDense(n, append([]float64(nil), hess...))
		for i := range n {
			a.SetSym(i, i, a.At(i, i)+0.3)
		}
		var e mat.EigenSym
		if !e.Factorize(a, false) {
			t.Fatal("no eigenvalues")
		}
		negative := 0
		for _, v := range e.Values(nil) {
			if v < 0 {
				negative++
			}
		}
		known, _ := c.ask("inertia", fields{"handle": head["handle"]}, nil)
		if got := known["inertia"].(map[string]any); got["negative"] != float64(negative) || got["certain"] != true {
			t.Errorf("%s: inertia %v, but %d eigenvalues are negative", kind, got, negative)
		}
		_, out = c.ask("solve", fields{"handle": head["handle"]}, map[string]*protocol.Array{"b": identity(n)})
		var p mat.Dense
		p.Mul(a, mat.NewDense(n, n, out["x"].F))
		for i := range n {
			for j := range n {
				want := 0.0
				if i == j {
					want = 1
				}
				if math.Abs(p.At(i, j)-want) > 1e-9 {
					t.Fatalf("%s: A A⁻¹ at %d, %d is %v", kind, i, j, p.At(i, j))
				}
			}
		}
		c.ask("free", fields{"free": []any{h, head["handle"]}}, nil)
		if e := c.refuse("diagonal", fields{"handle": h}, nil); e["type"] != "InputError" {
			t.Errorf("after free: %v", e)
		}
	}
}

// The diagonal by products is the twin of that by layers.
func TestDiagonalTwins(t *testing.T) {
	net, err := nn.New(3, nn.CrossEntropy, &nn.Dense{Out: 4, Act: nn.Tanh, Bias: true}, &nn.Dense{Out: 4, Act: nn.GELU, Skip: true}, nn.LayerNorm{}, &nn.Dense{Out: 2})
	if err != nil {
		t.Fatal(err)
	}
	net.Init(1, nil)
	rng := rand.New(rand.NewPCG(3, 4))
	var lin nn.Linearization
	if err := net.Linearize(&lin, &nn.Batch{N: 5, X: random(rng, 15), Labels: []int{0, 1, 1, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*system.Chain{&lin.Chain, lin.Chain.GaussNewton()} {
		a, b := make([]float64, net.NumParams()), make([]float64, net.NumParams())
		if !diagonalByLayers(a, c) {
			t.Fatal("no diagonal by layers")
		}
		k := &call{ctx: context.Background()}
		if err := k.diagonalByProducts(b, c); err != nil {
			t.Fatal(err)
		}
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-13 {
				t.Errorf("%s: %v by layers, %v by products", net.ParamName(i), a[i], b[i])
			}
		}
	}
}

// Integers are taken where floats are asked for, with their values.
func TestIntegers(t *testing.T) {
	c := newClient(t, &Server{})
	// [2 1; 1 3] x = [5; 10] has the solution [1; 3].
	pattern := func(val *protocol.Array) map[string]*protocol.Array {
		return map[string]*protocol.Array{"ptr": protocol.Integers([]int64{0, 1, 3}, 3), "col": protocol.Integers([]int64{0, 0, 1}, 3), "val": val}
	}
	head, _ := c.ask("sparse", nil, pattern(protocol.Integers([]int64{2, 1, 3}, 3)))
	_, out := c.ask("solve", fields{"handle": head["handle"]}, map[string]*protocol.Array{"b": protocol.Integers([]int64{5, 10}, 2, 1)})
	if x := out["x"].F; len(x) != 2 || math.Abs(x[0]-1) > 1e-12 || math.Abs(x[1]-3) > 1e-12 {
		t.Errorf("the solution is %v, not [1 3]", x)
	}
	// One weight of 2 with the inputs 1 and 3 has the outputs 2 and 6.
	head, _ = c.ask("network", fields{"network": fields{"inputs": 1, "loss": "mse", "layers": []fields{{"kind": "dense", "out": 1}}}},
		map[string]*protocol.Array{"params": protocol.Floats([]float64{2}, 1), "X": protocol.Integers([]int64{1, 3}, 2, 1), "T": protocol.Floats([]float64{0, 0}, 2, 1)})
	if _, out := c.ask("gradient", fields{"handle": head["handle"]}, nil); out["outputs"].F[0] != 2 || out["outputs"].F[1] != 6 {
		t.Errorf("the outputs are %v, not [2 6]", out["outputs"].F)
	}
}

// Solves beside new values are of one matrix or the other. The test is one of the
// race detector, too.
func TestSolvesBesideValues(t *testing.T) {
	c := newClient(t, &Server{})
	matrix := func(scale float64) map[string]*protocol.Array {
		return map[string]*protocol.Array{"ptr": protocol.Integers([]int64{0, 1, 2}, 3), "col": protocol.Integers([]int64{0, 1}, 2),
			"val": protocol.Floats([]float64{scale, scale}, 2)}
	}
	head, _ := c.ask("sparse", nil, matrix(1))
	h := head["handle"]
	const rounds = 200
	go func() {
		for i := range rounds {
			c.send("values", fields{"handle": h}, matrix(float64(1+i%2)))
			c.send("solve", fields{"handle": h}, map[string]*protocol.Array{"b": protocol.Floats([]float64{2, 2}, 2, 1)})
		}
	}()
	for range 2 * rounds {
		head, out := c.answer()
		if head["ok"] != true {
			t.Fatal(head)
		}
		if x := out["x"]; x != nil && (x.F[0] != x.F[1] || x.F[0] != 1 && x.F[0] != 2) {
			t.Fatalf("the solution is %v", x.F)
		}
	}
}

func TestRefusals(t *testing.T) {
	c := newClient(t, &Server{})
	h, n := c.network("plain")
	params := func(n int) map[string]*protocol.Array {
		return map[string]*protocol.Array{"params": protocol.Floats(make([]float64, n), n), "X": protocol.Floats([]float64{1}, 1, 1), "T": protocol.Floats([]float64{1}, 1, 1)}
	}
	spec := func(layers ...fields) fields {
		return fields{"network": fields{"inputs": 1, "loss": "mse", "layers": layers}}
	}
	weighed := func(loss string, weights fields) fields {
		network := fields{"inputs": 1, "loss": loss, "layers": []fields{{"kind": "dense", "out": 1}}}
		maps.Copy(network, weights)
		return fields{"network": network}
	}
	for _, r := range []struct {
		op     string
		f      fields
		arrays map[string]*protocol.Array
		words  string
	}{
		{"dance", nil, nil, "unknown operation"},
		{"factor", fields{"handle": 99}, nil, "nothing under the handle"},
		{"solve", fields{"handle": h}, nil, "not that of a factorization"},
		{"inertia", fields{"handle": h}, nil, "not that of a factorization"},
		{"multiply", fields{"handle": h}, nil, "v is missing"},
		{"multiply", fields{"handle": h}, map[string]*protocol.Array{"v": protocol.Floats(make([]float64, n), n)}, "shape"},
		{"factor", fields{"handle": h, "eps": []float64{1, 2}}, nil, "eps has 2"},
		{"factor", fields{"handle": h, "eps": []any{"NaN"}}, nil, "finite"},
		{"train", fields{"handle": h}, nil, "limit"},
		{"train", fields{"handle": h, "steps": 1, "damping": -1}, nil, "damping"},
		{"network", nil, params(1), "no description"},
		{"network", spec(), params(0), "without parameters"},
		{"network", spec(fields{"kind": "dense", "out": int64(1 << 50)}), params(1), "more parameters"},
		{"network", spec(fields{"kind": "dense", "out": -1}), params(1), "at least one output"},
		{"network", spec(fields{"kind": "conv", "out": 1, "kernel": int64(1 << 40), "height": 1, "width": 1}), params(1), "kernel"},
		{"network", spec(fields{"kind": "conv1d", "out": 1, "kernel": 1, "width": 1}, fields{"kind": "scale"}), params(2), "more parameters"},
		{"network", spec(fields{"kind": "dense", "out": 4}, fields{"kind": "scale", "tokens": 3}), params(6), "3 tokens"},
		{"network", spec(fields{"kind": "dense", "out": 4}, fields{"kind": "scale", "tokens": 5}), params(6), "tokens 5"},
		{"network", spec(fields{"kind": "dense", "out": 4}, fields{"kind": "scale", "tokens": -1}), params(6), "tokens -1"},
		{"network", spec(fields{"kind": "dense", "out": 4}, fields{"kind": "scale", "tokens": 2}, fields{"kind": "dense", "out": 1}), params(11), "more parameters"},
		{"network", spec(fields{"kind": "dense", "out": 4}, fields{"kind": "scale", "no_shift": true}), params(9), "the layers have 8"},
		{"network", weighed("mse", fields{"pos_weight": []float64{1}}), params(1), "has no pos_weight"},
		{"network", weighed("bce", fields{"pos_weight": []float64{1, 2}}), params(1), "2 positive weights for 1 outputs"},
		{"network", weighed("bce", fields{"weight": []float64{-1}}), params(1), "entry 0 of the weights is -1"},
		{"network", weighed("bce", fields{"target_weights": true}), params(1), "T has the shape (1, 1); it must be (1, 2)"},
		{"network", spec(fields{"kind": "flatten", "height": int64(1 << 40), "width": int64(1 << 40)}), params(1), "height"},
		{"network", spec(fields{"kind": "conv", "out": 1, "kernel": []int{1, 1, 1}, "height": 1, "width": 1}), params(1), "a number, or two of them"},
		{"network", spec(fields{"kind": "conv", "out": 1, "kernel": []int64{1, 1 << 40}, "height": 1, "width": 1}), params(1), "kernel"},
		{"network", spec(fields{"kind": "conv", "out": 3, "kernel": 1, "groups": 2, "height": 1, "width": 1}), params(3), "in 2 groups; their number must divide both"},
		{"network", spec(fields{"kind": "conv1d", "out": 1, "kernel": 1, "width": 1, "pad": []int{0, 1}}), params(1), "conv1d with two numbers, 0×1; it takes one"},
		{"network", spec(fields{"kind": "avgpool", "kernel": []int{1, 2}, "height": 1, "width": 1}), params(0), "average pooling over 1×2 positions of an image of 1×1"},
		{"network", spec(fields{"kind": "dense", "out": 2}, fields{"kind": "lengths"}), params(2), "must be the first layer"},
		{"network", spec(fields{"kind": "lengths"}), params(0), "it needs the length and at least one number"},
		{"network", spec(fields{"kind": "residual"}), params(1), "without layers"},
		{"network", spec(fields{"kind": "residual", "layers": []fields{{"kind": "dense", "out": 1}, {"kind": "gru"}}}), params(1), "layer 3"},
		{"network", spec(fields{"kind": "residual", "layers": []fields{{"kind": "dense", "out": 2}}}), params(2), "must be equal"},
		{"network", spec(fields{"kind": "dense", "out": 1}), params(2), "the layers have 1"},
		{"network", spec(fields{"kind": "dense", "out": 1, "act": "magic"}), params(1), "unknown activation"},
		{"network", spec(fields{"kind": "dense", "out": 1, "act": "tanh", "args": []float64{1}}), params(1), "no argument"},
		{"network", spec(fields{"kind": "dense", "out": 1, "act": "softplus", "args": []float64{0}}), params(1), "beta"},
		{"network", spec(fields{"kind": "layernorm"}), params(1), "layer norm"},
		{"network", spec(fields{"kind": "lstm"}), params(1), "not known"},
		{"sparse", nil, map[string]*protocol.Array{"ptr": protocol.Integers([]int64{0, 2}, 2), "col": protocol.Integers([]int64{0}, 1), "val": protocol.Floats([]float64{1}, 1)}, "ptr goes"},
		{"sparse", nil, map[string]*protocol.Array{"ptr": protocol.Integers([]int64{0, 5, 1}, 3), "col": protocol.Integers([]int64{0}, 1), "val": protocol.Floats([]float64{1}, 1)}, "ptr[1]"},
		{"sparse", nil, map[string]*protocol.Array{"ptr": protocol.Integers([]int64{0, 1}, 2), "col": protocol.Integers([]int64{1}, 1), "val": protocol.Floats([]float64{1}, 1)}, "lower triangle"},
		{"sparse", fields{"full": true}, map[string]*protocol.Array{"ptr": protocol.Integers([]int64{0, 1}, 2), "col": protocol.Integers([]int64{7}, 1), "val": protocol.Floats([]float64{1}, 1)}, ""},
		{"sparse", nil, map[string]*protocol.Array{"ptr": protocol.Floats([]float64{0, 1}, 2)}, "integers"},
	} {
		e := c.refuse(r.op, r.f, r.arrays)
		if e["type"] != "InputError" || !strings.Contains(e["message"].(string), r.words) {
			t.Errorf("%s %v: %v, want something about %q", r.op, r.f, e, r.words)
		}
	}
	if head, _ := c.ask("ping", nil, nil); head["ok"] != true {
		t.Error("no answer any more")
	}
}

// heldBackend is one with a kernel that says that it was called, and waits.
type heldBackend struct {
	blas.Backend
	called, release chan struct{}
}

func (h heldBackend) Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) int {
	h.called <- struct{}{}
	<-h.release
	return h.Backend.Sytrf(n, a, lda, e, perm, work)
}

// Ids are positive, and of one request at a time.
// A description of a few bytes cannot make the server take more memory than it may.
func TestMemoryOfNetworks(t *testing.T) {
	c := newClient(t, &Server{Memory: 1 << 20})
	arrays := func(params, samples int) map[string]*protocol.Array {
		return map[string]*protocol.Array{"params": protocol.Floats(make([]float64, params), params), "X": protocol.Floats(make([]float64, samples), samples, 1),
			"T": protocol.Floats(make([]float64, samples), samples, 1)}
	}
	spec := func(layers ...fields) fields {
		return fields{"network": fields{"inputs": 1, "loss": "mse", "layers": layers}}
	}
	for _, e := range []map[string]any{
		c.refuse("network", spec(fields{"kind": "conv", "out": 1, "kernel": 1, "height": 1, "width": 1, "pad": 1 << 12}), arrays(1, 1)),
		c.refuse("network", spec(fields{"kind": "dense", "out": 2000}, fields{"kind": "dense", "out": 1}), arrays(4000, 100)),
	} {
		if e["type"] != "MemoryError" || e["limit"].(float64) != 1<<20 || e["needed"].(float64) <= 1<<20 {
			t.Errorf("%v, want a MemoryError", e)
		}
	}
}

func TestIDs(t *testing.T) {
	held := heldBackend{blas.Native(), make(chan struct{}, 100), make(chan struct{})}
	defer close(held.release)
	c := newClient(t, &Server{Backend: held})
	for _, id := range []int{0, -3} {
		for _, op := range []string{"ping", "diagonal", "free"} {
			if op == "free" && id == 0 {
				continue // it may do without
			}
			if e := c.refuse(op, fields{"id": id}, nil); e["type"] != "InputError" || !strings.Contains(e["message"].(string), "positive id") {
				t.Errorf("%s with the id %d: %v", op, id, e)
			}
		}
	}
	h, _ := c.network("plain")
	id := c.send("factor", fields{"handle": h, "eps": []float64{-0.01}, "method": "chain"}, nil)
	<-held.called
	for _, op := range []string{"ping", "free", "diagonal"} {
		if e := c.refuse(op, fields{"id": id, "handle": h}, nil); e["type"] != "InputError" {
			t.Errorf("%s with an id that is taken: %v", op, e)
		}
	}
	// What is cancelled is answered, and its id is free.
	c.send("cancel", fields{"id": 0, "cancel": id}, nil)
	if head, _ := c.answer(); head["id"] != float64(id) || head["ok"] != false {
		t.Fatal(head)
	}
	c.send("diagonal", fields{"id": id, "handle": h}, nil)
	if head, _ := c.answer(); head["id"] != float64(id) || head["ok"] != true {
		t.Error(head)
	}
	if head, _ := c.ask("move", fields{"handle": h}, map[string]*protocol.Array{"params": protocol.Floats(make([]float64, 95), 95)}); head["handle"] != nil {
		t.Errorf("move was answered with a handle: %v", head)
	}
}

// A request that is not JSON is answered, one that is no frame ends the stream.
func TestBadStreams(t *testing.T) {
	c := newClient(t, &Server{})
	if err := protocol.WriteFrame(c.w, &protocol.Frame{Head: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	if head, _ := c.answer(); head["ok"] != false {
		t.Error(head)
	}
	if err := protocol.WriteFrame(c.w, &protocol.Frame{Head: []byte(`{"id":5,"op":"diagonal"}`), Archive: []byte("no archive")}); err != nil {
		t.Fatal(err)
	}
	if head, _ := c.answer(); head["ok"] != false || head["id"] != 5.0 {
		t.Error(head)
	}
	if err := new(Server).Serve(context.Background(), strings.NewReader("GET / HTTP/1.1\r\n\r\n"), io.Discard); err == nil {
		t.Error("a stream of something else was served")
	}
}

// slowBackend is one whose kernels take long, and say that they were called.
type slowBackend struct {
	blas.Backend
	called chan struct{}
	once   *sync.Once
}

func (s slowBackend) Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) int {
	s.once.Do(func() { close(s.called) })
	time.Sleep(20 * time.Millisecond)
	return s.Backend.Sytrf(n, a, lda, e, perm, work)
}

func TestCancel(t *testing.T) {
	slow := slowBackend{blas.Native(), make(chan struct{}), new(sync.Once)}
	c := newClient(t, &Server{Backend: slow})
	rng := rand.New(rand.NewPCG(5, 6))
	layers := make([]fields, 500)
	for i := range layers {
		layers[i] = fields{"kind": "dense", "out": 4, "act": "tanh"}
	}
	n := 500 * 16
	head, _ := c.ask("network", fields{"network": fields{"inputs": 4, "loss": "mse", "layers": layers}},
		map[string]*protocol.Array{"params": protocol.Floats(random(rng, n), n), "X": protocol.Floats(random(rng, 8), 2, 4), "T": protocol.Floats(random(rng, 8), 2, 4)})
	h := head["handle"]
	start := time.Now()
	id := c.send("factor", fields{"handle": h, "eps": []float64{-0.01}, "method": "chain"}, nil)
	<-slow.called
	c.send("cancel", fields{"id": 0, "cancel": id}, nil)
	head, _ = c.answer()
	if head["id"] != float64(id) || head["ok"] != false || head["error"].(map[string]any)["type"] != "Cancelled" {
		t.Fatal(head)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("cancelled after %v", took)
	}
	c.ask("multiply", fields{"handle": h}, map[string]*protocol.Array{"v": protocol.Floats(random(rng, n), n, 1)})
}

func TestListen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "socket")
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{}
	end := make(chan error, 1)
	ready := make(chan struct{})
	go func() { end <- s.Listen(ctx, path, func() { close(ready) }) }()
	<-ready
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := protocol.ReadFrame(conn); err != nil || !bytes.Contains(f.Head, []byte("costate")) {
		t.Error(f, err)
	}
	conn.Close()
	if err := s.Listen(ctx, path, func() {}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second server: %v", err)
	}
	stop()
	if err := <-end; err != context.Canceled {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("the socket is left")
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(context.Background(), file, func() {}); err == nil || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("at a file: %v", err)
	}
}

// FuzzRequest: whatever a frame holds, there is one answer or none, and no panic.
func FuzzRequest(f *testing.F) {
	archive, err := protocol.FormatArchive(map[string]*protocol.Array{"params": protocol.Floats([]float64{1, 2}, 2), "X": protocol.Floats([]float64{1}, 1, 1), "T": protocol.Floats([]float64{1}, 1, 1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"id":1,"op":"network","network":{"inputs":1,"loss":"mse","layers":[{"kind":"dense","out":1,"bias":true,"act":"tanh"}]}}`), archive)
	f.Add([]byte(`{"id":1,"op":"network","network":{"inputs":8,"loss":"mse","layers":[{"kind":"unflatten","height":2,"width":2},{"kind":"residual","layers":[{"kind":"conv","out":2,"kernel":1,"act":"sine"}]},{"kind":"avgpool","kernel":2},{"kind":"mean","tokens":1},{"kind":"flatten"}]}}`), archive)
	f.Add([]byte(`{"id":1,"op":"network","network":{"inputs":12,"loss":"ce","layers":[{"kind":"attention","tokens":2,"heads":1,"causal":true},{"kind":"layernorm","eps":1,"tokens":2},{"kind":"conv1d","out":1,"kernel":2,"width":2}]}}`), archive)
	f.Add([]byte(`{"id":1,"op":"network","network":{"inputs":1,"loss":"bce","pos_weight":[2],"weight":[0.5],"target_weights":true,"layers":[{"kind":"dense","out":1},{"kind":"scale","no_shift":true}]}}`), archive)
	f.Add([]byte(`{"id":1,"op":"network","network":{"inputs":7,"loss":"mse","layers":[{"kind":"lengths"},{"kind":"attention","tokens":2,"heads":1},{"kind":"avgpool","kernel":[1,2],"stride":[2,1],"height":1,"width":2}]}}`), archive)
	matrix, err := protocol.FormatArchive(map[string]*protocol.Array{"ptr": protocol.Integers([]int64{0, 1, 3}, 3), "col": protocol.Integers([]int64{0, 0, 1}, 3), "val": protocol.Floats([]float64{2, 1, 3}, 3)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"id":2,"op":"sparse"}`), matrix)
	f.Add([]byte(`{"id":3,"op":"free","free":[1,2]}`), []byte{})
	f.Fuzz(func(t *testing.T, head, archive []byte) {
		var q request
		if json.Unmarshal(head, &q) != nil {
			return
		}
		if q.Seconds != 0 || q.Steps > 3 {
			return // it may take as long as it says
		}
		var out bytes.Buffer
		c := newConn(context.Background(), &Server{Memory: 1 << 26}, &out)
		k := &call{conn: c, ctx: context.Background(), stop: func() {}, request: &q, frame: &protocol.Frame{Head: head, Archive: archive}}
		if q.Shared != nil {
			return // other files than those of the test
		}
		_, err := k.compute()
		if e, ok := err.(*internalError); ok {
			t.Fatalf("%s\n%s", e.what, e.stack)
		}
	})
}

// A computation that was cancelled leaves nothing behind that stops the next one.
func TestStopperForgets(t *testing.T) {
	s := &stopper{Backend: blas.Native()}
	for range 1000 {
		ctx, cancel := context.WithCancel(context.Background())
		end := s.until(ctx)
		cancel()
		if !end() {
			t.Fatal("it was not stopped")
		}
		next := s.until(context.Background())
		a := []float64{4}
		if !s.Potrf(1, a, 1) || a[0] != 2 {
			t.Fatal("a kernel did nothing")
		}
		if next() {
			t.Fatal("the next computation was stopped")
		}
	}
}

// A fakeSolver reports one error after the other.
type fakeSolver struct {
	solver
	errors []float64
	solves int
}

func (f *fakeSolver) SolveTo(*mat.Dense, mat.Matrix) error { f.solves++; return nil }
func (f *fakeSolver) Report() factor.Report {
	return factor.Report{BackwardError: f.errors[f.solves-1], Refinements: f.solves % 2}
}

// The report of many columns has the worst of all, not those of the last ones.
func TestWorstColumn(t *testing.T) {
	s := &fakeSolver{errors: []float64{1e-16, 5e-16, 2e-16, 3e-16}}
	k := &call{ctx: context.Background()}
	r, err := k.solveColumns(s, mat.NewDense(2, 250, nil))
	if err != nil || s.solves != 4 || r.BackwardError != 5e-16 || r.Refinements != 1 {
		t.Errorf("%d solves: %+v, %v", s.solves, r, err)
	}
}
