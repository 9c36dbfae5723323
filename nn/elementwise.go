package nn

import "fmt"

// Elementwise is the Map of an activation by itself, for where it does not come right
// after a layer that has one built in.
type Elementwise struct {
	Act Activation // must not be nil
}

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
	s := lend(2 * n)
	defer s.back()
	d := s.x[n:]
	e.Act.Eval(s.x[:n], d, nil, in)
	clear(j)
	for i, v := range d {
		j[i*n+i] = v
	}
}

// Second implements Map.
func (e Elementwise) Second(q, in, b []float64) {
	n := len(in)
	s := lend(2 * n)
	defer s.back()
	d := s.x[n:]
	e.Act.Eval(s.x[:n], nil, d, in)
	clear(q)
	for i, v := range d {
		q[i*n+i] = v * b[i]
	}
}

// Pull implements Puller.
func (e Elementwise) Pull(dst, in, b []float64) {
	n := len(in)
	s := lend(2 * n)
	defer s.back()
	d := s.x[n:]
	e.Act.Eval(s.x[:n], d, nil, in)
	for i, v := range d {
		dst[i] = v * b[i]
	}
}
