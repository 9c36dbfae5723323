package nn

import (
	"fmt"
	"math"

	"costate/la/vec"
)

// A Workspace holds what the passes Loss, Gradient, Predict and Accuracy need
// between calls, so that they allocate nothing when they are repeated. The zero
// value is ready; one goroutine at a time may use it. Where a *Workspace is
// asked for, nil makes one for the call.
type Workspace struct {
	tapes [2]tape // whole parts, and the last one
	a, b  []float64
	rows  []float64 // of layers that gather them
	kept  []float64 // φ(u) of layers that keep their inputs
	t     []float64
	side  sideways

	lengths []int
}

// partSize returns how many of count samples to take at once: few enough that
// a part of the widest layer stays in cache, many enough for the kernels.
func (p *plan) partSize(count int) int {
	if p.whole {
		return count
	}
	const elements = 1 << 15
	return min(count, max(64, elements/max(p.width, p.rowsMax)))
}

// buffers makes room for part samples and returns a zero target.
func (w *Workspace) buffers(p *plan, part int) []float64 {
	size := part * p.width
	if len(w.a) < size {
		w.a, w.b = make([]float64, size), make([]float64, size)
	}
	if len(w.rows) < part*p.rowsMax {
		w.rows = make([]float64, part*p.rowsMax)
	}
	if p.keeps && len(w.kept) < size {
		w.kept = make([]float64, size)
	}
	if len(w.t) < p.targets {
		w.t = make([]float64, p.targets)
	}
	return w.t[:p.targets]
}

// Loss returns the loss of the batch, which may be large: it is taken in parts
// (unless the network has a BlockLayer). Errors are those of Linearize.
func (n *Network) Loss(batch *Batch, ws *Workspace) (float64, error) {
	if err := n.checkParams(); err != nil {
		return 0, err
	}
	if err := batch.check(n.plan); err != nil {
		return 0, err
	}
	if ws == nil {
		ws = new(Workspace)
	}
	p, pr := n.plan, n.products()
	part := p.partSize(batch.N)
	t := ws.buffers(p, part)
	total, scale := 0.0, 1/float64(batch.N)
	for from := 0; from < batch.N; from += part {
		count := min(part, batch.N-from)
		z := n.values(pr, ws, batch.X[from*p.inputs:(from+count)*p.inputs], count)
		total += lossPart(p.loss, batch, from, count, z, scale, nil, nil, t)
	}
	if math.IsNaN(total) || math.IsInf(total, 0) {
		return 0, fmt.Errorf("nn: the loss is %g; weights or inputs are too large", total)
	}
	return total, nil
}

// Gradient stores the gradient of the loss in grad, flat, and returns the loss.
// It is the first part of Linearize, for batches of any size. It panics with
// ErrParams if len(grad) is not NumParams.
func (n *Network) Gradient(grad []float64, batch *Batch, ws *Workspace) (float64, error) {
	if len(grad) != n.plan.params {
		panic(ErrParams)
	}
	if err := n.checkParams(); err != nil {
		return 0, err
	}
	if err := batch.check(n.plan); err != nil {
		return 0, err
	}
	if ws == nil {
		ws = new(Workspace)
	}
	p, pr := n.plan, n.products()
	part := p.partSize(batch.N)
	total, scale := 0.0, 1/float64(batch.N)
	for from := 0; from < batch.N; from += part {
		count := min(part, batch.N-from)
		t := &ws.tapes[0]
		if count < part {
			t = &ws.tapes[1]
		}
		t.configure(p, count, false, false)
		t.from = from
		z := t.forward(pr, n.theta, batch.X[from*p.inputs:(from+count)*p.inputs])
		l := lossPart(p.loss, batch, from, count, z, scale, t.g[0][:count*p.outputs], nil, t.t)
		if err := t.backward(pr, n.theta, grad, from > 0); err != nil {
			return 0, err
		}
		if err := t.checkFinite(l, grad); err != nil {
			return 0, err
		}
		total += l
	}
	return total, nil
}

// Predict stores the outputs for count samples x (count×inputs) in dst
// (count×outputs), in parts as Loss. It panics with ErrDestination if dst
// has another length.
func (n *Network) Predict(dst, x []float64, count int, ws *Workspace) error {
	p := n.plan
	if count < 1 {
		return fmt.Errorf("nn: empty batch; it needs at least one sample")
	}
	if len(dst) != count*p.outputs {
		panic(ErrDestination)
	}
	if err := n.checkParams(); err != nil {
		return err
	}
	if err := p.checkInputs(x, count); err != nil {
		return err
	}
	if ws == nil {
		ws = new(Workspace)
	}
	pr := n.products()
	part := p.partSize(count)
	ws.buffers(p, part)
	for from := 0; from < count; from += part {
		m := min(part, count-from)
		z := n.values(pr, ws, x[from*p.inputs:(from+m)*p.inputs], m)
		copy(dst[from*p.outputs:], z)
	}
	if i := vec.FirstNotFinite(dst); i >= 0 {
		return fmt.Errorf("nn: output %d of sample %d is %g; weights or inputs are too large", i%p.outputs, i/p.outputs, dst[i])
	}
	return nil
}

// Accuracy returns the fraction of the samples whose greatest output is the one
// of their label, the first of equals; with one output, those where it is
// positive exactly if the label is 1. The batch needs Labels, of which those that are
// Ignored do not count; its weights do not matter.
func (n *Network) Accuracy(batch *Batch, ws *Workspace) (float64, error) {
	if err := n.checkParams(); err != nil {
		return 0, err
	}
	if batch != nil && batch.Labels == nil {
		return 0, fmt.Errorf("nn: batch without Labels; accuracy needs them")
	}
	if err := batch.check(n.plan); err != nil {
		return 0, err
	}
	if ws == nil {
		ws = new(Workspace)
	}
	p, pr := n.plan, n.products()
	c := p.outputs
	part := p.partSize(batch.N)
	ws.buffers(p, part)
	right, ignored := 0, 0
	for from := 0; from < batch.N; from += part {
		count := min(part, batch.N-from)
		z := n.values(pr, ws, batch.X[from*p.inputs:(from+count)*p.inputs], count)
		if i := vec.FirstNotFinite(z); i >= 0 {
			return 0, fmt.Errorf("nn: output %d of sample %d is %g; weights or inputs are too large", i%c, from+i/c, z[i])
		}
		for i := range count {
			switch batch.Labels[from+i] {
			case Ignored:
				ignored++
			case class(z[i*c : i*c+c]):
				right++
			}
		}
	}
	if ignored == batch.N {
		return 0, fmt.Errorf("nn: all labels of the batch are Ignored; accuracy needs some")
	}
	return float64(right) / float64(batch.N-ignored), nil
}

// class returns the label that the outputs of a sample stand for.
func class(z []float64) int {
	if len(z) == 1 {
		if z[0] > 0 {
			return 1
		}
		return 0
	}
	best := 0
	for i, v := range z {
		if v > z[best] {
			best = i
		}
	}
	return best
}
