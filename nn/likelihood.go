package nn

import (
	"fmt"
	"math"
)

// Losses that are negative log-likelihoods, as PyTorch's functions of these names have
// them, without the terms that depend on the targets only.
var (
	// Poisson is for counts t ≥ 0 whose expectation is exp z: the mean over the outputs
	// of exp z − t z. Its name is "poisson".
	Poisson Loss = poisson{}

	// Gaussian is for numbers t with an expectation and a variance, both of which the
	// network gives: of 2m outputs the first m are expectations μ, the others the
	// logarithms s of variances, for m targets. The loss is the mean over these of
	//
	//	½ (s + (t − μ)² exp(−s))
	//
	// Its second derivative in (μ, s) is indefinite, even where the network is linear;
	// factor.Gram needs a loss that is convex in the outputs. Its name is "gaussian".
	Gaussian Loss = gaussian{}
)

type (
	poisson  struct{}
	gaussian struct{}
)

var _ TargetLoss = gaussian{}

func (poisson) Name() string   { return "poisson" }
func (poisson) Diagonal() bool { return true }

func (poisson) Check(t []float64) error {
	for i, v := range t {
		if v < 0 {
			return fmt.Errorf("entry %d is %g; the Poisson loss needs counts, at least 0", i, v)
		}
	}
	return nil
}

func (poisson) Sample(grad, hess, z, t []float64) float64 {
	inv := 1 / float64(len(z))
	loss := 0.0
	for i, v := range z {
		e := math.Exp(v)
		loss += e - t[i]*v
		if grad != nil {
			grad[i] = inv * (e - t[i])
		}
		if hess != nil {
			hess[i] = inv * e
		}
	}
	return loss * inv
}

func (gaussian) Name() string          { return "gaussian" }
func (gaussian) Diagonal() bool        { return false }
func (gaussian) Check([]float64) error { return nil }

// Targets implements TargetLoss: half as many as outputs.
func (gaussian) Targets(outputs int) (int, error) {
	if outputs%2 != 0 {
		return 0, fmt.Errorf("%d outputs; it needs an expectation and a log-variance for each target", outputs)
	}
	return outputs / 2, nil
}

func (gaussian) Sample(grad, hess, z, t []float64) float64 {
	m, c := len(t), len(z)
	inv := 1 / float64(m)
	clear(hess)
	loss := 0.0
	for i, target := range t {
		r, s := z[i]-target, z[m+i]
		w := math.Exp(-s)
		loss += 0.5 * (s + r*r*w)
		if grad != nil {
			grad[i], grad[m+i] = inv*r*w, inv*0.5*(1-r*r*w)
		}
		if hess != nil {
			hess[i*c+i] = inv * w
			hess[(m+i)*c+m+i] = inv * 0.5 * r * r * w
			hess[i*c+m+i], hess[(m+i)*c+i] = -inv*r*w, -inv*r*w
		}
	}
	return loss * inv
}
