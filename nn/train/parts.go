package train

import (
	"runtime"
	"sync"

	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/system"
)

// partSize is how many samples of a large batch are linearized together: what a layer
// of width 64 keeps of each then fits into the cache of one core, 128 KiB an array.
const partSize = 256

// A largeBatch has loss, gradient and products with the Gauss–Newton matrix of a batch too
// large for one linearization.
type largeBatch interface {
	Operator
	linearize(t *Task, curvature bool) (loss float64, grad []float64, err error)
	LossAt(net *nn.Network) (loss float64, ok bool)
}

// shardedBatch is the one of all ranks.
type shardedBatch struct{ *Shards }

func (s shardedBatch) linearize(t *Task, curvature bool) (float64, []float64, error) {
	err := s.Shards.linearize(t, t.Net, curvature)
	return s.loss, s.grad, err
}

func (s shardedBatch) LossAt(net *nn.Network) (float64, bool) {
	loss, err := s.lossAt(net)
	return loss, err == nil && loss-loss == 0
}

// linearize is Linearize for a task.
func (p *parts) linearize(t *Task, curvature bool) (float64, []float64, error) {
	err := p.Linearize(t.Net, t.Batch, curvature)
	return p.Loss, p.Gradient, err
}

// parts is a network linearized on a batch too large for one linearization: part
// by part, in parallel. Loss, gradient and products with the Gauss–Newton matrix or the Hessian
// are sums over the parts in a fixed order, so that they do not depend on the
// number of threads.
//
// The zero value is ready for Linearize.
type parts struct {
	Loss     float64
	Gradient []float64

	exact bool // products are with the Hessian, from the next Linearize on

	curved  bool
	net     *nn.Network
	parts   []*part
	workers []*nn.Network
}

type part struct {
	batch   nn.Batch
	share   float64 // of the whole batch
	lin     nn.Linearization
	ws      nn.Workspace
	product *system.Product
	loss    float64
	grad    []float64
	hv      []float64
	low     []float64 // of a product in twice the working precision; made when it is needed
	err     error
}

// Linearize takes a point and a batch. Without curvature only Loss and Gradient
// are computed, and MulTo may not be called.
func (p *parts) Linearize(net *nn.Network, batch *nn.Batch, curvature bool) error {
	p.layOut(net, batch)
	p.curved = curvature
	theta := net.Params()
	for _, w := range p.workers {
		w.SetParams(theta)
	}
	p.each(func(w *nn.Network, q *part) {
		if !curvature {
			q.loss, q.err = w.Gradient(q.grad, &q.batch, &q.ws)
			return
		}
		if q.lin.GaussNewton == p.exact { // another matrix than before, with other shapes
			q.lin, q.product = nn.Linearization{GaussNewton: !p.exact}, nil
		}
		if q.err = w.Linearize(&q.lin, &q.batch); q.err != nil {
			return
		}
		q.loss = q.lin.Loss
		copy(q.grad, q.lin.Gradient)
		chain := &q.lin.Chain
		if !p.exact {
			chain = chain.GaussNewton()
		}
		if q.product == nil {
			q.product = system.NewProduct(chain, w.Backend)
		} else {
			q.product.Reset(chain)
		}
	})
	p.Loss = 0
	clear(p.Gradient)
	for _, q := range p.parts {
		if q.err != nil {
			return q.err
		}
		p.Loss += q.share * q.loss
		vec.Axpy(p.Gradient, q.share, q.grad)
	}
	return nil
}

// LossAt returns the loss of the batch of the last Linearize at the parameters of
// net, and whether it is a number.
func (p *parts) LossAt(net *nn.Network) (float64, bool) {
	loss, err := p.loss(net)
	return loss, err == nil && loss-loss == 0
}

// loss is the loss of the batch that is laid out at the parameters of net.
func (p *parts) loss(net *nn.Network) (float64, error) {
	theta := net.Params()
	for _, w := range p.workers {
		w.SetParams(theta)
	}
	p.each(func(w *nn.Network, q *part) { q.loss, q.err = w.Loss(&q.batch, &q.ws) })
	loss := 0.0
	for _, q := range p.parts {
		if q.err != nil {
			return 0, q.err
		}
		loss += q.share * q.loss
	}
	return loss, nil
}

// MulTo stores G v in dst, for the Gauss–Newton matrix G, or the Hessian, of the whole batch.
func (p *parts) MulTo(dst, v []float64) {
	p.each(func(_ *nn.Network, q *part) { q.product.HessVec(q.hv, v) })
	clear(dst)
	for _, q := range p.parts {
		vec.Axpy(dst, q.share, q.hv)
	}
}

// subtract subtracts times·G v from y, whose elements are pairs: unevaluated sums of two numbers.
func (p *parts) subtract(y, v []float64, times float64) {
	p.each(func(_ *nn.Network, q *part) {
		q.low = space.Resize(q.low, len(v))
		clear(q.low)
		q.product.ResidualTo(q.hv, q.low, v, nil) // −G v, rounded
		vec.Scale(q.low, -1, q.hv)
		q.product.ResidualTo(q.low, q.low, v, nil) // what that has rounded off
	})
	for _, q := range p.parts {
		share := times * q.share
		for i, h := range q.hv {
			h, l := vec.TwoProd(share, h)
			s, e := vec.TwoSum(y[2*i], h)
			y[2*i] = s
			y[2*i+1] += e + l + share*q.low[i]
		}
	}
}

// each runs f for all parts, on as many goroutines as there are processors.
func (p *parts) each(f func(w *nn.Network, q *part)) {
	var wg sync.WaitGroup
	for i, w := range p.workers {
		wg.Go(func() {
			for k := i; k < len(p.parts); k += len(p.workers) {
				f(w, p.parts[k])
			}
		})
	}
	wg.Wait()
}

// layOut cuts the batch into parts of equal size but for the last.
func (p *parts) layOut(net *nn.Network, batch *nn.Batch) {
	count := (batch.N + partSize - 1) / partSize
	if p.net != net || len(p.parts) != count {
		p.net, p.parts, p.workers = net, nil, nil
		n := net.NumParams()
		p.Gradient = make([]float64, n)
		for range count {
			p.parts = append(p.parts, &part{grad: make([]float64, n), hv: make([]float64, n)})
		}
		for range min(runtime.GOMAXPROCS(0), count) {
			w := net.Clone()
			w.Backend = blas.NativeThreads(1)
			p.workers = append(p.workers, w)
		}
	}
	in, out := net.Inputs(), net.Targets()
	for k, q := range p.parts {
		from, to := k*partSize, min((k+1)*partSize, batch.N)
		if q.batch.N != to-from {
			q.product = nil
		}
		q.batch = rows(batch, from, to, in, out)
		q.share = float64(to-from) / float64(batch.N)
	}
}

// rows returns samples from ≤ n < to of a batch, sharing its arrays.
func rows(b *nn.Batch, from, to, in, out int) nn.Batch {
	r := nn.Batch{N: to - from}
	if len(b.X) >= to*in {
		r.X = b.X[from*in : to*in]
	}
	if b.Labels != nil && len(b.Labels) >= to {
		r.Labels = b.Labels[from:to]
	}
	if b.T != nil && len(b.T) >= to*out {
		r.T = b.T[from*out : to*out]
	}
	if b.Weights != nil && len(b.Weights) >= to {
		r.Weights = b.Weights[from:to]
	}
	return r
}
