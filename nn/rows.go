package nn

import (
	"fmt"

	"costate/system"
)

// A weighted layer has one weight matrix, which acts on every row that it makes of a
// sample: *Dense, *Tokens, *Conv2D and *Conv1D. Its sizes are filled in.
type weighted interface {
	Layer
	// rows returns how the layer acts on in numbers of a sample.
	rows(in int) rowLayer
}

// A rowLayer is u = [z̄ 1] [W b]ᵀ for each row z̄, and then an activation.
type rowLayer struct {
	rows  int // of a sample
	row   int // numbers of a row
	units int // pre-activations of a row
	bias  bool
	act   Activation
	skip  bool

	// index says where number i of the rows, row by row, comes from: an input of the
	// sample, or outside or always1. Nil is the identity.
	index []int

	// fan is how many numbers of a row are inputs of an output; 0 is all. The others are
	// fan is how many numbers of a row are not always zero; 0 is all. With groups, 0 is
	// one, a row has as many parts, and all but one are zero; behind the parts are biases
	// columns, 0 but for a 1 in one of them.
	fan, groups, biases int
}

const (
	outside = -1 // zero: padding
	always1 = -2
)

// maxGather is how many numbers the rows of a sample may have, so that no size overflows.
const maxGather = 1 << 28

// tooManyRows refuses rows that could not be counted.
func tooManyRows(rows, in int) error {
	if rows > 0 && in > maxGather/rows {
		return fmt.Errorf("%d rows of %d numbers for each sample; more than %d numbers are refused", rows, in, maxGather)
	}
	return nil
}

// selectFirst makes an index of a layer that has none explicit.
func (r *rowLayer) selectFirst() {
	if r.index != nil {
		return
	}
	r.index = make([]int, r.rows*r.row)
	for i := range r.index {
		r.index[i] = i
	}
}

// gatherMatrix is the index as a matrix from in numbers of a sample.
func gatherMatrix(index []int, in int) *system.Matrix {
	m := &system.Matrix{Rows: len(index), Cols: in, Ptr: make([]int, len(index)+1)}
	for i, from := range index {
		if from >= 0 {
			m.Col = append(m.Col, from)
			m.Val = append(m.Val, 1)
		}
		m.Ptr[i+1] = len(m.Col)
	}
	return m
}

// gather stores the rows of batch samples of in numbers.
func gather(dst, z []float64, index []int, batch, in int) {
	for n := range batch {
		row, x := dst[n*len(index):(n+1)*len(index)], z[n*in:(n+1)*in]
		for i, from := range index {
			switch {
			case from >= 0:
				row[i] = x[from]
			case from == always1:
				row[i] = 1
			default:
				row[i] = 0
			}
		}
	}
}

// scatter adds the rows g to dst, the transpose of gather.
func scatter(dst, g []float64, index []int, batch, in int) {
	for n := range batch {
		row, x := g[n*len(index):(n+1)*len(index)], dst[n*in:(n+1)*in]
		for i, to := range index {
			if to >= 0 {
				x[to] += row[i]
			}
		}
	}
}
