package train_test

import (
	"math"

	"costate/la"
)

// diagonal is a train.Shifted.
type diagonal struct {
	d      []float64
	lambda float64
}

func (h *diagonal) Order() int { return len(h.d) }

func (h *diagonal) Factorize(lambda float64) (la.Inertia, error) {
	h.lambda = lambda
	in := la.Inertia{Certain: true}
	for _, d := range h.d {
		switch {
		case d+lambda < 0:
			in.Negative++
		case d+lambda == 0:
			in.Zero++
		default:
			in.Positive++
		}
	}
	return in, nil
}

func (h *diagonal) Solve(dst, b []float64) error {
	for i, d := range h.d {
		dst[i] = b[i] / (d + h.lambda)
	}
	return nil
}

func (h *diagonal) Mul(dst, v []float64) {
	for i, d := range h.d {
		dst[i] = d * v[i]
	}
}

func abs(x float64) float64 { return math.Abs(x) }
