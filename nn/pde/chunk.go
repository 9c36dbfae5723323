package pde

import (
	"sync"

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
	lo, hi int     // of the set's points
	at     pass    // where the objective was linearized
	loss   float64 // of the last evaluation
}

// x is the points.
func (c *chunk) x() []float64 {
	d := len(c.set.x) / c.set.n
	return c.set.x[c.lo*d : c.hi*d]
}

// row is the row of the first point among all residuals.
func (c *chunk) row() int { return c.set.first + c.lo }

// A worker is what one goroutine has to itself.
type worker struct {
	trial    pass // elsewhere than at the point that was linearized
	jet      [2][2][]float64
	gradient []float64
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
	n := len(o.workers)
	run := func(k int) {
		for i := k; i < len(o.chunks); i += n {
			o.chunks[i].loss = 0
			do(&o.chunks[i], &o.workers[k])
		}
	}
	var wait sync.WaitGroup
	for k := 1; k < n; k++ {
		wait.Go(func() { run(k) })
	}
	run(0)
	wait.Wait()
}

// residuals evaluates the group's residual at y of the pass, scaled, with its derivatives
// in y, scaled as well, as cotangents of the last layer. With the derivatives of y along
// a direction it returns the second derivative of the residuals along it instead:
//
//	r¨ = g·ÿ + ẏᵀ h ẏ
func (c *chunk) residuals(p *pass, along *[2][]float64) []float64 {
	d, rows := p.net.layers[0].in, p.rows
	out, delta := p.z[len(p.net.layers)], p.last()
	p.r, p.y, p.g, p.h = resize(p.r, p.n), resize(p.y, rows), resize(p.g, rows), resize(p.h, rows*rows)
	y, g, h := p.y, p.g, p.h
	x := c.x()
	for a, w := range c.set.scale[c.lo:c.hi] {
		for i := range rows {
			y[i] = out[i*p.n+a]
		}
		clear(g)
		clear(h)
		p.r[a] = w * c.set.group.Residual(x[a*d:(a+1)*d], y, g, h)
		if along == nil {
			for i, v := range g {
				delta[i*p.n+a] = w * v
			}
			continue
		}
		sum := 0.0
		for i, v := range g {
			sum += v * along[1][i*p.n+a]
			for k := range rows {
				sum += along[0][i*p.n+a] * h[i*rows+k] * along[0][k*p.n+a]
			}
		}
		p.r[a] = w * sum
	}
	return p.r
}

// last is the cotangents of the last layer.
func (p *pass) last() []float64 {
	k := len(p.net.layers) - 1
	p.delta[k] = resize(p.delta[k], p.n*p.rows)
	return p.delta[k]
}
