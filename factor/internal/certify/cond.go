package certify

import (
	"math"

	"costate/la/vec"
)

// powerSteps is the number of power steps with the inverse. From a random vector of order n
// the estimate of the norm is within 1/θ of it after k steps but for a chance of
// 0.8 √n θ^(k−½), by Dixon's theorem: for θ = 1/3 and k = 4 that is √n/60 from one start,
// which is seldom enough for an estimate on which nothing rests.
const powerSteps = 4

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
	const starts = 2 // random: one alone may by chance be orthogonal to what is looked for
	w := j.space(1)
	defer j.pool.Put(w)
	inverse := 0.0
	for i := range min(starts, j.n) {
		x := w.x
		w.random(x, i)
		for range powerSteps {
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
