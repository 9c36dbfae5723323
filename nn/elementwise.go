package nn

import (
	"fmt"
	"sync"
)

// Elementwise is the Map of an activation by itself, for where it does not come right
// after a Dense layer, which has one built in.
type Elementwise struct {
	Act Activation // must not be nil
}

// scratch lends the maps numbers that nobody looks at again.
var scratch = sync.Pool{New: func() any { return new([]float64) }}

// OutWidth implements Layer.
func (e Elementwise) OutWidth(in int) (int, error) {
	if e.Act == nil {
		return 0, fmt.Errorf("an Elementwise without an activation")
	}
	return in, nil
}

// Forward implements Map.
func (e Elementwise) Forward(out, in []float64) { e.Act.Eval(out, nil, nil, in) }

// Jacobian implements Map.
func (e Elementwise) Jacobian(j, in []float64) {
	n := len(in)
	e.with(n, func(f, d []float64) {
		e.Act.Eval(f, d, nil, in)
		clear(j)
		for i, v := range d {
			j[i*n+i] = v
		}
	})
}

// Second implements Map.
func (e Elementwise) Second(q, in, b []float64) {
	n := len(in)
	e.with(n, func(f, d []float64) {
		e.Act.Eval(f, nil, d, in)
		clear(q)
		for i, v := range d {
			q[i*n+i] = v * b[i]
		}
	})
}

// Pull implements Puller.
func (e Elementwise) Pull(dst, in, b []float64) {
	e.with(len(in), func(f, d []float64) {
		e.Act.Eval(f, d, nil, in)
		for i, v := range d {
			dst[i] = v * b[i]
		}
	})
}

// with calls fn with two slices of length n.
func (e Elementwise) with(n int, fn func(f, d []float64)) {
	s := scratch.Get().(*[]float64)
	if len(*s) < 2*n {
		*s = make([]float64, 2*n)
	}
	fn((*s)[:n], (*s)[n:2*n])
	scratch.Put(s)
}
