package nn

import (
	"fmt"

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
	Loss     float64
	Gradient []float64 // ∂ℓ/∂parameters, flat
	Outputs  []float64 // outputs of the network, N×outputs
	Chain    system.Chain

	tape tape
}

// Linearize evaluates the loss of the batch, its gradient and the chain at the
// network's parameters, in one pass forward and one back. It allocates nothing
// if dst was used for this network, or a clone, and a batch of this size before.
//
// The stages of the chain are the Dense layers, each with the Maps that follow
// it, the BlockLayers, and as stages without parameters the remaining Maps. The
// chain's parameters are the network's, in order.
//
// The error names the array and the index of what is wrong with the network's
// parameters or with the batch, or the layer in which numbers overflow. After
// an error the contents of dst mean nothing.
func (n *Network) Linearize(dst *Linearization, batch *Batch) error {
	if err := n.checkParams(); err != nil {
		return err
	}
	if err := batch.check(n.plan); err != nil {
		return err
	}
	p, t, pr := n.plan, &dst.tape, n.products()
	fresh := t.plan != p || t.batch != batch.N
	t.configure(p, batch.N, true)
	if fresh {
		dst.Gradient = make([]float64, p.params)
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
	if fresh {
		dst.Chain = t.chain()
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
		*r.dense = system.DenseStage{Batch: batch, In: s.in, Out: s.units, Bias: s.bias, Skip: s.skip, W: w, Z: r.in, Delta: r.delta}
		switch {
		case len(s.maps) > 0:
			r.dense.J = system.SampleMap{Batch: batch, Rows: s.out, Cols: s.units, Full: r.j}
			r.dense.Q = system.SampleMap{Batch: batch, Rows: s.units, Cols: s.units, Full: r.qm}
		case r.d1 != nil:
			r.dense.J = system.SampleMap{Batch: batch, Rows: s.units, Cols: s.units, Diag: r.d1}
			if r.d2 != nil {
				r.dense.Q = system.SampleMap{Batch: batch, Rows: s.units, Cols: s.units, Diag: r.d2}
			}
		}
		ch.Stages[k] = r.dense
	}
	return ch
}

// checkFinite names the first layer that made a NaN or an infinity out of
// finite parameters and inputs.
func (t *tape) checkFinite(loss float64, grad []float64) error {
	bad := loss*0 != 0 || notFinite(grad) >= 0
	if t.full && !bad {
		bad = notFinite(t.hess) >= 0
		for k := range t.recs {
			r := &t.recs[k]
			bad = bad || notFinite(r.d1) >= 0 || notFinite(r.d2) >= 0 || notFinite(r.delta) >= 0 || notFinite(r.j) >= 0 || notFinite(r.qm) >= 0
			if b := r.blocks; b != nil {
				for _, m := range [...]*system.Matrix{b.F, b.G, b.A, b.C, b.Q} {
					bad = bad || m != nil && notFinite(m.Val) >= 0
				}
			}
		}
	}
	if !bad {
		return nil
	}
	for i, z := range t.pre {
		if j := notFinite(z); j >= 0 {
			w := t.plan.pre[i].out
			return fmt.Errorf("nn: layer %d makes output %d of sample %d %g", i+1, j%w, t.from+j/w, z[j])
		}
	}
	for k := range t.recs {
		s, r := &t.plan.steps[k], &t.recs[k]
		if j := notFinite(r.act); j >= 0 {
			return fmt.Errorf("nn: layer %d makes output %d of sample %d %g; its weights or inputs are too large", s.layer+1, j%s.units, t.from+j/s.units, r.act[j])
		}
		if j := notFinite(r.out); j >= 0 {
			return fmt.Errorf("nn: layer %d makes output %d of sample %d %g", s.layer+1, j%s.out, t.from+j/s.out, r.out[j])
		}
	}
	if loss*0 != 0 {
		return fmt.Errorf("nn: the loss is %g though all outputs are finite; they are too large", loss)
	}
	// The values are finite, so a derivative is not: the last such layer is
	// where it began, since derivatives are made from the back.
	for k := len(t.recs) - 1; k >= 0; k-- {
		s, r := &t.plan.steps[k], &t.recs[k]
		bad := notFinite(r.d1) >= 0 || notFinite(r.d2) >= 0 || notFinite(r.delta) >= 0 || notFinite(r.j) >= 0 || notFinite(r.qm) >= 0 ||
			notFinite(grad[s.w:s.w+s.np]) >= 0
		if b := r.blocks; b != nil {
			for _, m := range [...]*system.Matrix{b.F, b.G, b.A, b.C, b.Q} {
				bad = bad || m != nil && notFinite(m.Val) >= 0
			}
		}
		if bad {
			return fmt.Errorf("nn: layer %d has a derivative that is not finite; its weights or inputs are too large", s.layer+1)
		}
	}
	return fmt.Errorf("nn: a derivative of the loss is not finite")
}
