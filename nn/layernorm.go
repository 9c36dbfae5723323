package nn

import (
	"fmt"
	"math"
)

// LayerNorm is the Map that shifts and scales each sample to mean 0 and
// variance 1 over its n units,
//
//	y = (x − μ) / √(v + Eps)      μ = 1/n Σ x_i,  v = 1/n Σ (x_i − μ)²
//
// without a learned gain (a Dense layer that follows has one).
//
// With s = 1/√(v+Eps), P = I − 11ᵀ/n, β = bᵀy and g = s(Pb − βy/n), the
// gradient of bᵀy, its derivatives are
//
//	J = s (P − yyᵀ/n)        Σ b_i ∂²y_i = −s/n (g yᵀ + y gᵀ + β J)
//
// Source: J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization,
// arXiv:1607.06450, section 3.
type LayerNorm struct {
	Eps float64 // 0 is 1e-5; must be positive, so that equal inputs are no trouble
}

var (
	_ Map    = LayerNorm{}
	_ Puller = LayerNorm{}
)

func (l LayerNorm) eps() float64 {
	if l.Eps == 0 {
		return 1e-5
	}
	return l.Eps
}

// OutWidth implements Layer.
func (l LayerNorm) OutWidth(in int) (int, error) {
	if !(l.eps() > 0) || math.IsInf(l.Eps, 0) {
		return 0, fmt.Errorf("a layer norm with Eps = %g; it must be positive", l.Eps)
	}
	return in, nil
}

// stats returns μ and s.
func (l LayerNorm) stats(in []float64) (mu, s float64) {
	inv := 1 / float64(len(in))
	for _, v := range in {
		mu += v
	}
	mu *= inv
	ss := 0.0
	for _, v := range in {
		d := v - mu
		ss += d * d
	}
	return mu, 1 / math.Sqrt(ss*inv+l.eps())
}

// Forward implements Map.
func (l LayerNorm) Forward(out, in []float64) {
	mu, s := l.stats(in)
	for i, v := range in {
		out[i] = s * (v - mu)
	}
}

// Pull implements Puller: it stores g.
func (l LayerNorm) Pull(dst, in, b []float64) {
	mu, s := l.stats(in)
	inv := 1 / float64(len(in))
	mean, beta := 0.0, 0.0
	for i, v := range b {
		mean += v
		beta += v * s * (in[i] - mu)
	}
	mean *= inv
	beta *= inv
	for i, v := range in {
		dst[i] = s * (b[i] - mean - beta*s*(v-mu))
	}
}

// Jacobian implements Map.
func (l LayerNorm) Jacobian(j, in []float64) {
	n := len(in)
	mu, s := l.stats(in)
	inv := 1 / float64(n)
	for i, v := range in {
		yi := s * (v - mu)
		row := j[i*n : i*n+n]
		for k, w := range in {
			row[k] = -s * inv * (1 + yi*s*(w-mu))
		}
		row[i] += s
	}
}

// Second implements Map.
func (l LayerNorm) Second(q, in, b []float64) {
	n := len(in)
	mu, s := l.stats(in)
	inv := 1 / float64(n)
	mean, beta := 0.0, 0.0
	for i, v := range b {
		mean += v
		beta += v * s * (in[i] - mu)
	}
	mean *= inv
	c := -s * inv
	for i, v := range in {
		yi := s * (v - mu)
		gi := s * (b[i] - mean - beta*inv*yi)
		row := q[i*n : i*n+n]
		for k := range i + 1 {
			yk := s * (in[k] - mu)
			gk := s * (b[k] - mean - beta*inv*yk)
			jik := -s * inv * (1 + yi*yk)
			if k == i {
				jik += s
			}
			w := c * (gi*yk + yi*gk + beta*jik)
			row[k] = w
			q[k*n+i] = w
		}
	}
}
