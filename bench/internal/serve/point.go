package serve

import (
	"fmt"
	"sync"

	"costate/bench/internal/protocol"
	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/system"
)

// A point is a network with a batch, linearized: what stands for H.
type point struct {
	backend     blas.Backend
	batch       *nn.Batch
	gaussNewton bool

	mu  sync.RWMutex
	net *nn.Network
	now *linearized
}

// linearized is a point at some parameters. It does not change: factorizations keep
// the one that they were made at.
type linearized struct {
	lin      *nn.Linearization
	chain    *system.Chain
	products products
}

// network makes a point.
func (k *call) network() (*answer, error) {
	params, err := k.floats("params", -1)
	if err != nil {
		return nil, err
	}
	net, err := k.request.Network.build(params, k.conn.server.Memory)
	if err != nil {
		return nil, err
	}
	p := &point{backend: k.conn.server.backend(), net: net}
	net.Backend = p.backend
	switch k.request.Curvature {
	case "", "hessian":
	case "ggn":
		p.gaussNewton = true
	default:
		return nil, inputf("curvature %.80q; it must be hessian or ggn", k.request.Curvature)
	}
	if p.batch, err = k.batch(net); err != nil {
		return nil, err
	}
	if limit := k.conn.server.Memory; limit > 0 {
		if need := net.LinearizationBytes(p.batch.N, p.gaussNewton); need > limit {
			return nil, &factor.MemoryError{Needed: need, Limit: limit, What: fmt.Sprintf("the derivatives of the network on %d samples", p.batch.N)}
		}
	}
	if err := p.linearize(); err != nil {
		return nil, err
	}
	return &answer{fields: p.fields(), object: p}, nil
}

// batch reads the arrays X, T or labels, and weights.
func (k *call) batch(net *nn.Network) (*nn.Batch, error) {
	x, err := k.floats("X", -1, net.Inputs())
	if err != nil {
		return nil, err
	}
	b := &nn.Batch{N: len(x) / net.Inputs(), X: x}
	if k.arrays["labels"] != nil {
		labels, err := k.integers("labels", b.N)
		if err != nil {
			return nil, err
		}
		b.Labels = make([]int, b.N)
		for i, v := range labels {
			b.Labels[i] = int(v)
		}
	} else if b.T, err = k.floats("T", b.N, net.Targets()); err != nil {
		return nil, err
	}
	if k.arrays["weights"] != nil {
		if b.Weights, err = k.floats("weights", b.N); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// linearize takes the network's parameters as the point.
func (p *point) linearize() error {
	l := &linearized{lin: &nn.Linearization{GaussNewton: p.gaussNewton}}
	if err := p.net.Linearize(l.lin, p.batch); err != nil {
		return &inputError{err}
	}
	l.chain = &l.lin.Chain
	if p.gaussNewton {
		l.chain = l.chain.GaussNewton()
	}
	l.products = products{chain: l.chain, backend: p.backend}
	p.now = l
	return nil
}

func (p *point) fields() map[string]any {
	return map[string]any{"params": p.net.NumParams(), "stages": len(p.now.chain.Stages),
		"states": p.now.chain.States(), "loss": protocol.Number(p.now.lin.Loss)}
}

// current returns the point's linearization.
func (p *point) current() *linearized {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.now
}

// move takes other parameters. Factorizations stay at the old ones until they are
// updated.
func (k *call) move() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	params, err := k.floats("params", p.net.NumParams())
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.net.Params()
	p.net.SetParams(params)
	if err := p.linearize(); err != nil {
		p.net.SetParams(before)
		return nil, err
	}
	return &answer{fields: p.fields()}, nil
}

// gradient answers with the gradient of the loss and the outputs of the network.
func (k *call) gradient() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	l := p.current()
	n := len(l.lin.Outputs) / p.batch.N
	return &answer{arrays: map[string]*protocol.Array{
		"gradient": protocol.Floats(l.lin.Gradient, len(l.lin.Gradient)),
		"outputs":  protocol.Floats(l.lin.Outputs, p.batch.N, n),
	}}, nil
}

// products lends workspaces for products with the matrix of a chain.
type products struct {
	chain   *system.Chain
	backend blas.Backend
	mu      sync.Mutex
	free    []*system.Product
}

func (p *products) get() *system.Product {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		x := p.free[n-1]
		p.free = p.free[:n-1]
		return x
	}
	return system.NewProduct(p.chain, p.backend)
}

func (p *products) put(x *system.Product) {
	p.mu.Lock()
	p.free = append(p.free, x)
	p.mu.Unlock()
}

// multiply answers with H·V for the columns of V.
func (k *call) multiply() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	n := p.net.NumParams()
	v, err := k.floats("v", n, -1)
	if err != nil {
		return nil, err
	}
	l := p.current()
	product := l.products.get()
	defer l.products.put(product)
	cols := k.arrays["v"].Shape[1]
	if cols == 1 {
		product.HessVec(v, v)
		return &answer{arrays: map[string]*protocol.Array{"x": protocol.Floats(v, n, 1)}}, nil
	}
	x := make([]float64, n)
	for j := range cols {
		if err := k.cancelled(); err != nil {
			return nil, err
		}
		for i := range x {
			x[i] = v[i*cols+j]
		}
		product.HessVec(x, x)
		for i := range x {
			v[i*cols+j] = x[i]
		}
	}
	return &answer{arrays: map[string]*protocol.Array{"x": protocol.Floats(v, n, cols)}}, nil
}
