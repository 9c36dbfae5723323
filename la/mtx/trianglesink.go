package mtx

import "costate/la"

// A triangleSink takes one triangle of a symmetric matrix, either, but not
// both: entries of both would be summed.
type triangleSink struct {
	b            *la.SymBuilder
	s            *scanner
	lower, upper int // the line where that triangle was first met
}

func (k *triangleSink) add(i, j int, v float64, line int) error {
	if i > j && k.lower == 0 {
		k.lower = line
	}
	if i < j && k.upper == 0 {
		k.upper = line
	}
	if k.lower > 0 && k.upper > 0 {
		return k.s.errorf("entry (%d, %d) is in the other triangle than that of line %d; a symmetric file holds one triangle", i+1, j+1, min(k.lower, k.upper))
	}
	k.b.Add(i, j, v)
	return nil
}

func (k *triangleSink) matrix() (*la.Sym, error) {
	a, _ := k.b.Build()
	return a, nil
}
