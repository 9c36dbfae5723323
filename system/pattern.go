package system

import (
	"fmt"
	"math"

	"costate/la"
	"costate/la/vec"
)

// A Pattern says where the blocks of a SampleMap may differ from zero: in row i of a
// block the columns Col[Ptr[i]:Ptr[i+1]], ascending. All blocks share it.
type Pattern struct {
	Ptr []int // one more than rows
	Col []int
}

// NNZ is the number of elements of m that may differ from zero.
func (m *SampleMap) NNZ() int64 {
	if m.Full != nil && m.Pattern != nil {
		return int64(m.Batch) * int64(len(m.Pattern.Col))
	}
	return int64(len(m.Diag) + len(m.Full))
}

// patternPair computes dst += M x in twice the working precision, for an m with a
// pattern.
func (m *SampleMap) patternPair(dst, x vec.Pair) {
	p := m.Pattern
	for n := range m.Batch {
		in := x.Slice(n*m.Cols, (n+1)*m.Cols)
		for i := range m.Rows {
			row := m.Full[(n*m.Rows+i)*m.Cols:][:m.Cols]
			h, l := 0.0, 0.0
			for _, c := range p.Col[p.Ptr[i]:p.Ptr[i+1]] {
				v, e := vec.TwoProd(row[c], in.Hi[c])
				s, f := vec.TwoSum(h, v)
				h = s
				l += f + math.FMA(row[c], in.Lo[c], e)
			}
			addTo(dst, n*m.Rows+i, h, l)
		}
	}
}

// patternTransPair is patternPair with Mᵀ.
func (m *SampleMap) patternTransPair(dst, x vec.Pair) {
	p := m.Pattern
	for n := range m.Batch {
		out := dst.Slice(n*m.Cols, (n+1)*m.Cols)
		for i := range m.Rows {
			row := m.Full[(n*m.Rows+i)*m.Cols:][:m.Cols]
			xh, xl := x.Hi[n*m.Rows+i], x.Lo[n*m.Rows+i]
			for _, c := range p.Col[p.Ptr[i]:p.Ptr[i+1]] {
				v, e := vec.TwoProd(row[c], xh)
				addTo(out, c, v, math.FMA(row[c], xl, e))
			}
		}
	}
}

// check validates a pattern of blocks of rows×cols.
func (p *Pattern) check(name string, rows, cols int) error {
	if len(p.Ptr) != rows+1 || p.Ptr[0] != 0 || p.Ptr[rows] != len(p.Col) {
		return fmt.Errorf("the pattern of %s is not one of %d rows", name, rows)
	}
	for i := range rows {
		if p.Ptr[i] > p.Ptr[i+1] {
			return fmt.Errorf("the pattern of %s has Ptr[%d] = %d after %d", name, i+1, p.Ptr[i+1], p.Ptr[i])
		}
	}
	for i := range rows {
		last := -1
		for _, c := range p.Col[p.Ptr[i]:p.Ptr[i+1]] {
			if c <= last || c >= cols {
				return fmt.Errorf("the pattern of %s has column %d after %d in row %d; they ascend, below %d", name, c, last, i, cols)
			}
			last = c
		}
	}
	return nil
}

// finiteAt is finite for the elements of the pattern only.
func (m *SampleMap) finiteAt(name string) error {
	if len(m.Full) != m.Batch*m.Rows*m.Cols {
		return fmt.Errorf("%s has length %d, want %d", name, len(m.Full), m.Batch*m.Rows*m.Cols)
	}
	p := m.Pattern
	for r := range m.Batch * m.Rows {
		cols := p.Col[p.Ptr[r%m.Rows]:p.Ptr[r%m.Rows+1]]
		row := m.Full[r*m.Cols:][:m.Cols]
		sum := 0.0 // of zeros, but for a NaN or an infinity
		for _, c := range cols {
			sum += 0 * row[c]
		}
		if sum == 0 {
			continue
		}
		for _, c := range cols {
			if v := row[c]; v-v != 0 {
				return &la.NotFiniteError{Where: name, Index: r*m.Cols + c, Value: v}
			}
		}
	}
	return nil
}
