package onnx

import "fmt"

// fixed is the map x ↦ scale⊙x + shift with constants, such as the normalization of
// inputs.
type fixed struct{ scale, shift []float64 }

// OutWidth implements nn.Layer.
func (f *fixed) OutWidth(in int) (int, error) {
	if in != len(f.scale) {
		return 0, fmt.Errorf("constants for %d units, but %d come", len(f.scale), in)
	}
	return in, nil
}

// Forward implements nn.Map.
func (f *fixed) Forward(out, in []float64) {
	for i, v := range in {
		out[i] = f.scale[i]*v + f.shift[i]
	}
}

// Jacobian implements nn.Map.
func (f *fixed) Jacobian(j, in []float64) {
	clear(j)
	for i, v := range f.scale {
		j[i*len(in)+i] = v
	}
}

// Second implements nn.Map.
func (f *fixed) Second(q, _, _ []float64) { clear(q) }

// Pull implements nn.Puller.
func (f *fixed) Pull(dst, _, b []float64) {
	for i, v := range f.scale {
		dst[i] = v * b[i]
	}
}
