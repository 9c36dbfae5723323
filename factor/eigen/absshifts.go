package eigen

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/vec"
)

// byShifts computes all vectors by the rule. Where the constant of the function cancels
// most of the sum, it does so again by a rule that is as much better.
func (t *absTask) byShifts() error {
	s := t.solver
	s.report.Way = Shifts
	opts := t.source.opts
	// Residuals r add ‖r‖/|Im z| to the error, at most 1/ε. So the backward error should
	// be that of the tolerance over κ, as far as rounding lets it.
	opts.Tolerance = min(max(t.tol/(20*max(s.report.Ratio, 1)), 4*0x1p-53), 1e-14)
	if err := s.shifted.Analyse(t.source.chain, &opts); err != nil {
		return err
	}
	left, err := t.sum()
	// With nine tenths of the sum left, a second rule would be the first one over again.
	if err == nil || left > 0.9 || !errors.As(err, new(*FuncError)) {
		return err
	}
	t.rule, t.err = s.rules.find(s.report.Ratio, 0.9*t.tol*left, s.mostShifts())
	_, err = t.sum()
	return err
}

// sum computes all vectors by the rule. left is the least part of a sum that the constant
// of the function leaves.
func (t *absTask) sum() (left float64, err error) {
	s := t.solver
	cols, n := t.g.Dims()
	weights := t.rule.weights(t.f)
	g := mat.DenseCopyOf(t.g.T())
	var re, im mat.Dense
	added := make([]float64, cols) // errors of the solutions
	t.x.Zero()
	for j, w := range weights {
		z := t.f.eps * t.rule.s[j]
		if err := s.shifted.Factorize(-t.f.center, -z); err != nil {
			return 0, err
		}
		err := s.shifted.SolveTo(&re, &im, g, nil)
		var short *factor.AccuracyError
		if err != nil && !errors.As(err, &short) {
			return 0, err
		}
		part := &im
		if !t.f.inverse {
			part = &re
		}
		r := s.shifted.Report()
		for i := range cols {
			size := math.Hypot(mat.Norm(re.ColView(i), 2), mat.Norm(im.ColView(i), 2))
			added[i] += w * r.BackwardError * (r.Norm*size + vec.Norm2(t.g.RawRowView(i))) / z
			x := t.x.RawRowView(i)
			for l := range n {
				x[l] += w * part.At(l, i)
			}
		}
		s.report.Shifts++
		s.report.Flops += r.Flops + int64(cols)*sidesAtOnce*s.shifted.Cost().Solve
	}
	return t.judge(added)
}

// judge bounds the errors of sums whose terms have the errors added, and adds the
// constant of the function.
func (t *absTask) judge(added []float64) (left float64, err error) {
	r := &t.solver.report
	r.Error, left = 0, 1
	for i, e := range added {
		x := t.x.RawRowView(i)
		part := vec.Norm2(x)
		e += (t.err + 4*0x1p-53*float64(len(t.rule.s))) * part
		if t.f.constant != 0 {
			vec.Axpy(x, t.f.constant, t.g.RawRowView(i))
		}
		switch size := vec.Norm2(x); {
		case size > 0:
			r.Error, left = max(r.Error, e/size), min(left, size/part)
		case e > 0:
			r.Error = math.Inf(1)
		}
	}
	if r.Error <= t.tol {
		return left, nil
	}
	return left, &FuncError{Reached: r.Error, Wanted: t.tol, Products: r.Products, Shifts: r.Shifts, Rounding: t.err <= t.tol*left || len(t.rule.s) < t.solver.mostShifts()}
}
