package system

import (
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// A stage whose samples have one row, which meet nowhere, has a P and an 𝓗 of small order
// for each sample. Side by side, row i of all samples next to each other, they make two
// matrices out×(Batch·out), and as 𝓗 is symmetric the products of all samples with W are two
// large ones:
//
//	T = 𝓗W,  of the (out·Batch)×out matrix of their rows,
//	WᵀT,     of W and the out×(Batch·in) matrix that T is by rows.

// sideBySide says whether d is such a stage, with maps of numbers.
func (d *DenseStage) sideBySide() bool {
	return d.Gather == nil && d.Rows <= 1 && d.Pass == nil && !d.J.HasBlocks() && !d.Q.HasBlocks()
}

// side makes 𝓗 of a stage in h, and P of the stage before in prev if inner, for P with
// a block for each sample, side by side.
func (s *StageBlocks) side(d *DenseStage, p, h, prev grouped, inner bool) {
	scaleSides(h, p, d.J.Diag)
	addSides(h, d.Q.Diag)
	if !inner {
		return
	}
	n, in, out := d.Batch, d.In, d.Out
	s.t = space.Resize(s.t, out*n*in)
	t := s.t
	if !d.Skip {
		s.gemm(blas.NoTrans, out*n, in, out, h.v, out, d.W, in, t, in)
		s.gemm(blas.Trans, in, n*in, out, d.W, in, t, n*in, prev.v, n*in)
		return
	}
	// FᵀP'F + P + CᵀF + FᵀC, F = W, C = JP, is P + S + Sᵀ with S = Wᵀ(𝓗W/2 + JP).
	rowSides(t, p, d.J.Diag)
	s.backend.Gemm(blas.NoTrans, blas.NoTrans, out*n, in, out, 0.5, h.v, out, d.W, in, 1, t, in)
	s.gemm(blas.Trans, in, n*in, out, d.W, in, t, n*in, prev.v, n*in)
	for g := range n {
		q, r := prev.group(g), p.group(g)
		for i := range in {
			for j := range i {
				v := q[i*prev.stride+j] + q[j*prev.stride+i]
				q[i*prev.stride+j], q[j*prev.stride+i] = v+r[i*p.stride+j], v+r[j*p.stride+i]
			}
			q[i*prev.stride+i] += q[i*prev.stride+i] + r[i*p.stride+i]
		}
	}
}

// scaleSides computes h = D P D for blocks side by side and a diagonal D of all samples, nil
// for the identity.
func scaleSides(h, p grouped, d []float64) {
	if d == nil {
		copy(h.v, p.v)
		return
	}
	n := p.order
	for i := range n {
		row := h.v[i*h.stride:][:h.stride]
		vec.Mul(row, p.v[i*p.stride:][:p.stride], d)
		for g := range p.groups {
			part := row[g*n:][:n]
			vec.Scale(part, d[g*n+i], part)
		}
	}
}

// rowSides computes t = D P, laid out as P is.
func rowSides(t []float64, p grouped, d []float64) {
	if d == nil {
		copy(t, p.v)
		return
	}
	n := p.order
	for i := range n {
		for g := range p.groups {
			vec.Scale(t[i*p.stride+g*n:][:n], d[g*n+i], p.v[i*p.stride+g*n:][:n])
		}
	}
}

// addSides adds a diagonal of all samples, nil for none.
func addSides(h grouped, d []float64) {
	if d == nil {
		return
	}
	for g := range h.groups {
		block := h.group(g)
		for i, v := range d[g*h.order:][:h.order] {
			block[i*(h.stride+1)] += v
		}
	}
}

// sideDiag computes Σ 𝓗[(n,o),(n,o)] z̄_n∘z̄_n over the samples: one product of the diagonals
// of 𝓗 with the squares of Z.
func (s *StageBlocks) sideDiag(d *DenseStage, dst []float64, h grouped) {
	n, in, out := d.Batch, d.In, d.Out
	room := make([]float64, n*(in+out))
	square, weight := room[:n*in], room[n*in:]
	vec.Mul(square, d.Z[:n*in], d.Z[:n*in])
	bias := dst[out*in:]
	for g := range n {
		block, w := h.group(g), weight[g*out:][:out]
		for o := range w {
			w[o] = block[o*(h.stride+1)]
		}
		if d.Bias {
			one := d.one(g) * d.one(g)
			for o, v := range w {
				bias[o] += v * one
			}
		}
	}
	s.gemm(blas.Trans, out, in, n, weight, out, square, in, dst, in)
}
