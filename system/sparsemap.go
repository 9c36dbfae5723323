package system

import "costate/la/vec"

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

// Thin reports whether the loops over the pattern of a sparse map beat the products of
// whole blocks, as they do where at most one element in eight may differ from zero.
func (m *SampleMap) Thin() bool {
	return m.Sparse != nil && 8*len(m.Pattern.Col) <= m.Rows*m.Cols
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
