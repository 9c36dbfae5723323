package nn

import (
	"fmt"
	"math"
	"strings"
)

// A WeightedCrossEntropy is the CrossEntropy with smoothed labels and weights of
// classes, as PyTorch's cross_entropy with label_smoothing and weight: for targets t of c
// classes
//
//	−Σ_i w_i ((1−Smoothing) t_i + Smoothing·(Σt)/c) log p_i
//
// The loss of a batch is divided by the number of its samples, where PyTorch divides by
// the sum of the weights of their labels.
//
// Source: C. Szegedy et al., Rethinking the Inception architecture for computer vision,
// arXiv:1512.00567, section 7.
type WeightedCrossEntropy struct {
	Smoothing float64   // from 0 to 1
	Weights   []float64 // of the classes, at least 0; nil is ones. It may not change.
}

var _ TargetLoss = (*WeightedCrossEntropy)(nil)

// Name implements Loss: "ce" with what differs from it.
func (l *WeightedCrossEntropy) Name() string {
	var s []string
	if l.Smoothing != 0 {
		s = append(s, fmt.Sprintf("smoothing=%g", l.Smoothing))
	}
	if l.Weights != nil {
		s = append(s, fmt.Sprintf("weights=%v", l.Weights))
	}
	if s == nil {
		return "ce"
	}
	return "ce(" + strings.Join(s, ",") + ")"
}

// Targets implements TargetLoss: as many as outputs.
func (l *WeightedCrossEntropy) Targets(outputs int) (int, error) {
	if !(l.Smoothing >= 0 && l.Smoothing <= 1) {
		return 0, fmt.Errorf("a smoothing of %g; it must be from 0 to 1", l.Smoothing)
	}
	if l.Weights != nil && len(l.Weights) != outputs {
		return 0, fmt.Errorf("%d weights of classes for %d outputs", len(l.Weights), outputs)
	}
	for i, w := range l.Weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return 0, fmt.Errorf("weight %d is %g; the weight of a class must be finite and at least 0", i, w)
		}
	}
	return outputs, nil
}

// Diagonal implements Loss.
func (*WeightedCrossEntropy) Diagonal() bool { return false }

// Check implements Loss.
func (*WeightedCrossEntropy) Check(t []float64) error { return CrossEntropy.Check(t) }

// Sample implements Loss: it is CrossEntropy for the targets that the formula has.
func (l *WeightedCrossEntropy) Sample(grad, hess, z, t []float64) float64 {
	s := lend(len(t))
	defer s.back()
	sum := 0.0
	for _, v := range t {
		sum += v
	}
	for i, v := range t {
		s.x[i] = (1-l.Smoothing)*v + l.Smoothing*sum/float64(len(t))
		if l.Weights != nil {
			s.x[i] *= l.Weights[i]
		}
	}
	return CrossEntropy.Sample(grad, hess, z, s.x)
}
