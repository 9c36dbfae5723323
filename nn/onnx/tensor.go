package onnx

import (
	"fmt"
	"math"

	"costate/nn/internal/numbers"
	"costate/nn/onnx/internal/onnxpb"
)

// ONNX's numbers for the types of elements.
const (
	typeFloat    = 1
	typeInt64    = 7
	typeFloat16  = 10
	typeDouble   = 11
	typeBFloat16 = 16
)

// A tensor is a constant of a graph.
type tensor struct {
	shape []int
	data  []float64
}

// decode reads a constant.
func decode(t *onnxpb.TensorProto) (*tensor, error) {
	if t.GetDataLocation() != 0 || len(t.GetExternalData()) > 0 {
		return nil, fmt.Errorf("its numbers are in another file; save the model in one")
	}
	raw := t.GetRawData()
	var x []float64
	var err error
	limit := 0
	switch t.GetDataType() {
	case typeFloat:
		x, limit, err = either(raw, numbers.Float32, t.GetFloatData(), func(v float32) float64 { return float64(v) })
	case typeDouble:
		x, limit, err = either(raw, numbers.Float64, t.GetDoubleData(), func(v float64) float64 { return v })
	case typeFloat16:
		x, limit, err = either(raw, numbers.Float16, t.GetInt32Data(), func(v int32) float64 { return numbers.FromFloat16(uint16(v)) })
	case typeBFloat16:
		x, limit, err = either(raw, numbers.BFloat16, t.GetInt32Data(), func(v int32) float64 { return numbers.FromBFloat16(uint16(v)) })
	case typeInt64:
		// Shapes of Reshape; none is so large that a float64 would round it.
		if len(raw) > 0 {
			x, err = numbers.Float64.Decode(raw)
			for i, v := range x {
				x[i] = float64(int64(math.Float64bits(v)))
			}
		} else {
			for _, v := range t.GetInt64Data() {
				x = append(x, float64(v))
			}
		}
		limit = len(x)
	default:
		return nil, fmt.Errorf("elements of ONNX's type %d; FLOAT, DOUBLE, FLOAT16 and BFLOAT16 are read", t.GetDataType())
	}
	if err != nil {
		return nil, err
	}
	if len(t.GetDims()) > 32 {
		return nil, fmt.Errorf("%d dimensions", len(t.GetDims()))
	}
	n, err := numbers.Count(t.GetDims(), limit)
	if err != nil {
		return nil, err
	}
	if n != len(x) {
		return nil, fmt.Errorf("%d numbers where the shape %v needs %d", len(x), t.GetDims(), n)
	}
	if i := numbers.NotFinite(x); i >= 0 {
		return nil, fmt.Errorf("element %d is %g", i, x[i])
	}
	out := &tensor{shape: make([]int, len(t.GetDims())), data: x}
	for i, d := range t.GetDims() {
		out.shape[i] = int(d)
	}
	return out, nil
}

// either returns the numbers of raw bytes or, without any, of typed values, and how
// many there are.
func either[T any](raw []byte, f numbers.Format, typed []T, convert func(T) float64) ([]float64, int, error) {
	if len(raw) > 0 {
		x, err := f.Decode(raw)
		return x, len(x), err
	}
	x := make([]float64, len(typed))
	for i, v := range typed {
		x[i] = convert(v)
	}
	return x, len(x), nil
}

// broadcasts reports whether a constant is broadcast along the samples, with a number
// for each of n units or one for all.
func (t *tensor) broadcasts(n int) bool {
	for i, d := range t.shape {
		if i < len(t.shape)-1 && d != 1 {
			return false
		}
	}
	return len(t.data) > 0 && (len(t.data) == n || len(t.data) == 1)
}

// scalar returns the number of a constant that is one number.
func (t *tensor) scalar() (float64, bool) {
	if t == nil || len(t.data) != 1 {
		return 0, false
	}
	return t.data[0], true
}

// transposed returns a matrix with rows and columns exchanged.
func (t *tensor) transposed() *tensor {
	r, c := t.shape[0], t.shape[1]
	out := &tensor{shape: []int{c, r}, data: make([]float64, len(t.data))}
	for i := range r {
		for j := range c {
			out.data[j*r+i] = t.data[i*c+j]
		}
	}
	return out
}

// times returns the numbers of a constant times a factor.
func (t *tensor) times(factor float64) []float64 {
	if factor == 1 {
		return t.data
	}
	out := make([]float64, len(t.data))
	for i, v := range t.data {
		out[i] = factor * v
	}
	return out
}
