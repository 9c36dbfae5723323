package laplace

import (
	"math"

	"costate/nn"
)

// likelihood is how the loss of a batch stands for a negative log-likelihood:
//
//	−log p(targets) = κ ℓ + count·log(σ√2π),   κ = base, or base/σ² with noise
//
// for the mean loss ℓ of package nn. The squared error there is a mean over the outputs
// without a half, and the other losses there, but for the cross-entropy, are means over the
// targets; of losses from elsewhere the value of a sample is taken for its negative
// log-likelihood. What depends on the targets alone is left out for Poisson and Gaussian.
type likelihood struct {
	noise bool    // whether there is a σ
	base  float64 // κ, with σ = 1
	count float64 // numbers measured with noise σ: samples times outputs
}

func newLikelihood(loss nn.Loss, batch *nn.Batch, outputs int, temperature float64) likelihood {
	n, c := float64(batch.N), float64(outputs)
	if _, ok := loss.(*nn.WeightedSigmoidCrossEntropy); ok {
		return likelihood{base: n * c / temperature}
	}
	switch loss.Name() {
	case nn.SquaredError.Name():
		samples := n
		if batch.Weights != nil {
			samples = 0
			for _, w := range batch.Weights {
				samples += w
			}
		}
		return likelihood{noise: true, base: n * c / (2 * temperature), count: samples * c}
	case nn.SigmoidCrossEntropy.Name(), nn.Poisson.Name():
		return likelihood{base: n * c / temperature}
	case nn.Gaussian.Name():
		return likelihood{base: n * c / 2 / temperature} // a mean over half of the outputs
	}
	return likelihood{base: n / temperature}
}

// scale is κ for the noise σ.
func (l likelihood) scale(sigma float64) float64 {
	if l.noise {
		return l.base / (sigma * sigma)
	}
	return l.base
}

// negLog is the negative log-likelihood for a mean loss.
func (l likelihood) negLog(loss, sigma float64) float64 {
	v := l.scale(sigma) * loss
	if l.noise {
		v += l.count * math.Log(sigma*math.Sqrt(2*math.Pi))
	}
	return v
}
