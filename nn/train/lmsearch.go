package train

import (
	"math"

	"costate/factor"
	"costate/internal/space"
	"costate/la/vec"
)

// halvings is how often a step is halved that does not lower the loss: down to about
// what the raised damping will make of it. TestCalibration compares it with others.
var halvings = 3

const (
	// sharpest is the greatest 2‖a‖/‖s‖ of a step that is bent: beyond it the
	// series of which s and a are the first terms means nothing. The value is that of
	// Transtrum and Sethna.
	sharpest = 0.75

	// probe is the step of the differences for a, as a part of s: Transtrum and Sethna's.
	// The error of the differences is probe², a hundredth, of a term that the series
	// leaves out, too.
	probe = 0.1

	// longestWait is the greatest number of steps between attempts to bend one. At an
	// attempt in 16 steps, of a few evaluations each, it costs nothing that shows.
	longestWait = 15
)

// A bend makes the second-order correction of a step, its geodesic acceleration:
// a solves (G+λI) a = −Jᵀ Hℓ z″, with z″ the second derivative of the network's
// outputs along s, by differences, and Hℓ the Hessian of the loss in the outputs.
type bend struct {
	wait, idle int // steps until the next attempt; length of the last wait
	z, y       []float64
}

// due counts down to the next attempt.
func (b *bend) due() bool {
	if b.wait > 0 {
		b.wait--
		return false
	}
	return true
}

// judge learns whether an attempt was of use: where bent steps are not taken they
// are soon seldom tried.
func (b *bend) judge(used bool) {
	if used {
		b.idle = 0
	} else {
		b.idle = min(2*b.idle+1, longestWait)
	}
	b.wait = b.idle
}

// solveBend returns a, or nil where the step is too long for it.
func (o *LevenbergMarquardt) solveBend(t *Task, s []float64) ([]float64, error) {
	b, p := &o.bend, &o.at
	size := t.Batch.N * t.Net.Outputs()
	b.z, b.y = space.Resize(b.z, size), space.Resize(b.y, size)
	o.path.s, o.path.a = s, nil
	for i, z := range p.lin.Outputs {
		b.y[i] = -2 * z
	}
	for _, h := range [...]float64{probe, -probe} {
		p.move(t.Net, o.path.to(h))
		if err := t.Net.Predict(b.z, t.Batch.X, t.Batch.N, &p.ws); err != nil {
			return nil, nil // it overflows there
		}
		vec.Axpy(b.y, 1, b.z)
	}
	vec.Scale(b.y, 1/(probe*probe), b.y)
	p.lin.Chain.Loss.MulTo(b.z, b.y)
	a, err := o.correction(b.z)
	if err != nil {
		return nil, err
	}
	vec.Scale(a, -1, a)
	if !(2*vec.Norm2(a) <= sharpest*vec.Norm2(s)) {
		return nil, nil
	}
	return a, nil
}

// correction solves (G+λI) a = Jᵀz. What it solves for is a difference good to two digits, and
// the loss decides whether a is of use, so that the residual, which costs more than the solve, is
// not measured.
func (o *LevenbergMarquardt) correction(z []float64) (a []float64, err error) {
	a = o.acc.RawVector().Data
	switch method := o.solver.Method().(type) {
	case *factor.Gram:
		method.SolveOutputsRaw(a, z)
		return a, nil
	case interface{ SolveRaw(x []float64, nr int) }:
		o.product.TransOutputs(a, z)
		method.SolveRaw(a, 1)
		return a, nil
	}
	o.product.TransOutputs(o.rhs.RawVector().Data, z)
	return a, tolerable(o.solver.SolveVecTo(&o.acc, &o.rhs))
}

// try looks for a point below loss along the step s, bent where that is better,
// and leaves the network there. alpha is how much longer than s the step is that
// was made, 0 if there is none: then the network is anywhere.
func (o *LevenbergMarquardt) try(t *Task, p *point, s []float64, loss float64) (alpha, after float64, err error) {
	c := &o.path
	sub := t.Curvature != nil
	c.loss = func(d []float64) (float64, bool) {
		if sub {
			p.move(t.Net, d)
			return o.large(t).LossAt(t.Net)
		}
		return p.tryLoss(t.Net, t.Batch, d)
	}
	c.s, c.a = s, nil
	if o.textbook() {
		if after = c.at(1); after < loss {
			return 1, after, nil
		}
		return 0, after, nil
	}
	bent := math.Inf(1)
	var a []float64
	attempt := !sub && o.bend.due()
	if attempt {
		if a, err = o.solveBend(t, s); err != nil {
			return 0, 0, err
		}
		if a != nil {
			c.a = a
			bent = c.at(1)
			c.a = nil
		}
	}
	full := c.at(1)
	used := bent < full
	if used {
		c.a, full = a, bent
	}
	if attempt {
		o.bend.judge(used)
	}
	alpha, after = c.search(loss, full, halvings)
	if !(after < loss) {
		return 0, after, nil
	}
	p.move(t.Net, c.to(alpha))
	return alpha, after, nil
}
