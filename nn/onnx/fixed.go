package onnx

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
)

// fixed is the operation of a value with a constant, such as in the normalization of
// inputs: a map x ↦ scale⊙x + shift. It shares the numbers of the constant, so that a
// width which a file merely claims takes no memory.
type fixed struct {
	op    fixedOp
	width int
	by    []float64 // a number for each unit, for each channel of an image, or one for all
	div   int       // unit i has number i/div, counted around
}

type fixedOp int

const (
	plus  fixedOp = iota // x + by
	minus                // x − by
	from                 // by − x
	times                // x·by
	over                 // x/by
)

// at returns scale and shift of a unit.
func (f *fixed) at(i int) (scale, shift float64) {
	v := f.by[i/f.div%len(f.by)]
	switch f.op {
	case plus:
		return 1, v
	case minus:
		return 1, -v
	case from:
		return -1, v
	case times:
		return v, 0
	default:
		return 1 / v, 0
	}
}

// String tells a map from another one: by its operation and a checksum of its constant.
func (f *fixed) String() string {
	sum := fnv.New64a()
	for _, v := range f.by {
		sum.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
	}
	text := fmt.Sprintf("%s %d numbers %x", [...]string{"plus", "minus", "from", "times", "over"}[f.op], len(f.by), sum.Sum64())
	if f.div != 1 {
		text += fmt.Sprintf(", each for %d units", f.div)
	}
	return text
}

// OutWidth implements nn.Layer.
func (f *fixed) OutWidth(in int) (int, error) {
	if in != f.width {
		return 0, fmt.Errorf("constants for %d units, but %d come", f.width, in)
	}
	return in, nil
}

// Forward implements nn.Map.
func (f *fixed) Forward(out, in []float64) {
	for i, v := range in {
		scale, shift := f.at(i)
		out[i] = scale*v + shift
	}
}

// Jacobian implements nn.Map.
func (f *fixed) Jacobian(j, in []float64) {
	clear(j)
	for i := range in {
		j[i*len(in)+i], _ = f.at(i)
	}
}

// Second implements nn.Map.
func (f *fixed) Second(q, _, _ []float64) { clear(q) }

// Pull implements nn.Puller.
func (f *fixed) Pull(dst, _, b []float64) {
	for i := range f.width {
		scale, _ := f.at(i)
		dst[i] = scale * b[i]
	}
}
