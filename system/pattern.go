package system

import (
	"fmt"
	"sync"
)

// A Pattern says where the blocks of a sparse SampleMap may differ from zero: in row i of
// a block the columns Col[Ptr[i]:Ptr[i+1]], ascending. All blocks share it. It may not
// change once there has been a product with it. Products are fastest where consecutive
// rows have equal columns.
type Pattern struct {
	Ptr []int // one more than rows
	Col []int

	once   sync.Once
	groups []rowGroup
}

// check validates a pattern of blocks of rows×cols.
func (p *Pattern) check(name string, rows, cols int) error {
	if p == nil {
		return fmt.Errorf("%s is Sparse without a Pattern", name)
	}
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
