package nn

import (
	"fmt"
	"math"
)

type (
	crossEntropy        struct{}
	squaredError        struct{}
	sigmoidCrossEntropy struct{}
)

func (crossEntropy) Name() string        { return "ce" }
func (squaredError) Name() string        { return "mse" }
func (sigmoidCrossEntropy) Name() string { return "bce" }

func (crossEntropy) Diagonal() bool        { return false }
func (squaredError) Diagonal() bool        { return true }
func (sigmoidCrossEntropy) Diagonal() bool { return true }

func (squaredError) Check([]float64) error { return nil }

func (crossEntropy) Check(t []float64) error {
	for i, v := range t {
		if v < 0 {
			return fmt.Errorf("entry %d is %g; the cross-entropy needs probabilities, at least 0", i, v)
		}
	}
	return nil
}

func (sigmoidCrossEntropy) Check(t []float64) error {
	for i, v := range t {
		if v < 0 || v > 1 {
			return fmt.Errorf("entry %d is %g; the sigmoid cross-entropy needs probabilities, from 0 to 1", i, v)
		}
	}
	return nil
}

// Sample measures everything from the greatest logit m, so that no exponential
// overflows, and forms 1 − p_i as the sum of the other probabilities, so that
// loss, gradient and Hessian keep their digits when one class is almost
// certain. The rows of hess add up to zero.
func (crossEntropy) Sample(grad, hess, z, t []float64) float64 {
	c := len(z)
	m := 0
	for i, v := range z {
		if v > z[m] {
			m = i
		}
	}
	rest, sum := 0.0, 0.0
	for i, v := range z {
		if i != m {
			rest += math.Exp(v - z[m])
		}
		sum += t[i]
	}
	log1 := math.Log1p(rest) // log Σ exp(z_i − z_m)
	loss := 0.0
	for i, v := range t {
		if v != 0 {
			loss += v * (log1 + (z[m] - z[i]))
		}
	}
	if grad == nil && hess == nil {
		return loss
	}
	inv := 1 / (1 + rest)
	p := grad
	if p == nil {
		p = hess[:c] // overwritten last, below
	}
	for i, v := range z {
		p[i] = math.Exp(v-z[m]) * inv
	}
	if hess != nil {
		// Rows from the last to the first, so that p may be row 0.
		for i := c - 1; i >= 0; i-- {
			row := hess[i*c : i*c+c]
			pi, d := p[i], 0.0
			for j := c - 1; j >= 0; j-- {
				if v := sum * (pi * p[j]); j != i {
					row[j] = -v
					d += v
				}
			}
			row[i] = d
		}
	}
	if grad != nil {
		toGradient(p, t, sum)
	}
	return loss
}

// toGradient makes the gradient of cross-entropy of the probabilities p, for targets t
// of the given sum.
func toGradient(p, t []float64, sum float64) {
	for i := range p {
		if t[i] != sum {
			continue
		}
		others := 0.0
		for j, v := range p {
			if j != i {
				others += v
			}
		}
		// All other targets are 0: this is the certain class.
		for j := range p {
			p[j] *= sum
		}
		p[i] = -sum * others
		return
	}
	for i := range p {
		p[i] = sum*p[i] - t[i]
	}
}

func (squaredError) Sample(grad, hess, z, t []float64) float64 {
	inv := 1 / float64(len(z))
	loss := 0.0
	for i, v := range z {
		d := v - t[i]
		loss += d * d
		if grad != nil {
			grad[i] = 2 * inv * d
		}
		if hess != nil {
			hess[i] = 2 * inv
		}
	}
	return loss * inv
}

func (sigmoidCrossEntropy) Sample(grad, hess, z, t []float64) float64 {
	inv := 1 / float64(len(z))
	loss := 0.0
	for i, v := range z {
		e := math.Exp(-math.Abs(v))
		q := 1 / (1 + e)
		loss += max(v, 0) - t[i]*v + math.Log1p(e)
		if grad != nil {
			s, r := q, e*q // σ(z) and 1 − σ(z)
			if v < 0 {
				s, r = r, s
			}
			grad[i] = inv * ((1-t[i])*s - t[i]*r)
		}
		if hess != nil {
			hess[i] = inv * e * q * q
		}
	}
	return loss * inv
}
