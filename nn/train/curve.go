package train

import (
	"math"

	"costate/internal/space"
	"costate/la/vec"
)

// stretch is the factor by which a step that lowers the loss is tried longer, up
// to stretches times and as long as the loss falls: to 11 times its length. A trial costs
// one pass forward, a small part of a factorization. TestCalibration compares stretch
// with others.
var (
	stretch   = 1.5
	stretches = 6
)

// A curve is the path θ + αs + ½α²a on which a step is tried; a may be nil.
type curve struct {
	s, a []float64
	d    []float64
	// loss is the loss at θ + d.
	loss func(d []float64) (float64, bool)
	// allowed limits the search to where it is true; nil is no limit.
	allowed func(alpha float64) bool
}

// to computes αs + ½α²a.
func (c *curve) to(alpha float64) []float64 {
	c.d = space.Resize(c.d, len(c.s))
	for i, v := range c.s {
		c.d[i] = alpha * v
	}
	if c.a != nil {
		vec.Axpy(c.d, 0.5*alpha*alpha, c.a)
	}
	return c.d
}

// at is the loss at α, +∞ where it cannot be evaluated.
func (c *curve) at(alpha float64) float64 {
	loss, ok := c.loss(c.to(alpha))
	if !ok {
		return math.Inf(1)
	}
	return loss
}

// search looks along the curve for a point with a loss below that at its
// beginning. full is the loss at α = 1. after is not below loss if there is none down to 2^−halvings.
func (c *curve) search(loss, full float64, halvings int) (alpha, after float64) {
	alpha, after = 1, full
	if after < loss {
		for range stretches {
			if c.allowed != nil && !c.allowed(stretch*alpha) {
				break
			}
			next := c.at(stretch * alpha)
			if !(next < after) {
				break
			}
			alpha, after = stretch*alpha, next
		}
		return alpha, after
	}
	for range halvings {
		alpha /= 2
		if next := c.at(alpha); next < loss {
			return alpha, next
		}
	}
	return 1, full
}
