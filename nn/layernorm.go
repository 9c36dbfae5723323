package nn

import (
	"fmt"
	"math"
)

// LayerNorm is the Map that shifts and scales each sample, or each of its Tokens, to
// mean 0 and variance 1 over its n units,
//
//	y = (x − μ) / √(v + Eps)      μ = 1/n Σ x_i,  v = 1/n Σ (x_i − μ)²
//
// without a learned gain (a layer with weights that follows has one).
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

	// Tokens is how many parts of equal length a sample has, each of which is
	// normalized by itself; 0 is 1. PyTorch's LayerNorm(d) of tokens of width d does so.
	Tokens int
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
	if l.Tokens < 0 || l.Tokens > 0 && in%l.Tokens != 0 {
		return 0, fmt.Errorf("a layer norm of %d tokens after a width of %d; it needs a multiple of the tokens", l.Tokens, in)
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

// each calls fn for each token with where it begins and ends.
func (l LayerNorm) each(in int, fn func(from, to int)) {
	n := in / max(l.Tokens, 1)
	for from := 0; from < in; from += n {
		fn(from, from+n)
	}
}

// Forward implements Map.
func (l LayerNorm) Forward(out, in []float64) {
	l.each(len(in), func(from, to int) {
		mu, s := l.stats(in[from:to])
		for i, v := range in[from:to] {
			out[from+i] = s * (v - mu)
		}
	})
}

// Pull implements Puller: it stores g.
func (l LayerNorm) Pull(dst, in, b []float64) {
	l.each(len(in), func(from, to int) { l.pull(dst[from:to], in[from:to], b[from:to]) })
}

// pull stores g of one token.
func (l LayerNorm) pull(dst, in, b []float64) {
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
	if l.Tokens > 1 {
		clear(j)
	}
	l.each(n, func(from, to int) { l.jacobian(j[from*n+from:], n, in[from:to]) })
}

// jacobian stores J of one token, in rows that are ld apart.
func (l LayerNorm) jacobian(j []float64, ld int, in []float64) {
	mu, s := l.stats(in)
	inv := 1 / float64(len(in))
	for i, v := range in {
		yi := s * (v - mu)
		row := j[i*ld:][:len(in)]
		for k, w := range in {
			row[k] = -s * inv * (1 + yi*s*(w-mu))
		}
		row[i] += s
	}
}

// Second implements Map.
func (l LayerNorm) Second(q, in, b []float64) {
	n := len(in)
	if l.Tokens > 1 {
		clear(q)
	}
	l.each(n, func(from, to int) { l.second(q[from*n+from:], n, in[from:to], b[from:to]) })
}

// second stores the second derivative of one token, in rows that are ld apart.
func (l LayerNorm) second(q []float64, ld int, in, b []float64) {
	mu, s := l.stats(in)
	inv := 1 / float64(len(in))
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
		row := q[i*ld:]
		for k := range i + 1 {
			yk := s * (in[k] - mu)
			gk := s * (b[k] - mean - beta*inv*yk)
			jik := -s * inv * (1 + yi*yk)
			if k == i {
				jik += s
			}
			w := c * (gi*yk + yi*gk + beta*jik)
			row[k] = w
			q[k*ld+i] = w
		}
	}
}
