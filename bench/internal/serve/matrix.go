package serve

import "costate/system"

// A matrix is a small dense matrix by rows.
type matrix struct {
	rows, cols int
	x          []float64
}

func (a matrix) clone() matrix {
	return matrix{a.rows, a.cols, append([]float64(nil), a.x...)}
}

func (a matrix) add(b matrix) {
	for i, v := range b.x {
		a.x[i] += v
	}
}

// mul returns a b.
func (a matrix) mul(b matrix) matrix {
	c := matrix{a.rows, b.cols, make([]float64, a.rows*b.cols)}
	for i := range a.rows {
		row := c.x[i*b.cols : (i+1)*b.cols]
		for l, v := range a.x[i*a.cols : (i+1)*a.cols] {
			if v == 0 {
				continue
			}
			for j, w := range b.x[l*b.cols : (l+1)*b.cols] {
				row[j] += v * w
			}
		}
	}
	return c
}

// congruence returns mᵀ r m for a symmetric r.
func congruence(m, r matrix) matrix {
	t := r.mul(m)
	c := matrix{m.cols, m.cols, make([]float64, m.cols*m.cols)}
	for l := range m.rows {
		for i, v := range m.x[l*m.cols : (l+1)*m.cols] {
			if v == 0 {
				continue
			}
			row := c.x[i*m.cols : (i+1)*m.cols]
			for j, w := range t.x[l*m.cols : (l+1)*m.cols] {
				row[j] += v * w
			}
		}
	}
	return c
}

// blockOf returns the block of sample n of a map.
func blockOf(m *system.SampleMap, n int) matrix {
	b := matrix{m.Rows, m.Cols, make([]float64, m.Rows*m.Cols)}
	switch {
	case m.HasBlocks():
		copy(b.x, m.Block(b.x, n))
	case m.Diag != nil:
		for i, v := range m.Diag[n*m.Rows : (n+1)*m.Rows] {
			b.x[i*m.Cols+i] = v
		}
	}
	return b
}

// isBlockDiagonal reports whether no entry of m couples two samples.
func isBlockDiagonal(m *system.Matrix, batch int) bool {
	if m == nil {
		return true
	}
	rows, cols := m.Rows/batch, m.Cols/batch
	for i := range m.Rows {
		for _, j := range m.Col[m.Ptr[i]:m.Ptr[i+1]] {
			if j/cols != i/rows {
				return false
			}
		}
	}
	return true
}

// sampleBlock returns the block of sample n of a block-diagonal matrix.
func sampleBlock(m *system.Matrix, batch, n int) matrix {
	b := matrix{m.Rows / batch, m.Cols / batch, make([]float64, m.Rows/batch*(m.Cols/batch))}
	for i := range b.rows {
		at := n*b.rows + i
		for e := m.Ptr[at]; e < m.Ptr[at+1]; e++ {
			b.x[i*b.cols+m.Col[e]-n*b.cols] += m.Val[e]
		}
	}
	return b
}
