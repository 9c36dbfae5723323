package factor

import "costate/factor/internal/certify"

// unscaled lends a judge over factors of A as it is, with strictThreshold, and nil where A is not
// scaled, the memory does not suffice, or A as it is has no factors. Factors of S A S leave a
// residual that is small beside S A S in its units; where A is so ill conditioned that refinement
// does not help, it may be large in those of A. Without S it is small beside A, whatever its
// condition.
//
// Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002), section
// 11.1.
func (f *Sparse) unscaled(int) (r *certify.Judge, more bool) {
	return f.aid.lend(0, f.withoutScaling), false
}

// withoutScaling factors A as it is beside f; see unscaled.
func (f *Sparse) withoutScaling() (*certify.Judge, error) {
	if f.eq.plain || f.byRest {
		return nil, nil
	}
	g, err := f.beside()
	if err != nil {
		return nil, err
	}
	g.engine.base, g.matrix.shift, g.eq.shift = f.engine.base, f.engine.base, f.engine.base
	g.eq.unscale()
	g.eq.size = g.eq.survey(g.kept)
	g.matrix.norm = g.eq.size
	g.engine.SetThreshold(0)
	if err := g.attempt(); !g.factored {
		return nil, err
	}
	return &g.judge, nil
}
