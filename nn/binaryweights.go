package nn

import (
	"fmt"
	"math"
	"strings"
)

// A WeightedSigmoidCrossEntropy is the SigmoidCrossEntropy with weights, as PyTorch's
// binary_cross_entropy_with_logits with pos_weight and weight: with σ the logistic
// function, for targets t of c outputs
//
//	−1/c Σ_i w_i (p_i t_i log σ(z_i) + (1−t_i) log(1−σ(z_i)))
//
// All weights must be finite and at least 0; they may not change.
type WeightedSigmoidCrossEntropy struct {
	Positive []float64 // p, for each output; nil is ones
	Weights  []float64 // w, for each output; nil is ones

	// TargetWeights says that behind the c targets of a sample stand c weights that
	// multiply their losses, besides the ones above. Labels have none, and are refused.
	TargetWeights bool
}

var _ TargetLoss = (*WeightedSigmoidCrossEntropy)(nil)

// Name implements Loss: "bce" with what differs from it.
func (l *WeightedSigmoidCrossEntropy) Name() string {
	var s []string
	if l.Positive != nil {
		s = append(s, fmt.Sprintf("positive=%v", l.Positive))
	}
	if l.Weights != nil {
		s = append(s, fmt.Sprintf("weights=%v", l.Weights))
	}
	if l.TargetWeights {
		s = append(s, "of targets")
	}
	if s == nil {
		return "bce"
	}
	return "bce(" + strings.Join(s, ",") + ")"
}

// Targets implements TargetLoss: as many as outputs, twice as many with weights behind
// them.
func (l *WeightedSigmoidCrossEntropy) Targets(outputs int) (int, error) {
	for _, w := range []struct {
		what string
		of   []float64
	}{{"positive weights", l.Positive}, {"weights", l.Weights}} {
		if w.of != nil && len(w.of) != outputs {
			return 0, fmt.Errorf("%d %s for %d outputs", len(w.of), w.what, outputs)
		}
		if i := badWeight(w.of); i >= 0 {
			return 0, fmt.Errorf("entry %d of the %s is %g; it must be finite and at least 0", i, w.what, w.of[i])
		}
	}
	if l.TargetWeights {
		return 2 * outputs, nil
	}
	return outputs, nil
}

// badWeight is the first entry that is no weight, -1 if there is none.
func badWeight(w []float64) int {
	for i, v := range w {
		if !(v >= 0) || math.IsInf(v, 0) {
			return i
		}
	}
	return -1
}

// Diagonal implements Loss.
func (*WeightedSigmoidCrossEntropy) Diagonal() bool { return true }

// Check implements Loss.
func (l *WeightedSigmoidCrossEntropy) Check(t []float64) error {
	if l.TargetWeights {
		c := len(t) / 2
		if i := badWeight(t[c:]); i >= 0 {
			return fmt.Errorf("entry %d is %g; it is the weight of target %d, which must be at least 0", c+i, t[c+i], i)
		}
		t = t[:c]
	}
	return SigmoidCrossEntropy.Check(t)
}

// checkLabels implements labelChecker.
func (l *WeightedSigmoidCrossEntropy) checkLabels() error {
	if l.TargetWeights {
		return fmt.Errorf("labels, but each target has a weight behind it; give T")
	}
	return nil
}

// Sample implements Loss. As SigmoidCrossEntropy it forms σ(−z) without 1−σ(z), so that
// what is almost certain keeps its digits.
func (l *WeightedSigmoidCrossEntropy) Sample(grad, hess, z, t []float64) float64 {
	inv := 1 / float64(len(z))
	loss := 0.0
	for i, v := range z {
		w := inv
		if l.Weights != nil {
			w *= l.Weights[i]
		}
		if l.TargetWeights {
			w *= t[len(z)+i]
		}
		yes, no := w*t[i], w*(1-t[i])
		if l.Positive != nil {
			yes *= l.Positive[i]
		}
		e := math.Exp(-math.Abs(v))
		q := 1 / (1 + e)
		s, r := q, e*q // σ(z) and σ(−z)
		if v < 0 {
			s, r = r, s
		}
		// −log σ(z) = max(−z, 0) + log(1+e), and for −z alike.
		log := math.Log1p(e)
		loss += yes*(max(-v, 0)+log) + no*(max(v, 0)+log)
		if grad != nil {
			grad[i] = no*s - yes*r
		}
		if hess != nil {
			hess[i] = (yes + no) * e * q * q
		}
	}
	return loss
}
