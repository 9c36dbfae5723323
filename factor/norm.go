package factor

import "math"

// estimateNorm returns a lower bound of ‖H‖₂, close to it: the greatest
// ‖Hv‖/‖v‖ met in a few power steps.
func (g *guard) estimateNorm() float64 {
	g.mu.Lock()
	known, norm := g.normKnown, g.norm
	g.mu.Unlock()
	if known {
		return norm
	}
	w := g.space(1)
	defer g.pool.put(w)
	v := w.d[:g.n]
	irregular(v)
	const steps = 4
	for range steps {
		nv := norm2(v)
		if nv == 0 {
			break
		}
		for i := range v {
			v[i] /= nv
		}
		w.product.HessVec(v, v)
		norm = max(norm, norm2(v))
	}
	g.mu.Lock()
	g.norm, g.normKnown = max(g.norm, norm), true
	norm = g.norm
	g.mu.Unlock()
	return norm
}

// magnitude estimates ‖H‖₂ plus the greatest damping.
func (g *guard) magnitude() float64 {
	return g.estimateNorm() + g.damping()
}

// damping is the greatest damping asked, in absolute value.
func (g *guard) damping() float64 {
	eps := 0.0
	for _, e := range g.eps {
		eps = max(eps, math.Abs(e))
	}
	return eps
}

// irregular fills v with a fixed sequence that looks random: the fractional
// parts of the multiples of the golden ratio.
func irregular(v []float64) {
	for i := range v {
		_, f := math.Modf(float64(i+1) * math.Phi)
		v[i] = f - 0.5
	}
}

// norm2 is the Euclidean norm, without needless over- or underflow.
func norm2(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x * x
	}
	if s > 1e-280 && s < 1e280 {
		return math.Sqrt(s)
	}
	// Scaled, against under- and overflow.
	big := 0.0
	for _, x := range v {
		if a := math.Abs(x); a > big || a != a {
			big = a
		}
	}
	if big == 0 || math.IsInf(big, 0) || big != big {
		return big
	}
	s = 0
	for _, x := range v {
		x /= big
		s += x * x
	}
	return big * math.Sqrt(s)
}
