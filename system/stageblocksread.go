package system

import (
	"costate/la/blas"
	"costate/la/vec"
)

// DiagTo computes the diagonal of H in dst, of length Chain.Params.
func (s *StageBlocks) DiagTo(dst []float64) {
	if len(dst) != s.at[len(s.at)-1] {
		panic(ErrLength)
	}
	for k := range s.h {
		s.diag(dst[s.at[k]:s.at[k+1]], k)
	}
}

// Trace is the trace of H: the sum of its eigenvalues.
func (s *StageBlocks) Trace() float64 {
	sum := 0.0
	for k := range s.h {
		sum += s.StageTrace(k)
	}
	return sum
}

// StageTrace is the trace of the block of stage k, counted from 0.
func (s *StageBlocks) StageTrace(k int) float64 {
	d := make([]float64, s.at[k+1]-s.at[k])
	s.diag(d, k)
	sum := 0.0
	for _, v := range d {
		sum += v
	}
	return sum
}

// BlockTo computes the block of stage k, counted from 0: with p parameters the
// p×p elements of dst, by rows, both triangles.
func (s *StageBlocks) BlockTo(dst []float64, k int) {
	p := s.at[k+1] - s.at[k]
	if len(dst) != p*p {
		panic(ErrLength)
	}
	switch d := s.chain.Stages[k].(type) {
	case *DenseStage:
		s.denseBlock(d, s.h[k], dst, p)
	case *BlockStage:
		clear(dst)
		if d.A != nil {
			d.A.each(func(i, j int, v float64) { dst[i*p+j] += v })
		}
		if d.G != nil {
			d.G.congruence(dst, d.G.timesDense(s.h[k].v))
		}
	}
	for i := range p { // alike to the last bit
		for j := range i {
			dst[j*p+i] = dst[i*p+j]
		}
	}
}

func (s *StageBlocks) diag(dst []float64, k int) {
	clear(dst)
	switch d := s.chain.Stages[k].(type) {
	case *DenseStage:
		if h := s.h[k]; d.sideBySide() && h.groups == d.Batch {
			s.sideDiag(d, dst, h)
		} else {
			d.blockDiag(dst, h)
		}
	case *BlockStage:
		if d.A != nil {
			for i := range dst {
				dst[i] = d.A.At(i, i)
			}
		}
		if d.G != nil {
			t := d.G.timesDense(s.h[k].v)
			d.G.each(func(r, i int, v float64) { dst[i] += v * t[r*d.P+i] })
		}
	}
}

// blockDiag adds Σ 𝓗[(ρ,o),(σ,o)] z̄_ρ∘z̄_σ over the rows ρ, σ of a group.
func (d *DenseStage) blockDiag(dst []float64, h grouped) {
	rows := d.BatchRows() / h.groups
	z := make([]float64, d.In)
	bias := dst[d.Out*d.In:]
	for g := range h.groups {
		hg := h.group(g)
		for n := range rows {
			at := g*rows + n
			zn := d.Z[at*d.In:][:d.In]
			for l := range n + 1 {
				twice := 2.0
				if l == n {
					twice = 1
				}
				clear(z)
				vec.MulAdd(z, zn, d.Z[(g*rows+l)*d.In:][:d.In])
				ones := d.one(at) * d.one(g*rows+l)
				for o := range d.Out {
					v := twice * hg[(n*d.Out+o)*h.stride+l*d.Out+o]
					vec.Axpy(dst[o*d.In:(o+1)*d.In], v, z)
					if d.Bias {
						bias[o] += v * ones
					}
				}
			}
		}
	}
}

// denseBlock computes Z̄ᵀ 𝓗_oq Z̄ for all units o ≥ q, where 𝓗_oq has a row
// and a column for each row of the batch.
func (s *StageBlocks) denseBlock(d *DenseStage, h grouped, dst []float64, p int) {
	all := d.BatchRows()
	rows := all / h.groups
	in := d.In
	if d.Bias {
		in++
	}
	z, t := make([]float64, all*in), make([]float64, all*in)
	for n := range all {
		d.AugmentedRow(z[n*in:(n+1)*in], n)
	}
	b := make([]float64, in*in)
	place := func(o, i int) int { // of parameter i of unit o
		if i == d.In {
			return d.Out*d.In + o
		}
		return o*d.In + i
	}
	for o := range d.Out {
		for q := range o + 1 {
			clear(t)
			for g := range h.groups {
				hg := h.group(g)
				for n := range rows {
					row := t[(g*rows+n)*in:][:in]
					for l := range rows {
						vec.Axpy(row, hg[(n*d.Out+o)*h.stride+l*d.Out+q], z[(g*rows+l)*in:][:in])
					}
				}
			}
			s.gemm(blas.Trans, in, in, all, z, in, t, in, b, in)
			for i := range in {
				for j := range in {
					u, v := place(o, i), place(q, j)
					dst[u*p+v] = b[i*in+j]
					dst[v*p+u] = b[i*in+j]
				}
			}
		}
	}
}
