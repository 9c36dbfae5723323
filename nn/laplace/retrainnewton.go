package laplace

// leastShift is the least damping of the exact Hessian that is not 0, over that which
// startDamping gives at the point: curvature falls with the loss by many orders where the
// prior is weak, and steps damped by a part of what it was would no longer move. A smaller one
// does nothing to the scaled Hessian that a step shows.
const leastShift = 1e-6

// tryNewton makes a step with the exact Hessian, damped until it is positive definite, and
// takes it as try does. What goes wrong is no error: there is try.
func (m *marquardt) tryNewton(value float64) (next float64, taken bool) {
	chain := m.scaled.apply(&m.lin.Chain)
	var err error
	if m.exact.IsEmpty() {
		err = m.exact.Analyse(chain, &m.opts)
	} else {
		err = m.exact.Update(chain)
	}
	if err != nil {
		return value, false
	}
	least := leastShift * m.startDamping()
	for range newtonTries {
		if m.definite(m.shift) {
			next, ratio, err := m.move(&m.exact, m.shift, value)
			if err == nil && ratio > leastRatio {
				if m.shift /= 8; m.shift < least {
					m.shift = 0
				}
				return next, true
			}
			m.net.SetParams(m.w)
		}
		m.shift = max(8*m.shift, least)
	}
	return value, false
}

// definite factors the exact Hessian with a damping, and reports whether that is certainly
// positive definite.
func (m *marquardt) definite(damping float64) bool {
	if m.factorize(&m.exact, damping) != nil {
		return false
	}
	in := m.exact.Inertia()
	return in.Certain && in.Negative == 0 && in.Zero == 0
}
