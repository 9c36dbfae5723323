package nn

import (
	"fmt"
	"strings"
)

// A Loss compares the outputs z of one sample with its target t. The loss of a
// batch of N samples is
//
//	ℓ = 1/N Σ_n w_n loss(z_n, t_n)
//
// with weights w_n, 1 unless a Batch gives others (note the division by N, not
// by Σ w_n). A Loss is used by many goroutines at once.
type Loss interface {
	// Name is the word that stands for the loss in flags and files.
	Name() string

	// Diagonal reports that the second derivative in the outputs is diagonal.
	Diagonal() bool

	// Check returns an error if t cannot be a target, naming the entry. NaN and
	// infinities have been refused before.
	Check(t []float64) error

	// Sample returns the loss of one sample and stores ∂loss/∂z in grad and
	// ∂²loss/∂z² in hess. grad has the length c of z and t; hess has length c
	// if the loss is Diagonal and c·c, both triangles, if not. grad and hess
	// may be nil when they are not wanted.
	Sample(grad, hess, z, t []float64) float64
}

// A TargetLoss is a Loss whose targets are not as many numbers as the outputs, or that
// does not suit any number of outputs.
type TargetLoss interface {
	Loss
	// Targets returns the numbers of a sample's target for so many outputs, or an error
	// that says what outputs the loss needs.
	Targets(outputs int) (int, error)
}

// The losses of this package. Their values are those of PyTorch's functions of
// the same name with the default reduction.
var (
	// CrossEntropy is the softmax cross-entropy −Σ_i t_i log p_i with
	// p = softmax(z), for labels or for targets that are probabilities
	// (t_i ≥ 0). Its Hessian is (Σt)(diag(p) − ppᵀ). Its name is "ce".
	CrossEntropy Loss = crossEntropy{}

	// SquaredError is the mean squared error 1/c Σ_i (z_i − t_i)² over the c
	// outputs: without a factor ½ and a mean, not a sum, over the outputs. Its
	// name is "mse".
	SquaredError Loss = squaredError{}

	// SigmoidCrossEntropy is the binary cross-entropy of c independent logits,
	// 1/c Σ_i (log(1+exp z_i) − t_i z_i) with 0 ≤ t_i ≤ 1: a mean over the
	// outputs. Its name is "bce".
	SigmoidCrossEntropy Loss = sigmoidCrossEntropy{}
)

// LossByName returns the loss of that name: "ce", "mse", "bce", "poisson" or "gaussian". The error for
// an unknown name lists the known ones.
func LossByName(name string) (Loss, error) {
	for _, l := range []Loss{CrossEntropy, SquaredError, SigmoidCrossEntropy, Poisson, Gaussian} {
		if l.Name() == name {
			return l, nil
		}
	}
	return nil, fmt.Errorf("nn: unknown loss %q; known are %s", name, strings.Join(LossNames(), ", "))
}

// LossNames returns the names that LossByName knows.
func LossNames() []string { return []string{"bce", "ce", "gaussian", "mse", "poisson"} }

// setLabel writes the target of a label into t, which is zero: with one output the
// target is the label itself, 0 or 1; with more it is 1 at the label. clearLabel makes t
// zero again.
func setLabel(t []float64, label int) {
	if len(t) == 1 {
		t[0] = float64(label)
		return
	}
	t[label] = 1
}

func clearLabel(t []float64, label int) {
	if len(t) == 1 {
		t[0] = 0
		return
	}
	t[label] = 0
}
