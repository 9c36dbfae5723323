package system

import (
	"math"

	"costate/la/vec"
)

// The products with sparse maps, block by block.

// NNZ is the number of elements of m that may differ from zero.
func (m *SampleMap) NNZ() int64 { return int64(len(m.Diag) + len(m.Full) + len(m.Sparse)) }

// block is the elements of block n of a sparse map.
func (m *SampleMap) block(n int) []float64 {
	nnz := len(m.Pattern.Col)
	return m.Sparse[n*nnz : (n+1)*nnz]
}

// Block returns block n of a map that HasBlocks, by rows: those of Full, or in room, which
// has space for Rows·Cols numbers, those of Sparse and zeros.
func (m *SampleMap) Block(room []float64, n int) []float64 {
	size := m.Rows * m.Cols
	if m.Sparse == nil {
		return m.Full[n*size : (n+1)*size]
	}
	room = room[:size]
	clear(room)
	p, val := m.Pattern, m.block(n)
	for i := range m.Rows {
		row := room[i*m.Cols : (i+1)*m.Cols]
		for t := p.Ptr[i]; t < p.Ptr[i+1]; t++ {
			row[p.Col[t]] = val[t]
		}
	}
	return room
}

// Room is how many numbers Block needs room for: none where it copies none.
func (m *SampleMap) Room() int {
	if m.Sparse == nil {
		return 0
	}
	return m.Rows * m.Cols
}

// sparseAdd computes dst += M x for block n of a sparse map.
func (m *SampleMap) sparseAdd(dst, x []float64, n int) {
	p, val := m.Pattern, m.block(n)
	for i := range dst {
		lo, hi := p.Ptr[i], p.Ptr[i+1]
		v, s := val[lo:hi], 0.0
		for t, c := range p.Col[lo:hi] {
			s += v[t] * x[c]
		}
		dst[i] += s
	}
}

// sparseTransAdd computes dst += Mᵀ x for block n of a sparse map.
func (m *SampleMap) sparseTransAdd(dst, x []float64, n int) {
	p, val := m.Pattern, m.block(n)
	for i, xi := range x {
		lo, hi := p.Ptr[i], p.Ptr[i+1]
		v := val[lo:hi]
		for t, c := range p.Col[lo:hi] {
			dst[c] += v[t] * xi
		}
	}
}

// sparsePair computes dst += M x in twice the working precision, for a sparse m.
func (m *SampleMap) sparsePair(dst, x vec.Pair) {
	p := m.Pattern
	for n := range m.Batch {
		in, val := x.Slice(n*m.Cols, (n+1)*m.Cols), m.block(n)
		for i := range m.Rows {
			lo, hi := p.Ptr[i], p.Ptr[i+1]
			w := val[lo:hi]
			h, l := 0.0, 0.0
			for t, c := range p.Col[lo:hi] {
				v, e := vec.TwoProd(w[t], in.Hi[c])
				s, f := vec.TwoSum(h, v)
				h = s
				l += f + math.FMA(w[t], in.Lo[c], e)
			}
			addTo(dst, n*m.Rows+i, h, l)
		}
	}
}

// sparseTransPair is sparsePair with Mᵀ.
func (m *SampleMap) sparseTransPair(dst, x vec.Pair) {
	p := m.Pattern
	for n := range m.Batch {
		out, val := dst.Slice(n*m.Cols, (n+1)*m.Cols), m.block(n)
		for i := range m.Rows {
			lo, hi := p.Ptr[i], p.Ptr[i+1]
			w := val[lo:hi]
			xh, xl := x.Hi[n*m.Rows+i], x.Lo[n*m.Rows+i]
			for t, c := range p.Col[lo:hi] {
				v, e := vec.TwoProd(w[t], xh)
				addTo(out, c, v, math.FMA(w[t], xl, e))
			}
		}
	}
}

// Thin reports whether the loops over the pattern of a sparse map beat the products of
// whole blocks, as they do where at most one element in eight may differ from zero.
func (m *SampleMap) Thin() bool {
	return m.Sparse != nil && 8*len(m.Pattern.Col) <= m.Rows*m.Cols
}

// RowsTimesAdd computes D += A M for block n of a sparse map: row i of D begins at
// dst[i·ldd], and row i of A at a[i·lda].
func (m *SampleMap) RowsTimesAdd(dst []float64, ldd int, a []float64, lda, rows, n int) {
	p, val := m.Pattern, m.block(n)
	i := 0
	for ; i+4 <= rows; i += 4 { // an element of the block serves four rows
		a0, a1, a2, a3 := a[i*lda:][:m.Rows], a[(i+1)*lda:][:m.Rows], a[(i+2)*lda:][:m.Rows], a[(i+3)*lda:][:m.Rows]
		d0, d1, d2, d3 := dst[i*ldd:][:m.Cols], dst[(i+1)*ldd:][:m.Cols], dst[(i+2)*ldd:][:m.Cols], dst[(i+3)*ldd:][:m.Cols]
		for r, x0 := range a0 {
			lo, hi := p.Ptr[r], p.Ptr[r+1]
			x1, x2, x3, w := a1[r], a2[r], a3[r], val[lo:hi]
			for t, c := range p.Col[lo:hi] {
				v := w[t]
				d0[c] += v * x0
				d1[c] += v * x1
				d2[c] += v * x2
				d3[c] += v * x3
			}
		}
	}
	for ; i < rows; i++ {
		m.sparseTransAdd(dst[i*ldd:][:m.Cols], a[i*lda:][:m.Rows], n)
	}
}

// TimesAdd computes D += α M A for block n of a sparse map, where A and D have cols
// columns and stand by rows.
func (m *SampleMap) TimesAdd(dst, a []float64, cols int, alpha float64, n int) {
	p, val := m.Pattern, m.block(n)
	for i := range m.Rows {
		row := dst[i*cols : (i+1)*cols]
		for t := p.Ptr[i]; t < p.Ptr[i+1]; t++ {
			vec.Axpy(row, alpha*val[t], a[p.Col[t]*cols:])
		}
	}
}

// TransTimesAdd computes D += MᵀA; see TimesAdd.
func (m *SampleMap) TransTimesAdd(dst, a []float64, cols, n int) {
	p, val := m.Pattern, m.block(n)
	for i := range m.Rows {
		row := a[i*cols : (i+1)*cols]
		for t := p.Ptr[i]; t < p.Ptr[i+1]; t++ {
			c := p.Col[t]
			vec.Axpy(dst[c*cols:(c+1)*cols], val[t], row)
		}
	}
}
