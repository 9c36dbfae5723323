package system

import (
	"costate/internal/space"
	"costate/la/blas"
)

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
// multiplications, (In+Out)/3 times those of a gradient: P is full from the first
// activation on, so that an exact diagonal has no shorter way. Before a BlockStage 𝓗 is one
// matrix of order Batch·Rows·Out. Of H itself nothing is formed.
//
// The zero value is not usable; see NewStageBlocks. Methods that only read may be
// called by many goroutines at once.
type StageBlocks struct {
	chain   *Chain
	backend blas.Backend
	h       []grouped // 𝓗 of a DenseStage, P of a BlockStage
	at      []int     // first parameter of each stage

	// Room of a sweep: 𝓗 of the stages with blocks side by side, P of one of them and of
	// the next, and a product.
	sides [][]float64
	p     [2][]float64
	t     []float64
}

// grouped is a block-diagonal symmetric matrix of full blocks of one order: one after the
// other, or side by side, row i of all of them next to each other.
type grouped struct {
	groups, order int
	stride        int // from a row of a block to the next
	v             []float64
}

func newGrouped(groups, order int) grouped {
	return grouped{groups, order, order, make([]float64, groups*order*order)}
}

// newSides is one with blocks side by side, in room.
func newSides(groups, order int, room *[]float64) grouped {
	*room = space.Resize(*room, groups*order*order)
	return grouped{groups, order, groups * order, *room}
}

// group is block g: element (i, j) stands at i·stride + j.
func (m grouped) group(g int) []float64 {
	n := m.order * m.order
	if m.stride > m.order {
		return m.v[g*m.order:]
	}
	return m.v[g*n : (g+1)*n]
}

// copyTo copies the blocks of m to the diagonal of blocks of n.
func (m grouped) copyTo(n grouped) {
	each := m.groups / n.groups
	for g := range m.groups {
		from, to, first := m.group(g), n.group(g/each), g%each*m.order
		for i := range m.order {
			copy(to[(first+i)*n.stride+first:], from[i*m.stride:][:m.order])
		}
	}
}

// in returns m with the given number of blocks, or as one block, one after the other.
func (m grouped) in(groups int) grouped {
	if m.groups != groups {
		groups = 1
	}
	if m.groups == groups && m.stride == m.order {
		return m
	}
	n := newGrouped(groups, m.groups/groups*m.order)
	m.copyTo(n)
	return n
}

// NewStageBlocks sweeps along c. Products run on backend.
func NewStageBlocks(c *Chain, backend blas.Backend) *StageBlocks {
	s := &StageBlocks{backend: backend}
	s.Update(c)
	return s
}

// Update sweeps along c, another chain or the same one with new values, in the memory of
// the sweep before.
func (s *StageBlocks) Update(c *Chain) {
	n := len(c.Stages)
	s.chain, s.h, s.at, s.sides = c, space.Resize(s.h, n), space.Resize(s.at, n+1), space.Resize(s.sides, n)
	for k, stage := range c.Stages {
		s.at[k+1] = s.at[k] + stage.Params()
	}
	p := newSides(c.Loss.Batch, c.Loss.Rows, &s.p[n%2])
	clear(p.v)
	for g := range p.groups {
		c.Loss.addSamples(p.group(g), p.stride, g, 1)
	}
	for k := n - 1; k >= 0; k-- {
		switch d := c.Stages[k].(type) {
		case *DenseStage:
			s.h[k], p = s.dense(d, k, p)
		case *BlockStage:
			p = p.in(1)
			s.h[k] = p
			if k > 0 {
				p = d.before(p)
			}
		}
	}
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
