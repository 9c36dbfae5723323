//go:build cgo && mumps

package mumps

import (
	"errors"

	"costate/factor/internal/pivot"
	"costate/la/ranks"
	"costate/system"
)

// A chainEngine is the engine of the augmented system of a chain. Nothing but vectors is
// held by all ranks.
type chainEngine struct {
	*engine
	cuts []int   // rank r has the stages from cuts[r] up to cuts[r+1]
	norm float64 // of K as it is damped, a lower bound
}

// NewChain analyses the augmented system of chains of the shapes of c, of which each rank
// assembles and keeps some stages; see New.
func NewChain(c *system.Chain, o Options) (Chain, error) {
	if o.Ordering == "" {
		o.Ordering = "amd" // of those in Debian's build, the best or as good for chains
	}
	ordering, err := number(&o)
	if err != nil {
		return nil, err
	}
	if err := ranks.Start(); err != nil {
		return nil, err
	}
	e := &chainEngine{engine: newEngine(c.Params()+2*c.States(), o), cuts: system.Split(c, ranks.Size())}
	if e.n == 0 {
		return nil, errors.New("the chain has neither parameters nor states")
	}
	e.begin()
	e.share = new(share)
	e.Update(c)
	if err := e.analyse(ordering); err != nil {
		e.Release()
		return nil, err
	}
	return e, nil
}

// call has all ranks do a step.
func (e *chainEngine) call(s step, eps []float64, own func()) {
	(&command{Step: s, Instance: e.number, Eps: eps}).call(own)
}

func (e *chainEngine) Update(c *system.Chain) {
	part := func(rank int) *system.Part { return c.Part(e.cuts[rank], e.cuts[rank+1]) }
	e.call(stepTake, nil, func() {
		ranks.Scatter(func(rank int) []byte {
			if rank == 0 {
				return nil // it has the chain
			}
			return part(rank).Encode()
		})
		e.share.take(part(0))
	})
	e.err = nil
}

func (e *chainEngine) Damp(eps []float64) {
	e.call(stepDamp, eps, func() { e.share.damp(eps) })
	e.call(stepNorm, nil, func() { e.norm = e.share.norm(nil) })
	e.err = nil
}

func (e *chainEngine) Rescale() {
	e.call(stepScale, nil, func() {
		e.share.scale()
		e.size = e.share.norm(e.share.s)
	})
	e.engine.scale, e.logDet = e.share.s, logSquares(e.share.s)
}

func (e *chainEngine) Norm() float64 { return e.norm }

func (e *chainEngine) SymmetricDim() int { return e.n }

func (e *chainEngine) MulVecTo(dst, x []float64) {
	e.call(stepProduct, nil, func() { e.share.product(dst, x) })
}

func (e *chainEngine) ResidualTo(r, work, b, x []float64, shift float64) {
	y := work[:2*e.n]
	for i, v := range b {
		y[2*i], y[2*i+1] = v, 0
	}
	e.call(stepResidual, nil, func() { e.share.residual(y, x, shift) })
	for i := range r {
		r[i] = y[2*i] + y[2*i+1]
	}
}

func (e *chainEngine) Stored() (all []int64) {
	e.call(stepStored, nil, func() { all = e.share.stored() })
	return all
}

// Cost adds what the ranks hold of K.
func (e *chainEngine) Cost() pivot.Cost {
	c := e.engine.Cost()
	c.Solve += 4 * int64(len(e.share.rows)) * int64(ranks.Size())
	return c
}
