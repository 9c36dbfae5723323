package system

import (
	"fmt"

	"costate/la/vec"
)

// NNZ is the number of stored entries; 0 for nil.
func (m *Matrix) NNZ() int {
	if m == nil {
		return 0
	}
	return len(m.Val)
}

// isFull reports whether all elements are stored: Val is then the matrix by rows,
// for its columns ascend.
func (m *Matrix) isFull() bool { return len(m.Val) > 0 && len(m.Val) == m.Rows*m.Cols }

// mulAdd computes dst += M x.
func (m *Matrix) mulAdd(dst, x []float64) {
	if m.isFull() {
		const strip = 8
		var s [strip]float64
		for i := 0; i < m.Rows; i += strip {
			h := min(strip, m.Rows-i)
			vec.Dots(s[:h], m.Val[i*m.Cols:], m.Cols, x[:m.Cols])
			for r, v := range s[:h] {
				dst[i+r] += v
			}
		}
		return
	}
	for i := range m.Rows {
		s := 0.0
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			s += m.Val[p] * x[m.Col[p]]
		}
		dst[i] += s
	}
}

// mulTransAdd computes dst += Mᵀ x.
func (m *Matrix) mulTransAdd(dst, x []float64) {
	if m.isFull() {
		vec.Combine(dst[:m.Cols], x[:m.Rows], m.Val, m.Cols)
		return
	}
	for i := range m.Rows {
		xi := x[i]
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			dst[m.Col[p]] += m.Val[p] * xi
		}
	}
}

// isLeading reports whether m takes the first numbers of a vector as they are: it is an
// identity and then zeros.
func (m *Matrix) isLeading() bool {
	if len(m.Val) != m.Rows || m.Rows > m.Cols {
		return false
	}
	for i, v := range m.Val {
		if v != 1 || m.Col[i] != i || m.Ptr[i] != i {
			return false
		}
	}
	return true
}

// check validates the storage of a matrix that must be rows×cols.
func (m *Matrix) check(name string, rows, cols int) error {
	switch {
	case m.Rows != rows || m.Cols != cols:
		return fmt.Errorf("%s is %d×%d, want %d×%d", name, m.Rows, m.Cols, rows, cols)
	case len(m.Ptr) != rows+1 || m.Ptr[0] != 0 || m.Ptr[rows] != len(m.Col) || len(m.Col) != len(m.Val):
		return fmt.Errorf("%s has inconsistent storage", name)
	}
	if m.isFull() && m.countsColumns() {
		return nil
	}
	for i := range rows {
		if m.Ptr[i] > m.Ptr[i+1] || m.Ptr[i+1] > len(m.Col) {
			return fmt.Errorf("%s: pointers of row %d are not ascending", name, i)
		}
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			if m.Col[p] < 0 || m.Col[p] >= cols || p > m.Ptr[i] && m.Col[p] <= m.Col[p-1] {
				return fmt.Errorf("%s: columns of row %d are out of range or not ascending", name, i)
			}
		}
	}
	return nil
}

// countsColumns reports whether all rows have the columns 0, 1, 2, …
func (m *Matrix) countsColumns() bool {
	for i := range m.Rows {
		if m.Ptr[i+1] != (i+1)*m.Cols {
			return false
		}
		for j, c := range m.Col[i*m.Cols : (i+1)*m.Cols] {
			if c != j {
				return false
			}
		}
	}
	return true
}

// checkSymmetric validates a square symmetric matrix stored in full.
func (m *Matrix) checkSymmetric(name string, n int) error {
	if err := m.check(name, n, n); err != nil {
		return err
	}
	if m.isFull() {
		for i := range n {
			for j := i + 1; j < n; j++ {
				if v, w := m.Val[i*n+j], m.Val[j*n+i]; v != w {
					return asymmetric(name, i, j, v, w)
				}
			}
		}
		return nil
	}
	for i := range n {
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			if j := m.Col[p]; j < i && m.At(j, i) != m.Val[p] || j > i && m.At(j, i) != m.Val[p] {
				return asymmetric(name, i, j, m.Val[p], m.At(j, i))
			}
		}
	}
	return nil
}

func asymmetric(name string, i, j int, v, w float64) error {
	return fmt.Errorf("%s is not symmetric: (%d,%d) is %v, (%d,%d) is %v", name, i, j, v, j, i, w)
}

// At returns element (i, j), which it searches for in row i.
func (m *Matrix) At(i, j int) float64 {
	lo, hi := m.Ptr[i], m.Ptr[i+1]
	for lo < hi {
		mid := (lo + hi) / 2
		if m.Col[mid] < j {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < m.Ptr[i+1] && m.Col[lo] == j {
		return m.Val[lo]
	}
	return 0
}

// FromDense returns a copy of a dense rows×cols matrix that is given by rows. It
// stores zeros, too, so that the pattern does not depend on the values.
func FromDense(rows, cols int, a []float64) *Matrix {
	if len(a) != rows*cols {
		panic(ErrLength)
	}
	m := &Matrix{Rows: rows, Cols: cols, Ptr: make([]int, rows+1), Col: make([]int, rows*cols), Val: append([]float64(nil), a...)}
	for i := range rows {
		m.Ptr[i+1] = m.Ptr[i] + cols
		for j := range cols {
			m.Col[i*cols+j] = j
		}
	}
	return m
}
