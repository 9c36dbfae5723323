package nn

import (
	"fmt"
	"math"
)

// Attention is the Map of scaled dot-product attention between the tokens of a sample.
// Its inputs are a query, a key and a value of each token, side by side,
//
//	token t:  [q_t k_t v_t], each of width d      outputs: o_t of width d
//	o_t = Σ_j p_tj v_j,   p_t = softmax over j of q_t·k_j / √d
//
// With several Heads, q, k and v are cut into as many equal parts, each of which attends
// by itself, and the results are put side by side again: d is then the width of a part in
// the formula. The weights that make q, k and v are those of a Tokens layer before it
// with 3d outputs, in the order of in_proj_weight of PyTorch's MultiheadAttention; its
// out_proj is a Tokens layer after it.
//
// With g_j = p_j (h_j − Σ p h), h_j = b_t·v_j and M = diag(g) − gpᵀ − pgᵀ for a token t,
// the second derivative in the scores is M; the others follow by the chain rule through
// c q·k and p.
//
// In a network that begins with Lengths the tokens of each sample attend to as many of
// its first tokens as its length says, and to no more than Length.
//
// Source: A. Vaswani et al., Attention is all you need, arXiv:1706.03762, section 3.2.
type Attention struct {
	Tokens int // of a sample; 0 takes the positions of the layer before
	Heads  int // 0 is 1
	// Causal lets a token attend only to itself and the ones before it.
	Causal bool
	// Length is how many tokens may be attended to, the first ones: those behind are
	// padding. 0 is all of them.
	Length int
}

var (
	_ Map    = Attention{}
	_ Puller = Attention{}
	_ Shaped = Attention{}
)

func (a Attention) heads() int { return max(a.Heads, 1) }

// MaxLength implements LengthMap.
func (a Attention) MaxLength() int { return a.Tokens }

// AtLength implements LengthMap.
func (a Attention) AtLength(length int) Map {
	if a.Length == 0 || length < a.Length {
		a.Length = length
	}
	return a
}

// Arrange implements Shaped.
func (a Attention) Arrange(in Shape) (Layer, Shape, error) {
	if a.Tokens == 0 {
		if in.Positions() == 1 {
			return nil, in, fmt.Errorf("attention between the tokens of %s; set Tokens", in)
		}
		a.Tokens = in.Positions()
	}
	out, err := a.OutWidth(in.Size())
	if err != nil {
		return nil, in, err
	}
	return a, in.at(a.Tokens, out/a.Tokens), nil
}

// OutWidth implements Layer.
func (a Attention) OutWidth(in int) (int, error) {
	switch {
	case a.Tokens < 1:
		return 0, fmt.Errorf("attention with Tokens = %d; it needs at least one", a.Tokens)
	case a.Heads < 0:
		return 0, fmt.Errorf("attention with Heads = %d", a.Heads)
	case a.Length < 0 || a.Length > a.Tokens:
		return 0, fmt.Errorf("attention with Length = %d; of %d tokens it must be from 1 to %d, or 0 for all", a.Length, a.Tokens, a.Tokens)
	case in < 1 || in%(3*a.Tokens*a.heads()) != 0:
		return 0, fmt.Errorf("attention of %d tokens and %d heads after a width of %d; it needs a multiple of 3·%d·%d, queries, keys and values of each token",
			a.Tokens, a.heads(), in, a.Tokens, a.heads())
	}
	return in / 3, nil
}

// A head is one head of attention on the inputs of a sample.
type head struct {
	a       Attention
	in      []float64
	d       int     // width of q, k and v of this head
	stride  int     // numbers of a token
	at, gap int     // where q begins in a token; from there to k, and from k to v
	scale   float64 // 1/√d
}

// head returns head h of the sample in.
func (a Attention) head(in []float64, h int) head {
	stride := len(in) / a.Tokens
	d := stride / 3 / a.heads()
	return head{a: a, in: in, d: d, stride: stride, at: h * d, gap: stride / 3, scale: 1 / math.Sqrt(float64(d))}
}

// q, k and v return where the query, key and value of token t begin in the inputs.
func (h *head) q(t int) int { return t*h.stride + h.at }
func (h *head) k(t int) int { return h.q(t) + h.gap }
func (h *head) v(t int) int { return h.k(t) + h.gap }

// out returns where the output of token t begins.
func (h *head) out(t int) int { return t*h.gap + h.at }

// row returns the d numbers of x from i on.
func (h *head) row(x []float64, i int) []float64 { return x[i : i+h.d] }

// reach returns how many tokens token t attends to, the first ones.
func (h *head) reach(t int) int {
	n := h.a.Tokens
	if h.a.Length > 0 {
		n = h.a.Length
	}
	if h.a.Causal {
		n = min(n, t+1)
	}
	return n
}

// softmax stores the weights p of token t, of length reach(t).
func (h *head) softmax(p []float64, t int) {
	q := h.row(h.in, h.q(t))
	most := math.Inf(-1)
	for j := range p {
		p[j] = h.scale * dot(q, h.row(h.in, h.k(j)))
		most = max(most, p[j])
	}
	sum := 0.0
	for j, s := range p {
		p[j] = math.Exp(s - most)
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
}

// slopes stores g, the derivative of b·o_t in the scores of token t.
func (h *head) slopes(g, p, b []float64) {
	mean := 0.0
	for j := range p {
		g[j] = dot(b, h.row(h.in, h.v(j)))
		mean += p[j] * g[j]
	}
	for j := range g {
		g[j] = p[j] * (g[j] - mean)
	}
}

// combine stores Σ_j w_j x_j in dst for the keys or values x_j that at gives.
func (h *head) combine(dst, w []float64, at func(int) int) {
	clear(dst)
	for j, v := range w {
		axpy(dst, v, h.row(h.in, at(j)))
	}
}

// Forward implements Map.
func (a Attention) Forward(out, in []float64) {
	s := lend(a.Tokens)
	defer s.back()
	for i := range a.heads() {
		h := a.head(in, i)
		for t := range a.Tokens {
			p := s.x[:h.reach(t)]
			h.softmax(p, t)
			h.combine(h.row(out, h.out(t)), p, h.v)
		}
	}
}

// Pull implements Puller.
func (a Attention) Pull(dst, in, b []float64) {
	clear(dst)
	s := lend(2 * a.Tokens)
	defer s.back()
	for i := range a.heads() {
		h := a.head(in, i)
		for t := range a.Tokens {
			n := h.reach(t)
			p, g := s.x[:n], s.x[n:2*n]
			bt := h.row(b, h.out(t))
			h.softmax(p, t)
			h.slopes(g, p, bt)
			q, dq := h.row(in, h.q(t)), h.row(dst, h.q(t))
			for j := range p {
				axpy(dq, h.scale*g[j], h.row(in, h.k(j)))
				axpy(h.row(dst, h.k(j)), h.scale*g[j], q)
				axpy(h.row(dst, h.v(j)), p[j], bt)
			}
		}
	}
}

// Jacobian implements Map.
func (a Attention) Jacobian(jac, in []float64) {
	clear(jac)
	a.refill(jac, in)
}

// refill implements refiller.
func (a Attention) refill(jac, in []float64) {
	n := len(in)
	s := lend(a.Tokens + 2*n)
	defer s.back()
	for i := range a.heads() {
		h := a.head(in, i)
		mean, value := s.x[a.Tokens:a.Tokens+h.d], s.x[a.Tokens+n:a.Tokens+n+h.d]
		for t := range a.Tokens {
			p := s.x[:h.reach(t)]
			h.softmax(p, t)
			h.combine(mean, p, h.k)
			h.combine(value, p, h.v)
			q := h.row(in, h.q(t))
			for e := range h.d {
				row := jac[(h.out(t)+e)*n:][:n]
				dq := h.row(row, h.q(t))
				clear(dq)
				for j, pj := range p {
					// ∂o_e/∂score_j
					w := h.scale * pj * (in[h.v(j)+e] - value[e])
					for f, k := range h.row(in, h.k(j)) {
						dq[f] += w * (k - mean[f])
					}
					dk := h.row(row, h.k(j))
					for f, x := range q {
						dk[f] = w * x
					}
					row[h.v(j)+e] = pj
				}
			}
		}
	}
}

// Second implements Map.
func (a Attention) Second(q, in, b []float64) {
	n := len(in)
	clear(q)
	s := lend(2*a.Tokens + 2*n)
	defer s.back()
	for i := range a.heads() {
		h := a.head(in, i)
		for t := range a.Tokens {
			r := h.reach(t)
			p, g := s.x[:r], s.x[r:2*r]
			mean, bend := s.x[2*r:2*r+h.d], s.x[2*r+h.d:2*r+2*h.d]
			bt := h.row(b, h.out(t))
			h.softmax(p, t)
			h.slopes(g, p, bt)
			h.combine(mean, p, h.k)
			h.combine(bend, g, h.k)
			h.second(q, t, p, g, bt, mean, bend)
		}
	}
	mirror(q, n)
}

// second adds the part of token t to the lower triangle of q; mean is Σ p_j k_j and
// bend Σ g_j k_j. Queries stand before keys and keys before values within a token, but
// not across tokens, so each pair is put where the row is the later one.
func (h *head) second(q []float64, t int, p, g, b, mean, bend []float64) {
	n, c := len(h.in), h.scale
	put := func(i, j int, v float64) {
		if i < j {
			i, j = j, i
		}
		q[i*n+j] += v
	}
	qt, query := h.q(t), h.row(h.in, h.q(t))
	for j, pj := range p {
		k := h.row(h.in, h.k(j))
		for e := range h.d {
			// q with q: Σ_j g_j k_j k_jᵀ, and below what M has besides its diagonal.
			axpy(q[(qt+e)*n+qt:][:e+1], c*c*g[j]*k[e], k[:e+1])
			mk := g[j]*(k[e]-mean[e]) - pj*bend[e] // (M k)_j
			dk := pj * (k[e] - mean[e])            // (D k)_j
			for f := range h.d {
				put(qt+e, h.k(j)+f, c*c*mk*query[f])
				put(qt+e, h.v(j)+f, c*dk*b[f])
			}
			put(qt+e, h.k(j)+e, c*g[j])
		}
		for l, pl := range p {
			m, d := -g[j]*pl-pj*g[l], -pj*pl
			if l == j {
				m, d = m+g[j], d+pj
			}
			for e := range h.d {
				if l <= j {
					row := q[(h.k(j)+e)*n+h.k(l):][:h.d]
					if l == j {
						row = row[:e+1]
					}
					axpy(row, c*c*m*query[e], query[:len(row)])
				}
				for f := range h.d {
					put(h.k(l)+e, h.v(j)+f, c*d*query[e]*b[f])
				}
			}
		}
	}
	for e := range h.d {
		row := q[(qt+e)*n+qt:][:e+1]
		axpy(row, -c*c*bend[e], mean[:e+1])
		axpy(row, -c*c*mean[e], bend[:e+1])
	}
}
