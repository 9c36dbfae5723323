package pde

import (
	"sync"

	"costate/internal/space"
	"costate/la/blas"
)

// chunkPoints is the greatest number of points that go through the network together:
// with the rows of a few inputs and layers of some ten units, what they keep is in the
// second-level cache, and there are enough chunks for all threads.
const chunkPoints = 128

// A chunk is some of the points of a set. Chunks are worked on by several goroutines,
// each with kernels of one thread.
type chunk struct {
	set    *set
	lo, hi int       // of the set's points
	at     pass      // where the objective was linearized
	loss   float64   // of the last evaluation
	second []float64 // second derivatives of the loss in y, a matrix for each point
}

// x is the points.
func (c *chunk) x() []float64 {
	d := len(c.set.x) / c.set.n
	return c.set.x[c.lo*d : c.hi*d]
}

// row is the row of the first point among all residuals, for residual k of the group.
func (c *chunk) row(k int) int { return c.set.first + k*c.set.n + c.lo }

// forward is that of a pass for the chunk's points.
func (c *chunk) forward(p *pass, theta []float64, order int) {
	p.forward(theta, c.x(), c.set.group, order)
}

// A worker is what one goroutine has to itself.
type worker struct {
	trial              pass // elsewhere than at the point that was linearized
	jet                [2][2][]float64
	gradient           []float64
	tangent            tangent
	direction, product []float64
}

// split makes the chunks and the workers.
func (o *Objective) split() {
	for i := range o.sets {
		s := &o.sets[i]
		parts := (s.n + chunkPoints - 1) / chunkPoints
		for k := range parts {
			o.chunks = append(o.chunks, chunk{set: s, lo: s.n * k / parts, hi: s.n * (k + 1) / parts})
		}
	}
	o.workers = make([]worker, min(o.kernels.Threads(), len(o.chunks)))
	o.single = o.kernels
	if k, err := blas.ByName(o.kernels.Name(), 1); err == nil {
		o.single = k
	}
	for i := range o.chunks {
		o.reset(&o.chunks[i].at, &o.chunks[i])
	}
}

// reset prepares a pass for a chunk.
func (o *Objective) reset(p *pass, c *chunk) {
	p.reset(o.net, c.set.group, c.hi-c.lo, o.problem.Dim(), o.single)
}

// pass is the worker's pass, prepared for the chunk.
func (o *Objective) pass(c *chunk, w *worker) *pass {
	o.reset(&w.trial, c)
	return &w.trial
}

// each calls do for all chunks, whose losses are zero before. A worker always has the
// same chunks, so that with as many threads sums have the same bits.
func (o *Objective) each(do func(c *chunk, w *worker)) {
	o.spread(len(o.chunks), func(i int, w *worker) {
		o.chunks[i].loss = 0
		do(&o.chunks[i], w)
	})
}

// spread calls do for 0 … n−1, shared out among the workers in turn.
func (o *Objective) spread(n int, do func(i int, w *worker)) {
	run := func(k int) {
		for i := k; i < n; i += len(o.workers) {
			do(i, &o.workers[k])
		}
	}
	var wait sync.WaitGroup
	for k := 1; k < len(o.workers); k++ {
		wait.Go(func() { run(k) })
	}
	run(0)
	wait.Wait()
}

// evaluate is residual k of the group at point a of the chunk, not scaled. Its
// derivatives in y are in g and h of the pass.
func (c *chunk) evaluate(p *pass, k, a int) float64 {
	d, rows := p.net.layers[0].in, p.fan()
	p.y, p.g, p.h = space.Resize(p.y, rows), space.Resize(p.g, rows), space.Resize(p.h, rows*rows)
	out := p.z[len(p.net.layers)]
	for i := range p.y {
		p.y[i] = out[p.at(i, a)]
	}
	clear(p.g)
	clear(p.h)
	return c.set.group.residual(k)(c.x()[a*d:(a+1)*d], p.y, p.g, p.h)
}

// residuals evaluates residual k at y of the pass, scaled, with its derivatives in y,
// scaled as well, as cotangents of the last layer.
func (c *chunk) residuals(p *pass, k int) []float64 {
	p.r = space.Resize(p.r, c.hi-c.lo)
	delta := p.last()
	for a, w := range c.set.scale[c.lo:c.hi] {
		p.r[a] = w * c.evaluate(p, k, a)
		for i, v := range p.g {
			delta[p.at(i, a)] = w * v
		}
	}
	return p.r
}

// bends is the second derivative of residual k, scaled, along a direction along which
// y has the derivatives y1 and y2:
//
//	r¨ = g·ÿ + ẏᵀ h ẏ
func (c *chunk) bends(p *pass, k int, y1, y2 []float64) []float64 {
	p.r = space.Resize(p.r, c.hi-c.lo)
	for a, w := range c.set.scale[c.lo:c.hi] {
		c.evaluate(p, k, a)
		sum := 0.0
		for i, v := range p.g {
			at := y1[p.at(i, a)]
			sum += v * y2[p.at(i, a)]
			for j, h := range p.h[i*len(p.g) : (i+1)*len(p.g)] {
				sum += at * h * y1[p.at(j, a)]
			}
		}
		p.r[a] = w * sum
	}
	return p.r
}

// lossAt is the loss of the chunk's points at y of the pass.
func (c *chunk) lossAt(p *pass) float64 {
	loss := 0.0
	for k := range c.set.residuals() {
		for a, w := range c.set.scale[c.lo:c.hi] {
			r := w * c.evaluate(p, k, a)
			loss += 0.5 * r * r
		}
	}
	return loss
}

// descent is the same, with its derivatives in y as cotangents of the last layer.
func (c *chunk) descent(p *pass) float64 {
	loss, delta := 0.0, p.last()
	clear(delta)
	for k := range c.set.residuals() {
		for a, w := range c.set.scale[c.lo:c.hi] {
			r := w * c.evaluate(p, k, a)
			loss += 0.5 * r * r
			for i, v := range p.g {
				delta[p.at(i, a)] += w * r * v
			}
		}
	}
	return loss
}

// fan is how many rows a residual has, of all unknowns and of the partner, too.
func (p *pass) fan() int { return p.sides * p.outputs() * p.rows }

func (p *pass) outputs() int { return p.net.layers[len(p.net.layers)-1].out }

// at is where row i of a residual at point a is among the outputs of the last layer.
func (p *pass) at(i, a int) int {
	points, m := p.n/p.sides, p.outputs()
	side, i := i/(m*p.rows), i%(m*p.rows)
	return ((i%p.rows)*p.n+side*points+a)*m + i/p.rows
}

// last is the cotangents of the last layer.
func (p *pass) last() []float64 {
	k := len(p.net.layers) - 1
	p.delta[k] = space.Resize(p.delta[k], p.n*p.rows*p.outputs())
	return p.delta[k]
}
