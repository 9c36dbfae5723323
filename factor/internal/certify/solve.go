package certify

import (
	"math"
	"math/rand/v2"

	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// workspace is that of one solve.
type workspace struct {
	x, b   []float64 // nrhs×n: solutions, right-hand sides
	d      []float64 // n: residual, correction
	h      []float64 // n
	best   []float64 // n
	forms  []float64 // nrhs
	krylov krylovSpace
	shares shares
	source *rand.PCG
	rng    *rand.Rand // of source

	followed bool // d is the residual of x already
	lent     bool // x and b are a caller's, and own are those of the workspace
	own      [2][]float64
	norm     float64 // of b, where there is one; else negative
}

// Order is the order of A.
func (j *Judge) Order() int { return j.n }

// space lends a workspace for nrhs right-hand sides.
func (j *Judge) space(nrhs int) *workspace {
	w := j.pool.Get()
	n := j.n
	w.x, w.b = space.Resize(w.x, nrhs*n), space.Resize(w.b, nrhs*n)
	w.followed, w.norm = false, -1
	w.d, w.h, w.best = space.Resize(w.d, n), space.Resize(w.h, n), space.Resize(w.best, n)
	return w
}

// A Job is a set of right-hand sides and their solutions.
type Job struct {
	*workspace
	judge *Judge
}

// Job lends room for nrhs right-hand sides; Done takes it back.
func (j *Judge) Job(nrhs int) Job { return Job{j.space(nrhs), j} }

// JobOn is a job of one right-hand side b, which is only read, and its solution x, in place:
// nothing is copied. They may not overlap.
func (j *Judge) JobOn(x, b []float64) Job {
	w := j.space(0)
	w.lent, w.own = true, [2][]float64{w.x, w.b}
	w.x, w.b = x[:j.n], b[:j.n]
	return Job{w, j}
}

// Done takes the room back.
func (b Job) Done() {
	if w := b.workspace; w.lent {
		w.x, w.b = w.own[0], w.own[1]
		w.lent, w.own = false, [2][]float64{}
	}
	b.judge.pool.Put(b.workspace)
}

// NotFinite is the index of the first element of the right-hand sides that is not finite, −1 if
// all are.
func (b Job) NotFinite() int {
	w, j := b.workspace, b.judge
	if j.rows(w) != 1 {
		return vec.FirstNotFinite(w.b)
	}
	// A norm shows it, and is needed later.
	if w.norm = vec.Norm2(w.b); w.norm-w.norm == 0 {
		return -1
	}
	return vec.FirstNotFinite(w.b)
}

// B is room for the right-hand sides, one a row; X has the solutions.
func (b Job) B() []float64 { return b.b }
func (b Job) X() []float64 { return b.x }

// An Outcome is how a solve went: the worst backward error over the right-hand
// sides and whose it is, the most refinements, the bound of ‖A‖ used.
type Outcome struct {
	Reached     float64
	Column      int
	Refinements int
	Norm        float64
}

// Met reports whether the tolerance was reached. No tolerance is wide enough
// for a solution that is not finite.
func (o Outcome) Met(tolerance float64) bool {
	return o.Reached <= tolerance && !math.IsInf(o.Reached, 1)
}

func (o *Outcome) join(p Outcome) {
	o.Refinements, o.Norm = max(o.Refinements, p.Refinements), max(o.Norm, p.Norm)
	if !(p.Reached <= o.Reached) {
		o.Reached, o.Column = p.Reached, p.Column
	}
}

// Solve solves for the right-hand sides of a job, which must be finite.
func (b Job) Solve() Outcome {
	w, j := b.workspace, b.judge
	copy(w.x, w.b)
	nrhs := j.rows(w)
	if nrhs == 1 && j.stepwise != nil {
		if f := j.op.(Followed).Follow(w.x); f != nil {
			j.stepwise.SolveSteps(w.x, f)
			f.ResidualTo(w.d, w.b)
			w.followed = true
			return b.Refine()
		}
	}
	if nrhs > 0 {
		j.engine.Solve(w.x, nrhs)
	}
	return b.Refine()
}

// form is xᵀA x; d is scratch.
func (j *Judge) form(d, x []float64) float64 {
	if op, ok := j.op.(former); ok {
		return op.Form(x, d)
	}
	j.op.MulTo(d, x)
	return vec.Dot(d, x)
}

// A former is an Operator that knows xᵀA x in less time than A x; scratch has the length of x.
type former interface {
	Form(x, scratch []float64) float64
}

// Refine measures and refines solutions that are in X already.
func (b Job) Refine() Outcome {
	w, j := b.workspace, b.judge
	nrhs := j.rows(w)
	return j.share(w, nrhs, (*Judge).refineRows)
}

// Forms returns bᵀ A⁻¹ b of each right-hand side b, without refinement: for a solution
// x of the factors it is
//
//	2 bᵀx − xᵀA x,
//
// which is off by (A⁻¹b − x)ᵀ A (A⁻¹b − x), where bᵀx would be off by bᵀ(A⁻¹b − x). They
// belong to the job.
func (b Job) Forms() []float64 {
	w, j := b.workspace, b.judge
	nrhs := j.rows(w)
	w.forms = space.Resize(w.forms, nrhs)
	if nrhs > 0 {
		copy(w.x, w.b)
		j.engine.Solve(w.x, nrhs)
		if nrhs*j.n < shareFrom {
			j.formRows(w, w, 0, nrhs)
		} else {
			j.share(w, nrhs, (*Judge).formRows)
		}
	}
	return w.forms
}

// shareFrom is the number of elements of all right-hand sides from which forms are shared out
// to threads: some ten microseconds of work.
const shareFrom = 1 << 14

// formRows computes the forms of the rows from to to, with the workspace own.
func (j *Judge) formRows(own, w *workspace, from, to int) Outcome {
	n := j.n
	for i := from; i < to; i++ {
		x := w.x[i*n : (i+1)*n]
		w.forms[i] = 2*vec.Dot(w.b[i*n:(i+1)*n], x) - j.form(own.d, x)
	}
	return Outcome{}
}

func (j *Judge) rows(w *workspace) int {
	if j.n == 0 {
		return 0
	}
	return len(w.b) / j.n
}

// shares are the parts of a task side by side. The team is made once, so that
// starting it again allocates nothing.
type shares struct {
	task        func(j *Judge, own, w *workspace, from, to int) Outcome
	nrhs, parts int
	outcomes    []Outcome
	team        *blas.Team
}

// share does a task on the nrhs rows of w.x in parts side by side, each with a workspace of
// its own.
func (j *Judge) share(w *workspace, nrhs int, task func(j *Judge, own, w *workspace, from, to int) Outcome) Outcome {
	parts := min(nrhs, j.set.Threads)
	if parts <= 1 {
		return task(j, w, w, 0, nrhs)
	}
	s := &w.shares
	s.task, s.nrhs, s.parts = task, nrhs, parts
	s.outcomes = space.Resize(s.outcomes, parts)
	if s.team == nil {
		s.team = blas.NewTeam(func(i int) {
			own := j.space(1)
			defer j.pool.Put(own)
			s.outcomes[i] = s.task(j, own, w, i*s.nrhs/s.parts, (i+1)*s.nrhs/s.parts)
		})
	}
	s.team.Run(parts)
	worst := s.outcomes[0]
	for _, o := range s.outcomes[1:parts] {
		worst.join(o)
	}
	return worst
}

// refineRows refines the rows from to to of w.x, with the workspace own.
func (j *Judge) refineRows(own, w *workspace, from, to int) Outcome {
	n := j.n
	var o Outcome
	for i := from; i < to; i++ {
		if j.set.interrupted() {
			o.Reached, o.Column = math.Inf(1), i
			break
		}
		p := j.refine(own, w.x[i*n:(i+1)*n], w.b[i*n:(i+1)*n])
		p.Column = i
		o.join(p)
	}
	return o
}

// refine improves x until its backward error meets the tolerance: steps of
// iterative refinement while they help, then, where the factors belong to a
// shifted matrix and the asked one is ill conditioned, a Krylov method with the
// factors as preconditioner.
func (j *Judge) refine(w *workspace, x, b []float64) Outcome {
	nb := w.norm
	if nb < 0 {
		nb = vec.Norm2(b)
	}
	if nb == 0 {
		clear(x)
		return Outcome{Norm: j.op.Norm()}
	}
	o := j.improve(w, x, b, nb)
	if j.finding.near {
		// A part of b outside the range would give a null vector so large that its
		// backward error is small.
		j.remove(x, w.best, w.h)
		o.Reached = j.residual(w.d, x, b, nb)
	}
	if singular := j.finding.Kind == Singular; !(o.Reached <= j.set.Tolerance) {
		switch {
		case !singular:
			o.Refinements += j.gmres(w, x, b, nb, &o.Reached)
		case j.finding.near:
			j.near(w, x, b, nb, &o)
		}
		if !(o.Reached <= j.set.Tolerance) {
			j.relieve(w, x, b, nb, &o)
		}
		if singular && !(o.Reached <= j.set.Tolerance) {
			j.least(w, x, b, nb, &o)
		}
	}
	o.Norm = j.op.Norm()
	return o
}

// near goes on with a Krylov method where a shift close to small eigenvalues that are not zero
// leaves refinement slow. What it brings of null vectors is taken out again, and what is left of
// them may not make a residual seem small: it is measured beside the smaller solution.
func (j *Judge) near(w *workspace, x, b []float64, nb float64, o *Outcome) {
	y, reached := append([]float64(nil), x...), o.Reached
	steps := j.gmres(w, y, b, nb, &reached)
	j.remove(y, w.best, w.h)
	e := j.residual(w.d, y, b, nb)
	if nx, ny, norm := vec.Norm2(x), vec.Norm2(y), j.op.Norm(); ny > nx {
		e *= (norm*ny + nb) / (norm*nx + nb)
	}
	if e < o.Reached {
		copy(x, y)
		o.Reached, o.Refinements = e, o.Refinements+steps
	}
}

// relieve solves by the factors of other Judges, if they do better, until one reaches the
// tolerance. For a singular matrix they must know that it is: a null vector may have a small
// backward error for any b. What they find is measured again by the operator at hand.
func (j *Judge) relieve(w *workspace, x, b []float64, nb float64, o *Outcome) {
	more := j.set.Relief != nil
	for k := 0; more && !(o.Reached <= j.set.Tolerance) && !j.set.interrupted(); k++ {
		var r *Judge
		if r, more = j.set.Relief(k); r == nil || j.finding.Kind == Singular && r.finding.Kind != Singular {
			continue
		}
		job := r.Job(1)
		copy(job.B(), b)
		p := job.Solve()
		if e := max(p.Reached, j.residual(w.d, job.X(), b, nb)); e < o.Reached {
			copy(x, job.X())
			o.Reached, o.Refinements = e, o.Refinements+p.Refinements
		}
		job.Done()
	}
}

// improve is iterative refinement, x += F⁻¹(b − Ax), as long as each step halves
// the backward error.
func (j *Judge) improve(w *workspace, x, b []float64, nb float64) Outcome {
	if w.followed {
		w.followed = false
		return j.improveFrom(backwardError(j.op, w.d, x, nb, j.set.Tolerance), w, x, b, nb)
	}
	return j.improveFrom(j.residual(w.d, x, b, nb), w, x, b, nb)
}

// improveFrom is improve for an x whose backward error is known, and its residual is in w.d.
func (j *Judge) improveFrom(reached float64, w *workspace, x, b []float64, nb float64) (o Outcome) {
	o.Reached = reached
	for o.Reached > j.set.Tolerance && o.Refinements < j.set.MaxRefinements {
		copy(w.best, x)
		copy(w.h, w.d)
		j.engine.Solve(w.h, 1)
		vec.Axpy(x, 1, w.h)
		next := j.residual(w.h, x, b, nb)
		o.Refinements++
		if !(next < o.Reached) {
			copy(x, w.best)
			break
		}
		copy(w.d, w.h)
		slow := next > o.Reached/2
		o.Reached = next
		if slow {
			break
		}
	}
	return o
}

// Unrefined is the backward error of a solve without refinement for a random right-hand side.
func (j *Judge) Unrefined() float64 {
	if j.measured {
		return j.unrefined
	}
	w := j.solved()
	defer j.pool.Put(w)
	return j.residual(w.d, w.x, w.b, vec.Norm2(w.b))
}

// residual is BackwardError for the matrix judged.
func (j *Judge) residual(r, x, b []float64, nb float64) float64 {
	return BackwardError(j.op, r, x, b, nb, j.set.Tolerance)
}

// BackwardError writes r = b − A x and returns the normwise backward error of x,
//
//	‖r‖ / (‖A‖ ‖x‖ + ‖b‖),
//
// infinite where it cannot be measured. Any lower bound of ‖A‖ gives an upper
// bound of it; ‖Ax‖/‖x‖ is one, so ‖A‖ is only estimated better while that
// could still meet the tolerance. nb is ‖b‖.
func BackwardError(op Operator, r, x, b []float64, nb, tolerance float64) float64 {
	op.ResidualTo(r, b, x)
	return backwardError(op, r, x, nb, tolerance)
}

// backwardError is BackwardError for the residual r of x.
func backwardError(op Operator, r, x []float64, nb, tolerance float64) float64 {
	nr, nx := vec.Norm2(r), vec.Norm2(x)
	if nr != nr || nx != nx || math.IsInf(nr, 1) || math.IsInf(nx, 1) || math.IsInf(nb, 1) {
		return math.Inf(1)
	}
	if nx == 0 {
		return nr / nb
	}
	// ‖Ax‖ = ‖b − r‖ ≥ ‖b‖ − ‖r‖. Divided by ‖x‖ first: products of norms may
	// overflow.
	free := max(nb-nr, 0) / nx
	for {
		e := (nr / nx) / (max(free, op.Norm()) + nb/nx)
		if e <= tolerance || !op.Sharpen() {
			if e != e {
				return math.Inf(1)
			}
			return e
		}
	}
}
