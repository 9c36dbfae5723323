package nn

import (
	"costate/la/blas"
	"costate/la/vec"
)

// A behind is the part of Linearize that another goroutine does: it looks for numbers that
// are not finite, and forms the gradient behind the pass back, which needs it for nothing.
type behind struct {
	on     bool
	beside *blas.Beside
	body   func()
	come   blas.Progress // steps that the pass back is done with

	t     *tape
	pr    products
	theta []float64
	grad  []float64
	wrong bool // a parameter or a derivative is not finite
}

const (
	// stepsAhead is the number of steps after which the other goroutine is told: a line of the
	// cache goes from one processor to the other then.
	stepsAhead = 8

	// sharedWork is the number of multiplications of a pass from which it pays to wake it,
	// which takes a hundred microseconds where it sleeps: some two hundred of work.
	sharedWork = 1 << 17
)

// isShared reports whether the network is so deep, and its layers so plain and small, that
// Linearize is shared between two goroutines. Products of large layers are shared out
// themselves.
func (p *plan) isShared(threads, batch int) bool {
	if threads < 2 || len(p.steps) < 2*stepsAhead || batch*p.params < sharedWork {
		return false
	}
	for k := range p.steps {
		s := &p.steps[k]
		if s.kind != denseStep || !s.plain() || s.index != nil || batch*s.rows*s.weightCount() > smallProduct {
			return false
		}
	}
	return true
}

// start begins, for a tape with all that a chain needs.
func (b *behind) start(t *tape, pr products, theta, grad []float64) {
	if b.beside == nil {
		b.beside, b.body = blas.NewBeside(), b.follow
	}
	b.on, b.t, b.pr, b.theta, b.grad, b.wrong = true, t, pr, theta, grad, false
	b.come.Reset()
	b.beside.Start(b.body)
}

// reach says how many steps the pass back is done with.
func (b *behind) reach(steps int) {
	if steps%stepsAhead == 0 || steps == len(b.t.recs) {
		b.come.Reach(steps)
	}
}

// join waits for the end. It may be called again.
func (b *behind) join() {
	if !b.on {
		return
	}
	b.come.Reach(len(b.t.recs))
	b.beside.Join()
	b.on, b.t, b.theta, b.grad = false, nil, nil, nil
}

// follow is what the other goroutine does.
func (b *behind) follow() {
	t := b.t
	wrong := vec.FirstNotFinite(b.theta) >= 0
	n := len(t.recs)
	for done := 0; done < n; done++ {
		if done%stepsAhead == 0 {
			b.come.Await(min(done+stepsAhead, n))
		}
		k := n - 1 - done
		s, r := &t.plan.steps[k], &t.recs[k]
		dst, nw := b.grad[s.w:s.w+s.np], s.weightCount()
		b.pr.gradient(dst[:nw], r.delta, r.in, t.batch*s.rows, s.row, s.units, false)
		if s.bias {
			sumRows(dst[nw:], r.delta, false)
		}
		wrong = wrong || r.badDerivative()
	}
	b.wrong = wrong || vec.FirstNotFinite(b.grad) >= 0
}
