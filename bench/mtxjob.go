package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/vec"
)

// A mtxJob is a matrix on its way to a solution.
type mtxJob struct {
	session *session
	meter   *meter
	flags   *mtxFlags
	options factor.Options
	paths   []string // of the matrix and the right-hand sides
	result  *mtxResult

	a        *la.Sym
	b        *mat.Dense
	solver   factor.Sparse
	x        *mat.Dense
	solved   bool // x is there, if not as good as it should be
	diagonal []float64
}

// run reads, factors and solves, and keeps what comes to be known in the result. The
// error may say that x is there and not good enough.
func (j *mtxJob) run(ctx context.Context) error {
	r := j.result
	j.meter.step("read")
	start := time.Now()
	if err := j.read(); err != nil {
		return err
	}
	r.Seconds.Read = time.Since(start).Seconds()
	if err := ctx.Err(); err != nil {
		return err
	}
	j.meter.step("order")
	start = time.Now()
	if err := j.solver.Analyse(j.a, &j.options); err != nil {
		return explainMatrix(pathName(j.paths[0]), err)
	}
	r.Seconds.Order = time.Since(start).Seconds()
	j.x = new(mat.Dense)
	var err error
	for rep := range j.flags.repeat {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err = j.once(rep == 0); err != nil && !j.solved {
			return explainMatrix(pathName(j.paths[0]), err)
		}
	}
	r.Seconds.Total = r.Seconds.Order + r.Seconds.Factor + r.Seconds.Solve
	plan := j.solver.Plan()
	r.Engine, r.Ranks, r.Ordering, r.Fronts, r.FrontMax = plan.Engine, plan.Ranks, plan.Ordering, plan.Fronts, plan.FrontMax
	if j.options.Perm != nil {
		r.Ordering = "the permutation given"
	}
	rep := j.solver.Report()
	r.BackwardError, r.Refinements, r.Flops, r.Bytes = number(rep.BackwardError), rep.Refinements, rep.Flops, rep.Bytes
	r.Inertia = knownInertia(&j.solver)
	r.LogDet = logDetOf(&j.solver)
	return err
}

// read reads what there is to read.
func (j *mtxJob) read() error {
	r := j.result
	a, err := j.readMatrix()
	if err != nil {
		return err
	}
	j.a = a
	r.Order, r.NNZ = a.SymmetricDim(), a.NNZ()
	if j.flags.eigen > r.Order {
		return fmt.Errorf("%s: its order is %d, so it does not have the %d eigenvalues that --eigen asks for", pathName(j.paths[0]), r.Order, j.flags.eigen)
	}
	if j.b, err = j.readRightHandSides(r.Order); err != nil {
		return err
	}
	_, r.Columns = j.b.Dims()
	r.RightHandSide = "file"
	if len(j.paths) == 1 {
		r.RightHandSide = "random"
	}
	if j.flags.perm != "" {
		j.options.Perm, err = readPermutation(j.flags.perm, r.Order)
	}
	return err
}

// once factors and solves, and keeps the times if they are better than before.
func (j *mtxJob) once(first bool) error {
	t := &j.result.Seconds
	j.solved = false // what an earlier round found is gone as soon as it is factored again
	j.meter.step("factor")
	start := time.Now()
	err := j.factorize()
	factored := time.Since(start).Seconds()
	var singular *factor.SingularError
	if err != nil {
		j.result.Inertia = knownInertia(&j.solver)
		if errors.As(err, &singular) {
			j.result.StructuralRank = singular.StructuralRank
		}
		if singular == nil || singular.Blind {
			return err
		}
		j.result.Singular = singularText(singular, j.result.Order)
		j.consistent()
	}
	start = time.Now()
	err = j.solver.SolveTo(j.x, j.b)
	solved := time.Since(start).Seconds()
	var accuracy *factor.AccuracyError
	if err != nil && !errors.As(err, &accuracy) {
		j.result.Inertia = knownInertia(&j.solver)
		return err
	}
	if err != nil && singular == nil && math.IsInf(j.solver.Cond(), 1) && j.consistent() {
		start = time.Now()
		err = j.solver.SolveTo(j.x, j.b)
		solved = time.Since(start).Seconds()
	}
	j.solved = true
	if first || factored < t.Factor {
		t.Factor = factored
	}
	if first || solved < t.Solve {
		t.Solve = solved
	}
	return err
}

// factorize factors A − sI.
func (j *mtxJob) factorize() error {
	if s := j.flags.shift; s != 0 {
		return j.solver.FactorizeShifted(j.a, s)
	}
	return j.solver.Refactorize(j.a)
}

// consistent makes a random right-hand side one that has a solution, and reports
// whether it was another one before.
func (j *mtxJob) consistent() bool {
	if j.result.RightHandSide != "random" {
		return false
	}
	j.result.RightHandSide = "consistent"
	v := mat.Col(nil, 0, j.b)
	b := make([]float64, len(v))
	for size := 1.0; size > 0; size *= 0x1p-32 { // smaller ones where the product would overflow
		vec.Scale(v, size, v)
		j.a.MulVecTo(b, v)
		for i := range b {
			b[i] -= j.flags.shift * v[i]
		}
		if vec.FirstNotFinite(b) < 0 {
			break
		}
	}
	j.b.SetCol(0, b)
	return true
}

// knownInertia is what the factorization counted, also if it failed then; nil if
// it did not come so far.
func knownInertia(f *factor.Sparse) (in *la.Inertia) {
	defer func() {
		if p := recover(); p != nil && p != factor.ErrNotFactorized {
			panic(p)
		}
	}()
	known := f.Inertia()
	return &known
}
