package system

import "costate/la/blas"

// StageBlocks has the diagonal blocks of H: the block H_kk of the parameters of
// each stage, without the couplings between stages. It finds them exactly and
// without a factorization, in one sweep back along the chain. With P the Hessian
// in the outputs of a stage, all later parameters fixed, and 𝓗 that in its
// pre-activations,
//
//	𝓗 = JᵀPJ + Q,   H_kk = (I⊗Z̄)ᵀ 𝓗 (I⊗Z̄),   P ← Fᵀ 𝓗 F, F = (I⊗W)A     DenseStage
//	                 H_kk = A + GᵀPG,          P ← FᵀPF + Q             BlockStage
//
// for Z̄ = [Z, c], with FᵀC + CᵀF + TᵀPT + D besides for a stage with a Pass, where
// C = JᵀPT + Pass.Cross. As long as no later stage is a BlockStage, 𝓗 is a matrix of
// order Rows·Out for each sample, and a stage of one row costs Batch·In·Out·(In+Out)
// multiplications; before a BlockStage it is one matrix of order Batch·Rows·Out. Of H
// itself nothing is formed.
//
// The zero value is not usable; see NewStageBlocks. Methods that only read may be
// called by many goroutines at once.
type StageBlocks struct {
	chain   *Chain
	backend blas.Backend
	h       []grouped // 𝓗 of a DenseStage, P of a BlockStage
	at      []int     // first parameter of each stage
}

// grouped is a block-diagonal symmetric matrix of full blocks of one order.
type grouped struct {
	groups, order int
	v             []float64
}

func newGrouped(groups, order int) grouped {
	return grouped{groups, order, make([]float64, groups*order*order)}
}

// group is block g.
func (m grouped) group(g int) []float64 {
	n := m.order * m.order
	return m.v[g*n : (g+1)*n]
}

// in returns m with the given number of blocks, or as one block.
func (m grouped) in(groups int) grouped {
	if m.groups == groups || m.groups == 1 {
		return m
	}
	whole := newGrouped(1, m.groups*m.order)
	for g := range m.groups {
		for i := range m.order {
			copy(whole.v[(g*m.order+i)*whole.order+g*m.order:], m.group(g)[i*m.order:(i+1)*m.order])
		}
	}
	return whole
}

// NewStageBlocks sweeps along c. Products run on backend.
func NewStageBlocks(c *Chain, backend blas.Backend) *StageBlocks {
	s := &StageBlocks{chain: c, backend: backend, h: make([]grouped, len(c.Stages)), at: make([]int, len(c.Stages)+1)}
	for k, stage := range c.Stages {
		s.at[k+1] = s.at[k] + stage.Params()
	}
	p := newGrouped(c.Loss.Batch, c.Loss.Rows)
	for g := range p.groups {
		c.Loss.addSamples(p.group(g), p.order, g, 1)
	}
	for k := len(c.Stages) - 1; k >= 0; k-- {
		switch d := c.Stages[k].(type) {
		case *DenseStage:
			s.h[k], p = s.dense(d, p.in(d.Batch), k > 0)
		case *BlockStage:
			p = p.in(1)
			s.h[k] = p
			if k > 0 {
				p = d.before(p)
			}
		}
	}
	return s
}

// before returns FᵀPF + Q.
func (d *BlockStage) before(p grouped) grouped {
	prev := newGrouped(1, d.NIn)
	if d.F != nil {
		d.F.congruence(prev.v, d.F.timesDense(p.v))
	}
	if d.Q != nil {
		d.Q.each(func(i, j int, v float64) { prev.v[i*d.NIn+j] += v })
	}
	return prev
}

// timesDense returns P M for a square matrix P by rows.
func (m *Matrix) timesDense(p []float64) []float64 {
	t := make([]float64, m.Rows*m.Cols)
	for r := range m.Rows {
		row := t[r*m.Cols:][:m.Cols]
		for q, v := range p[r*m.Rows:][:m.Rows] {
			for e := m.Ptr[q]; e < m.Ptr[q+1]; e++ {
				row[m.Col[e]] += v * m.Val[e]
			}
		}
	}
	return t
}

// congruence adds Mᵀ T to dst, of order Cols, for a matrix T of M's shape.
func (m *Matrix) congruence(dst, t []float64) {
	m.each(func(r, i int, v float64) {
		row := dst[i*m.Cols:][:m.Cols]
		for j, x := range t[r*m.Cols:][:m.Cols] {
			row[j] += v * x
		}
	})
}

// addSamples adds the blocks of a symmetric map for some samples to the diagonal
// blocks of a matrix of the given order.
func (m *SampleMap) addSamples(dst []float64, order, first, samples int) {
	r := m.Rows
	for n := range samples {
		at := n * r
		switch {
		case m.Diag != nil:
			for i, v := range m.Diag[(first+n)*r:][:r] {
				dst[(at+i)*order+at+i] += v
			}
		case m.Full != nil:
			for i := range r {
				row := dst[(at+i)*order+at:][:r]
				for j, v := range m.Full[((first+n)*r+i)*r:][:r] {
					row[j] += v
				}
			}
		}
	}
}
