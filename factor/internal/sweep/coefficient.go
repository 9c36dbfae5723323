package sweep

import (
	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// A coefficient is one of the matrices of a blockStage. Where enough of it is
// filled, all its elements are multiplied by the kernels of the backend, which is
// faster than to go through the stored ones.
type coefficient struct {
	m    *system.Matrix // nil stands for zero
	full []float64      // all elements by rows; nil where the stored ones are used
	room []float64      // for full, where some elements are not stored
}

// isDense decides from the pattern alone which way is the faster, for the
// factorization by more, for solves by less. Measured on an AMD EPYC with AVX2, one
// thread, how many times as fast all elements are as the stored ones, factorization
// and solve:
//
//	order   1/8 stored   1/4        1/2        3/4        all
//	3       0.4, 0.3     0.6, 0.4   1.1, 0.6   1.0, 0.7   1.2, 0.6
//	4       1.0, 0.6     1.3, 0.7   1.6, 0.7   2.2, 0.9   2.4, 1.2
//	8       1.9, 0.8     3.2, 1.2   5.4, 1.7   9.1, 3.0   12, 3.1
//	16      3.7, 1.2     7.2, 2.3   14, 4.3    21, 6.9    26, 8.3
//	32      4.1, 2.2     7.8, 4.0   18, 8.9    25, 10     31, 15
func isDense(m *system.Matrix) bool {
	if m == nil {
		return false
	}
	stored, all := len(m.Val), m.Rows*m.Cols
	switch order := min(m.Rows, m.Cols); {
	case order < 4:
		return false
	case order < 8:
		return 4*stored >= 3*all
	case order < 16:
		return 4*stored >= all
	}
	return 8*stored >= all
}

// stored is the number of elements that products with m work on.
func stored(m *system.Matrix) int64 {
	switch {
	case m == nil:
		return 0
	case isDense(m):
		return int64(m.Rows) * int64(m.Cols)
	}
	return int64(len(m.Val))
}

// bytes is the memory of a coefficient's own copy of m.
func bytes(m *system.Matrix) int64 {
	if isDense(m) && stored(m) > int64(len(m.Val)) {
		return 8 * stored(m)
	}
	return 0
}

// take takes the numbers of m.
func (c *coefficient) take(m *system.Matrix) {
	c.m, c.full = m, nil
	switch {
	case !isDense(m):
	case len(m.Val) == m.Rows*m.Cols:
		c.full = m.Val // columns ascend: all of them are there, by rows
	default:
		c.room = space.Resize(c.room, m.Rows*m.Cols)
		clear(c.room)
		addStored(c.room, m.Cols, m)
		c.full = c.room
	}
}

// setTo writes M, or zeros where there is none, to dst.
func (c *coefficient) setTo(dst []float64) {
	if c.full != nil {
		copy(dst, c.full)
		return
	}
	clear(dst)
	if c.m != nil {
		addStored(dst, c.m.Cols, c.m)
	}
}

// setRows writes M, or zeros where there is none, to the rows of dst, which are of ld words.
func (c *coefficient) setRows(dst []float64, ld, rows, cols int) {
	switch {
	case ld == cols:
		c.setTo(dst[:rows*cols])
	case c.full != nil:
		vec.CopyRows(dst, ld, c.full, cols, rows, cols)
	default:
		clear(dst[:rows*ld])
		if c.m != nil {
			addStored(dst, ld, c.m)
		}
	}
}

// rows is M, all of whose elements are at hand, in rows of ld words; room is for a copy.
func (c *coefficient) rows(room []float64, ld int) []float64 {
	if ld == c.m.Cols {
		return c.full
	}
	vec.CopyRows(room, ld, c.full, c.m.Cols, c.m.Rows, c.m.Cols)
	return room
}

// addStored adds the stored elements of m to the dense matrix dst of its shape, whose rows are
// of ld words.
func addStored(dst []float64, ld int, m *system.Matrix) {
	for i := range m.Rows {
		row := dst[i*ld:][:m.Cols]
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			row[m.Col[p]] += m.Val[p]
		}
	}
}

// times computes dst = A M for a dense A with rows rows.
func (c *coefficient) times(be blas.Backend, dst, a []float64, rows int) {
	m := c.m
	if c.full != nil {
		be.Gemm(blas.NoTrans, blas.NoTrans, rows, m.Cols, m.Rows, 1, a, m.Rows, c.full, m.Cols, 0, dst, m.Cols)
		return
	}
	clear(dst[:rows*m.Cols])
	for i := range rows {
		src, out := a[i*m.Rows:(i+1)*m.Rows], dst[i*m.Cols:(i+1)*m.Cols]
		for l, v := range src {
			if v == 0 {
				continue
			}
			for p := m.Ptr[l]; p < m.Ptr[l+1]; p++ {
				out[m.Col[p]] += v * m.Val[p]
			}
		}
	}
}

// addTrans computes dst += Mᵀ A for a dense A with cols columns.
func (c *coefficient) addTrans(be blas.Backend, dst, a []float64, cols int) {
	m := c.m
	if c.full != nil {
		be.Gemm(blas.Trans, blas.NoTrans, m.Cols, cols, m.Rows, 1, c.full, m.Cols, a, cols, 1, dst, cols)
		return
	}
	for l := range m.Rows {
		src := a[l*cols : (l+1)*cols]
		for p := m.Ptr[l]; p < m.Ptr[l+1]; p++ {
			vec.Axpy(dst[m.Col[p]*cols:][:cols], m.Val[p], src)
		}
	}
}

// addTransLower computes the lower triangle of dst += Mᵀ A for a dense A of M's
// shape that makes the product symmetric. The upper triangle is lost.
func (c *coefficient) addTransLower(be blas.Backend, dst, a []float64) {
	m := c.m
	n := m.Cols
	if c.full != nil {
		pivot.AddLower(be, n, m.Rows, 1, c.full, a, dst)
		return
	}
	for l := range m.Rows {
		src := a[l*n : (l+1)*n]
		for p := m.Ptr[l]; p < m.Ptr[l+1]; p++ {
			j := m.Col[p]
			vec.Axpy(dst[j*n:][:j+1], m.Val[p], src[:j+1])
		}
	}
}

// apply computes y += M x for each of the nrhs rows x and y.
func (c *coefficient) apply(be blas.Backend, y, x []float64, nrhs int) {
	m := c.m
	switch {
	case c.full == nil:
		for i := range nrhs {
			mulStored(y[i*m.Rows:(i+1)*m.Rows], m, x[i*m.Cols:(i+1)*m.Cols])
		}
	case nrhs == 1:
		be.Gemv(blas.NoTrans, m.Rows, m.Cols, 1, c.full, m.Cols, x[:m.Cols], 1, y[:m.Rows])
	default:
		be.Gemm(blas.NoTrans, blas.Trans, nrhs, m.Rows, m.Cols, 1, x, m.Cols, c.full, m.Cols, 1, y, m.Rows)
	}
}

// applyTrans computes y += Mᵀ x for each of the nrhs rows x and y.
func (c *coefficient) applyTrans(be blas.Backend, y, x []float64, nrhs int) {
	m := c.m
	switch {
	case c.full == nil:
		for i := range nrhs {
			mulTransStored(y[i*m.Cols:(i+1)*m.Cols], m, x[i*m.Rows:(i+1)*m.Rows])
		}
	case nrhs == 1:
		be.Gemv(blas.Trans, m.Rows, m.Cols, 1, c.full, m.Cols, x[:m.Rows], 1, y[:m.Cols])
	default:
		be.Gemm(blas.NoTrans, blas.NoTrans, nrhs, m.Cols, m.Rows, 1, x, m.Rows, c.full, m.Cols, 1, y, m.Cols)
	}
}

// mulStored computes dst += M x.
func mulStored(dst []float64, m *system.Matrix, x []float64) {
	for i := range m.Rows {
		s := dst[i]
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			s += m.Val[p] * x[m.Col[p]]
		}
		dst[i] = s
	}
}

// mulTransStored computes dst += Mᵀ x.
func mulTransStored(dst []float64, m *system.Matrix, x []float64) {
	for i := range m.Rows {
		v := x[i]
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			dst[m.Col[p]] += m.Val[p] * v
		}
	}
}
