package factor

import (
	"fmt"
	"math"

	"costate/system"
)

// Dense factors H + εI as one dense matrix of the order of the parameters,
// P H Pᵀ = L D Lᵀ by Bunch and Kaufman. H is formed by as many products H·v as
// there are parameters. It is the reference that the structured methods are
// tested against, and a good choice where the parameters are few. With n
// parameters:
//
//	memory  16 n² bytes        factor  n³/3 flops        solve  2n² flops
//
// The zero value is ready for Analyse. See Factorization for the phases, the
// accuracy and the errors.
type Dense struct {
	guard
	h      []float64 // n×n, lower triangle
	pivot  *pivotBlock
	work   []float64
	spaces pool[coreSpace]
}

var _ Factorization = (*Dense)(nil)

// Analyse prepares for chains of the shapes of c and forms H; see Factorization.
func (f *Dense) Analyse(c *system.Chain, opts *Options) error {
	*f = Dense{}
	err := f.begin(f, c, opts)
	if err == nil {
		err = f.plan(fmt.Sprintf("a dense matrix of %d parameters", f.n), f.cost())
	}
	if err != nil {
		f.kernel = nil
		return err
	}
	f.pivot = newPivotBlock(f.n, 0)
	f.h = make([]float64, f.n*f.n)
	f.work = make([]float64, max(2*f.n, f.opts.Backend.SytrfWork(f.n)))
	f.form()
	return nil
}

// Update takes a new point and forms its H; see Factorization.
func (f *Dense) Update(c *system.Chain) error {
	if err := f.point(c); err != nil {
		return err
	}
	f.form()
	return nil
}

// form writes H by columns, symmetrised: rounding leaves H·e_i and H·e_j
// different in the last bits.
func (f *Dense) form() {
	n := f.n
	w := f.guard.space(1)
	defer f.guard.pool.put(w)
	e := w.x
	for j := range n {
		clear(e)
		e[j] = 1
		w.product.HessVec(f.h[j*n:(j+1)*n], e)
	}
	for i := range n {
		for j := range i {
			f.h[i*n+j] = (f.h[i*n+j] + f.h[j*n+i]) / 2
		}
	}
}

func (f *Dense) factor(eps []float64) pivots {
	p := pivots{finite: true, tiny: math.Inf(1)}
	n := f.n
	for i := range n {
		copy(f.pivot.s[i*n:i*n+i+1], f.h[i*n:])
	}
	for k, e := range eps {
		for i := f.offsets[k]; i < f.offsets[k+1]; i++ {
			f.pivot.s[i*n+i] += e
		}
	}
	p.growth = maxLower(f.pivot.s, n)
	p.scale = p.growth
	f.pivot.factor(f.opts.Backend, f.work, false, &p, 0)
	return p
}

func (f *Dense) solve(x []float64, nrhs int) {
	w := f.spaces.get()
	defer f.spaces.put(w)
	w.buf = resize(w.buf, f.n)
	f.pivot.lower(f.opts.Backend, x, nrhs, w.buf)
	f.pivot.middle(x, nrhs)
	f.pivot.upper(f.opts.Backend, x, nrhs, w.buf)
}

func (f *Dense) cost() Cost { return DenseCost(f.chain) }
