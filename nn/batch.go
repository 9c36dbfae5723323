package nn

import (
	"fmt"
	"math"

	"costate/la/vec"
)

// A Batch is a number of samples with what the loss compares their outputs
// with: Labels, or targets T. A Batch is only read.
type Batch struct {
	N int       // number of samples
	X []float64 // N×inputs, sample by sample

	// Labels holds a class for each sample, from 0. Every loss takes labels:
	// they stand for the target that is 1 at the label and 0 elsewhere, and
	// with a single output for the target 0 or 1. A label may be Ignored.
	Labels []int

	// T holds a target for each sample, N×outputs, or N×Network.Targets for a
	// TargetLoss. Exactly one of Labels and T is given.
	T []float64

	// Weights holds a weight for each sample, at least 0; nil stands for ones.
	Weights []float64
}

// Ignored is the label of a sample that does not count, as if its weight were 0: the
// ignore_index of PyTorch's losses. The loss of a batch is still divided by all of its
// samples.
const Ignored = -100

// A labelChecker is a loss that does not take labels in all of its forms.
type labelChecker interface {
	checkLabels() error
}

// check reports the first thing wrong with b for a network of plan p.
func (b *Batch) check(p *plan) error {
	if b == nil || b.N <= 0 {
		return fmt.Errorf("nn: empty batch; it needs at least one sample")
	}
	if err := p.checkInputs(b.X, b.N); err != nil {
		return err
	}
	c := p.outputs
	switch {
	case b.Labels != nil && b.T != nil:
		return fmt.Errorf("nn: batch with both Labels and T; give one of them")
	case b.Labels != nil:
		if len(b.Labels) != b.N {
			return fmt.Errorf("nn: %d labels for a batch of %d samples", len(b.Labels), b.N)
		}
		if l, ok := p.loss.(labelChecker); ok {
			if err := l.checkLabels(); err != nil {
				return fmt.Errorf("nn: %w", err)
			}
		}
		classes := max(2, p.targets)
		for i, t := range b.Labels {
			if t != Ignored && (t < 0 || t >= classes) {
				return fmt.Errorf("nn: label of sample %d is %d; with %d outputs it must be from 0 to %d", i, t, c, classes-1)
			}
		}
	case b.T != nil:
		m := p.targets
		if len(b.T) != b.N*m {
			what := "outputs"
			if m != c {
				what = "targets"
			}
			return fmt.Errorf("nn: T has %d numbers; %d samples of %d %s need %d", len(b.T), b.N, m, what, b.N*m)
		}
		if i := vec.FirstNotFinite(b.T); i >= 0 {
			return fmt.Errorf("nn: T[%d,%d] is %g", i/m, i%m, b.T[i])
		}
		for i := range b.N {
			if err := p.loss.Check(b.T[i*m : i*m+m]); err != nil {
				return fmt.Errorf("nn: T[%d]: %w", i, err)
			}
		}
	default:
		return fmt.Errorf("nn: batch with neither Labels nor T; the loss needs one of them")
	}
	if b.Weights != nil {
		if len(b.Weights) != b.N {
			return fmt.Errorf("nn: %d sample weights for a batch of %d samples", len(b.Weights), b.N)
		}
		for i, w := range b.Weights {
			if !(w >= 0) || math.IsInf(w, 0) {
				return fmt.Errorf("nn: Weights[%d] is %g; a sample weight must be finite and at least 0", i, w)
			}
		}
	}
	return nil
}

// checkInputs reports the first thing wrong with n samples x.
func (p *plan) checkInputs(x []float64, n int) error {
	a := p.inputs
	if len(x) != n*a {
		return fmt.Errorf("nn: X has %d numbers; %d samples of %d inputs need %d", len(x), n, a, n*a)
	}
	if i := vec.FirstNotFinite(x); i >= 0 {
		return fmt.Errorf("nn: X[%d,%d] is %g", i/a, i%a, x[i])
	}
	return p.checkLengths(x, n)
}

// checkParams reports the first parameter that is not finite.
func (n *Network) checkParams() error {
	i := vec.FirstNotFinite(n.theta)
	if i < 0 {
		return nil
	}
	return fmt.Errorf("nn: %s is %g", n.plan.paramName(i), n.theta[i])
}

// ParamName returns the name of parameter i of the flat array in messages:
// "W3[2,5]" and "b3[2]" in the third dense layer, "parameter 7 of layer 4" in
// a BlockLayer that is the fourth layer. It panics with ErrParams if i is out
// of range.
func (n *Network) ParamName(i int) string {
	if i < 0 || i >= n.plan.params {
		panic(ErrParams)
	}
	return n.plan.paramName(i)
}

func (p *plan) paramName(i int) string {
	for k := range p.steps {
		s := &p.steps[k]
		if i >= s.w+s.np || s.np == 0 {
			continue
		}
		j := i - s.w
		switch {
		case s.kind == blockStep:
			return fmt.Sprintf("parameter %d of layer %s", j, s.name())
		case j < s.weightCount():
			return fmt.Sprintf("W%d[%d,%d]", s.number, j/s.row, j%s.row)
		default:
			return fmt.Sprintf("b%d[%d]", s.number, j-s.weightCount())
		}
	}
	return fmt.Sprintf("parameter %d", i)
}
