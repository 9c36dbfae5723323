package system

import (
	"fmt"

	"costate/la"
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

// eachOfPattern calls fn for each element of the pattern of every block, with its row and
// column in the whole matrix.
func (m *SampleMap) eachOfPattern(fn func(i, j int, v float64)) {
	p := m.Pattern
	for n := range m.Batch {
		for i := range m.Rows {
			row := m.Full[(n*m.Rows+i)*m.Cols:][:m.Cols]
			for _, c := range p.Col[p.Ptr[i]:p.Ptr[i+1]] {
				fn(n*m.Rows+i, n*m.Cols+c, row[c])
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
	for n := range m.Batch {
		for i := range m.Rows {
			first := (n*m.Rows + i) * m.Cols
			row := m.Full[first:][:m.Cols]
			for _, c := range p.Col[p.Ptr[i]:p.Ptr[i+1]] {
				if v := row[c]; v-v != 0 {
					return &la.NotFiniteError{Where: name, Index: first + c, Value: v}
				}
			}
		}
	}
	return nil
}
