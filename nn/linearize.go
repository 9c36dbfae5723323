package nn

import (
	"fmt"

	"costate/la/vec"
	"costate/system"
)

// A Linearization is a network at one point, its parameters, on one batch: the
// loss, its gradient, and the chain that stands for the second derivative.
//
// The zero value is ready for Network.Linearize, which reuses its storage. It
// stays valid, whatever becomes of the network and the batch, until it is given
// to Linearize again, and is read-only for everything else; so many goroutines
// may use it. It must not be copied.
type Linearization struct {
	// GaussNewton, set before Linearize, leaves out the second derivatives of the
	// layers: the Chain is that of the Gauss–Newton matrix. Where samples have full
	// matrices, as with attention, that saves most of the time and memory.
	GaussNewton bool

	Loss     float64
	Gradient []float64 // ∂ℓ/∂parameters, flat
	Outputs  []float64 // outputs of the network, N×outputs
	Chain    system.Chain

	tape tape
}

// Linearize evaluates the loss of the batch, its gradient and the chain at the
// network's parameters, in one pass forward and one back. It allocates nothing
// if dst was used for this network, or a clone, and a batch of this size before, with
// the same GaussNewton.
//
// The stages of the chain are the layers with weights, each with the Maps and the ends
// of residual blocks that follow it, the BlockLayers, and as stages without parameters
// what remains of these. The chain's parameters are the network's, in order.
//
// The error names the array and the index of what is wrong with the network's
// parameters or with the batch, or the layer in which numbers overflow. After
// an error the contents of dst mean nothing.
func (n *Network) Linearize(dst *Linearization, batch *Batch) error {
	p, t, pr := n.plan, &dst.tape, n.products()
	wrong := batch.check(p)
	shared := wrong == nil && p.isShared(pr.be.Threads(), batch.N)
	if !shared {
		if err := n.checkParams(); err != nil {
			return err
		}
		if wrong != nil {
			return wrong
		}
	}
	fresh := t.configure(p, batch.N, true, !dst.GaussNewton)
	if fresh {
		dst.Gradient = make([]float64, p.params)
	}
	if shared {
		t.behind.start(t, pr, n.theta, dst.Gradient)
		defer t.behind.join() // also where a loss or an activation panics
	}
	copy(t.theta, n.theta)
	x := batch.X
	if len(p.pre) == 0 {
		copy(t.x, x)
		x = t.x
	}
	dst.Outputs = t.forward(pr, t.theta, x)
	dst.Loss = lossPart(p.loss, batch, 0, batch.N, dst.Outputs, 1/float64(batch.N), t.g[0][:batch.N*p.outputs], t.hess, t.t)
	if err := t.backward(pr, t.theta, dst.Gradient, false); err != nil {
		return err
	}
	if !t.laidOut { // fresh, or the first to come so far
		dst.Chain, t.laidOut = t.chain(), true
	}
	if !shared {
		return t.checkFinite(dst.Loss, dst.Gradient)
	}
	t.behind.join()
	if t.behind.wrong {
		if err := n.checkParams(); err != nil {
			return err
		}
	} else if dst.Loss*0 == 0 && vec.FirstNotFinite(t.hess) < 0 {
		return nil
	}
	return t.checkFinite(dst.Loss, dst.Gradient)
}

// chain lays out the chain over the records; its numbers are the records' own.
// Only BlockLayers change a stage afterwards.
func (t *tape) chain() system.Chain {
	p, batch, c := t.plan, t.batch, t.plan.outputs
	ch := system.Chain{Stages: make([]system.Stage, len(p.steps))}
	ch.Loss = system.SampleMap{Batch: batch, Rows: c, Cols: c}
	if t.plan.loss.Diagonal() {
		ch.Loss.Diag = t.hess
	} else {
		ch.Loss.Full = t.hess
	}
	for k := range p.steps {
		s, r := &p.steps[k], &t.recs[k]
		if s.kind != denseStep {
			ch.Stages[k] = r.blocks
			continue
		}
		w, _ := s.weights(t.theta)
		d, pre := r.dense, s.pre()
		*d = system.DenseStage{Batch: batch, In: s.row, Out: s.units, Rows: s.rows, Gather: s.gather, Bias: s.bias, Skip: s.skip, W: w, Z: r.z}
		if t.second {
			d.Delta = r.delta
		}
		if s.index == nil {
			d.Z = r.in
		}
		switch {
		case !s.plain():
			d.J = r.full.j
			d.Pass = r.full.pass(batch)
		case r.d1 != nil:
			d.J = system.SampleMap{Batch: batch, Rows: pre, Cols: pre, Diag: r.d1}
		}
		switch {
		case r.full.q != nil:
			d.Q = system.SampleMap{Batch: batch, Rows: pre, Cols: pre, Full: r.full.q}
		case r.d2 != nil:
			d.Q = system.SampleMap{Batch: batch, Rows: pre, Cols: pre, Diag: r.d2}
		}
		ch.Stages[k] = r.dense
	}
	return ch
}

// checkFinite names the first layer that made a NaN or an infinity out of
// finite parameters and inputs.
func (t *tape) checkFinite(loss float64, grad []float64) error {
	bad := loss*0 != 0 || vec.FirstNotFinite(grad) >= 0
	if t.full && !bad {
		bad = vec.FirstNotFinite(t.hess) >= 0
		for k := range t.recs {
			bad = bad || t.recs[k].badDerivative()
		}
	}
	if !bad {
		return nil
	}
	for i, z := range t.pre {
		if j := vec.FirstNotFinite(z); j >= 0 {
			w := t.plan.pre[i].after()
			return fmt.Errorf("nn: layer %s makes output %d of sample %d %g", t.plan.preAt[i], j%w, t.from+j/w, z[j])
		}
	}
	for k := range t.recs {
		s, r := &t.plan.steps[k], &t.recs[k]
		if j := vec.FirstNotFinite(r.act); j >= 0 {
			return fmt.Errorf("nn: layer %s makes output %d of sample %d %g; its weights or inputs are too large", s.name(), j%s.pre(), t.from+j/s.pre(), r.act[j])
		}
		if j := vec.FirstNotFinite(r.out); j >= 0 {
			return fmt.Errorf("nn: layer %s makes output %d of sample %d %g", s.name(), j%s.out, t.from+j/s.out, r.out[j])
		}
	}
	if loss*0 != 0 {
		return fmt.Errorf("nn: the loss is %g though all outputs are finite; they are too large", loss)
	}
	// The values are finite, so a derivative is not: the last such layer is
	// where it began, since derivatives are made from the back.
	for k := len(t.recs) - 1; k >= 0; k-- {
		s, r := &t.plan.steps[k], &t.recs[k]
		if r.badDerivative() || vec.FirstNotFinite(grad[s.w:s.w+s.np]) >= 0 {
			return fmt.Errorf("nn: layer %s has a derivative that is not finite; its weights or inputs are too large", s.name())
		}
	}
	return fmt.Errorf("nn: a derivative of the loss is not finite")
}

// badDerivative reports whether a derivative of the step is not finite.
func (r *record) badDerivative() bool {
	for _, x := range [...][]float64{r.d1, r.d2, r.delta} {
		if vec.FirstNotFinite(x) >= 0 {
			return true
		}
	}
	if !r.full.j.IsZero() && !r.full.finite() {
		return true
	}
	if b := r.blocks; b != nil {
		for _, m := range [...]*system.Matrix{b.F, b.G, b.A, b.C, b.Q} {
			if m != nil && vec.FirstNotFinite(m.Val) >= 0 {
				return true
			}
		}
	}
	return false
}
