package certify

import (
	"math"

	"costate/la/vec"
)

// Cond estimates the condition number ‖A‖₂‖A⁻¹‖₂: from below, seldom by more
// than a factor of three. ‖A⁻¹‖ comes from power steps with the factors, from
// two random directions. The first call after Factorize solves.
//
// Source: J. D. Dixon, Estimating extremal eigenvalues and condition numbers of
// matrices, SIAM J. Numer. Anal. 20 (1983).
func (j *Judge) Cond() float64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.cond < 0 {
		for j.op.Sharpen() {
		}
		j.cond = 1
		if j.n > 0 {
			j.cond = max(1, j.op.Norm()*j.inverseNorm())
		}
	}
	return j.cond
}

// inverseNorm is the largest ‖F⁻¹x‖/‖x‖ met.
func (j *Judge) inverseNorm() float64 {
	const starts, steps = 2, 4
	w := j.space(1)
	defer j.pool.Put(w)
	inverse := 0.0
	for i := range min(starts, j.n) {
		x := w.x
		w.random(x, i)
		for range steps {
			j.engine.Solve(x, 1)
			n := vec.Norm2(x)
			if n-n != 0 {
				return math.Inf(1)
			}
			inverse = max(inverse, n)
			if n == 0 {
				break
			}
			vec.Scale(x, 1/n, x)
		}
	}
	return inverse
}
