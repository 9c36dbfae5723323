package pde

import (
	"fmt"
	"math"

	"costate/factor"
	"costate/internal/space"
	"costate/la"
	"costate/la/partition"
	"costate/la/vec"
	"costate/nn"
	"costate/nn/train"
)

// Hessian stores the gradient of the loss at net's parameters in dst, and returns the loss
// and its exact Hessian there,
//
//	∇²ℓ = J̃ᵀJ̃ + Σ r̃_a ∇²r̃_a
//
// of order p, the number of parameters, by p products with it. It may be used until the
// next call. Errors are those of Loss; it is a *factor.MemoryError where the matrix and its
// factors are larger than the limit of the Options. It is what makes an Objective a
// train.Curved one, for train.TrustRegion and train.CubicNewton.
func (o *Objective) Hessian(dst []float64, net *nn.Network) (float64, train.Shifted, error) {
	if err := o.take(net); err != nil {
		return 0, nil, err
	}
	p := o.net.params
	if limit, need := o.opts.MemoryLimit, hessianBytes(p); limit > 0 && need > limit {
		return 0, nil, &factor.MemoryError{Needed: need, Limit: limit, What: fmt.Sprintf("the Hessian in %d parameters", p),
			Instead: fmt.Sprintf("%d parameters would fit", int(math.Sqrt(float64(limit)/hessianNumbers/8)))}
	}
	loss, err := o.curve(dst)
	if err != nil {
		return loss, nil, err
	}
	if o.hessian == nil {
		o.hessian = full(p)
		// One front has all columns: there is nothing to order.
		o.shifted = train.NewShifted(o.hessian, &factor.Options{Backend: o.kernels, Perm: partition.Identity(p)})
	}
	val := o.hessian.RawLower().Val
	// Every worker makes its own columns, of all points: so each of them is summed up in
	// the order of the points, however many workers there are.
	o.spread(p, func(k int, w *worker) {
		w.direction, w.product = space.Resize(w.direction, p), space.Resize(w.product, p)
		clear(w.direction)
		w.direction[k] = 1
		o.multiply(w.product, w.direction, w)
		copy(val[k*(k+1)/2:], w.product[:k+1])
	})
	return loss, o.shifted, nil
}

// hessianNumbers is how many numbers there are for each element of the Hessian: half
// of it, as much for its factor, and what factoring needs.
const hessianNumbers = 3

func hessianBytes(p int) int64 { return int64(8 * hessianNumbers * float64(p) * float64(p)) }

// full is a symmetric matrix of order n with all of its elements.
func full(n int) *la.Sym {
	ptr, col := make([]int, n+1), make([]int32, n*(n+1)/2)
	for i := range n {
		ptr[i+1] = ptr[i] + i + 1
		for j := range i + 1 {
			col[ptr[i]+j] = int32(j)
		}
	}
	return la.NewSym(n, ptr, col, make([]float64, len(col)))
}

// curve prepares for products with the Hessian at o.theta, and stores the gradient in dst.
func (o *Objective) curve(dst []float64) (float64, error) {
	o.kept++
	for i := range o.workers {
		w := &o.workers[i]
		w.gradient = space.Resize(w.gradient, len(dst))
		clear(w.gradient)
	}
	o.each(func(c *chunk, w *worker) {
		p := &c.at
		p.keep = true
		c.forward(p, o.theta, c.set.group.Order+2)
		c.loss = c.descent(p)
		c.weigh(p)
		p.backward(o.theta)
		p.gradient(w.gradient)
	})
	clear(dst)
	for i := range o.workers {
		vec.Axpy(dst, 1, o.workers[i].gradient)
	}
	return o.total()
}

// weigh stores the second derivatives of the chunk's loss in the rows y of each point,
//
//	A_a = Σ_k w² (g gᵀ + r h)
func (c *chunk) weigh(p *pass) {
	m := p.fan()
	c.second = space.Resize(c.second, (c.hi-c.lo)*m*m)
	clear(c.second)
	for k := range c.set.residuals() {
		for a, w := range c.set.scale[c.lo:c.hi] {
			r := c.evaluate(p, k, a)
			at := c.second[a*m*m:][:m*m]
			for i, g := range p.g {
				vec.Axpy(at[i*m:(i+1)*m], w*w*g, p.g)
			}
			vec.Axpy(at, w*w*r, p.h)
		}
	}
}

// multiply stores the product of the Hessian and v in dst, where curve was.
func (o *Objective) multiply(dst, v []float64, w *worker) {
	clear(dst)
	for i := range o.chunks {
		c := &o.chunks[i]
		w.tangent.along(&c.at, o.theta, v)
		c.turn(&c.at, &w.tangent)
		w.tangent.backward(&c.at, o.theta, v, dst)
	}
}

// turn stores the derivatives of the cotangents of y along a direction along which y has the
// derivatives of the tangent's last layer.
func (c *chunk) turn(p *pass, t *tangent) {
	m, y := p.fan(), t.z[len(p.net.layers)]
	t.delta, t.y = space.Resize(t.delta, len(y)), space.Resize(t.y, m)
	for a := range c.hi - c.lo {
		for i := range t.y {
			t.y[i] = y[p.at(i, a)]
		}
		at := c.second[a*m*m:][:m*m]
		for i := range m {
			t.delta[p.at(i, a)] = vec.Dot(at[i*m:(i+1)*m], t.y)
		}
	}
}
