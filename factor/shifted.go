package factor

import (
	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/certify"
	"costate/factor/internal/pivot"
	"costate/factor/internal/sweep"
	"costate/la/vec"
	"costate/system"
)

// Shifted factors H + zI for the matrix H of a chain and a complex z off the real axis,
// by the sweeps of Chain over complex symmetric matrices, which are kept as their real
// and imaginary parts. Functions of H are sums over such solves, (H² + ε²)^-½ for one;
// the arguments of its determinants count eigenvalues, smoothly.
//
// A factorization takes four times the flops of Chain. No z is unlucky: all Schur
// complements keep an imaginary part that is definite, by |Im z| at least, so that no
// pivot can vanish; and ‖(H + zI)⁻¹‖ ≤ 1/|Im z|.
//
// After Factorize has returned nil, SolveTo, LogDet and Report may be called from several
// goroutines at once; what factors needs exclusive use. What is asked for too early
// panics with ErrNotAnalysed or ErrNotFactorized. The zero value is ready for Analyse.
//
// Sources: those of Chain; N. J. Higham, Factorizing complex symmetric matrices with
// positive definite real and imaginary parts, Math. Comp. 67 (1998).
type Shifted struct {
	base   judged
	engine shiftedEngine
	matrix shiftedMatrix
}

// ErrRealShift is the panic of a shift without an imaginary part, which is for Chain.
const ErrRealShift = Error("factor: the imaginary part of the shift must not be 0")

// Analyse prepares for chains of the shapes of c, and takes c; errors are those of
// Factorization.Analyse. Of opts, nil for the defaults, Backend, Tolerance,
// MaxRefinements and MemoryLimit matter.
func (f *Shifted) Analyse(c *system.Chain, opts *Options) error {
	f.Reset()
	b := &f.base
	if err := b.begin(c, opts); err != nil {
		return err
	}
	if err := b.plan("the factorization at complex shifts", ShiftedCost(c)); err != nil {
		return err
	}
	f.engine.sweep = sweep.NewShifted(c, b.opts.Backend)
	f.engine.sweep.Interrupt = b.opts.Interrupt
	f.matrix.hessian = &b.matrix
	b.judge.Begin(&f.engine, &f.matrix, b.opts.settings(), nil)
	b.ready = true
	return nil
}

// Update takes a new point; see Factorization.Update.
func (f *Shifted) Update(c *system.Chain) error {
	if err := f.base.point(c); err != nil {
		return err
	}
	f.engine.sweep.Take(c)
	return nil
}

// Factorize factors H + (re + i·im) I. The error is a *la.NotFiniteError, or, where
// pivots overflow, a *SingularError. It panics with ErrRealShift if im is 0.
func (f *Shifted) Factorize(re, im float64) error {
	if im == 0 {
		panic(ErrRealShift)
	}
	b := &f.base
	if err := b.dampAll(re); err != nil {
		return err
	}
	if im-im != 0 {
		return &NotFiniteError{Where: "imaginary part of the shift", Index: -1, Value: im}
	}
	f.engine.z, f.matrix.im = complex(re, im), im
	return b.run(b.judge.Factorize, re, "H·v", func(m certify.Finding) *SingularError {
		return &SingularError{Block: m.Block, Pivot: m.Row, Row: -1}
	})
}

// SolveTo solves (H + zI) X = B for the columns of B = bre + i·bim, where a nil bim stands
// for zero, and writes the parts of X to re and im. Empty ones are resized; they may be
// bre and bim. Accuracy and errors are those of Solver.SolveTo.
func (f *Shifted) SolveTo(re, im *mat.Dense, bre, bim mat.Matrix) error {
	b := &f.base
	if !b.factored {
		panic(ErrNotFactorized)
	}
	n := b.matrix.n
	r, nrhs := bre.Dims()
	if r != n {
		panic(ErrShape)
	}
	if bim != nil {
		if r, c := bim.Dims(); r != n || c != nrhs {
			panic(ErrShape)
		}
	}
	if n == 0 || nrhs == 0 {
		return nil
	}
	job := b.judge.Job(nrhs)
	defer job.Done()
	sides := job.B()
	clear(sides)
	gatherColumns(sides, 2*n, bre, n, nrhs)
	if bim != nil {
		gatherColumns(sides[n:], 2*n, bim, n, nrhs)
	}
	if i := vec.FirstNotFinite(sides); i >= 0 {
		return &NotFiniteError{Where: "right-hand side", Index: i % n, Value: sides[i]}
	}
	sizeDense(re, n, nrhs)
	sizeDense(im, n, nrhs)
	o := job.Solve()
	for i, dst := range []*mat.Dense{re, im} {
		raw := dst.RawMatrix()
		vec.Transpose(raw.Data, raw.Stride, job.X()[i*n:], 2*n, nrhs, n)
	}
	return b.outcome(o, nil)
}

// LogDet returns log|det(H + zI)| and the argument of the determinant, the one of
// Σ arg(λ + z) over the eigenvalues λ, with each term between −π and π. So
//
//	|arg| / π = Σ ½ − atan((λ + Re z)/|Im z|)/π
//
// counts the eigenvalues below −Re z, smoothed over a width of |Im z|.
func (f *Shifted) LogDet() (log, arg float64) {
	if !f.base.factored {
		panic(ErrNotFactorized)
	}
	return f.engine.met.LogAbs, f.engine.met.Arg
}

// SymmetricDim is the order of H.
func (f *Shifted) SymmetricDim() int { return f.base.SymmetricDim() }

// Report tells how the last factorization and solve went; Eps is the real part of z.
func (f *Shifted) Report() Report { return f.base.Report() }

// Cost estimates flops and bytes, also where Analyse refused them; see Solver.
func (f *Shifted) Cost() Cost { return f.base.Cost() }

// IsEmpty reports whether nothing has been analysed.
func (f *Shifted) IsEmpty() bool { return f.base.IsEmpty() }

// Reset empties the factorization, options included.
func (f *Shifted) Reset() { *f = Shifted{} }

// ShiftedCost estimates the flops and bytes of a Shifted for the shapes of c, from the
// shapes alone.
func ShiftedCost(c *system.Chain) Cost { return Cost(sweep.ShiftedCost(c)) }

// A shiftedEngine is a sweep behind the seam of the judge, to which a complex vector is
// a real one of twice the length, its real part first.
type shiftedEngine struct {
	sweep *sweep.Shifted
	z     complex128
	met   pivot.ComplexStats
}

// Factor factors H + (z + shift) I.
func (e *shiftedEngine) Factor(shift float64) pivot.Stats {
	e.met = e.sweep.Factor(e.z + complex(shift, 0))
	p := pivot.Empty()
	p.LogAbs, p.Growth, p.Finite = e.met.LogAbs, e.met.Growth, e.met.Finite
	return p
}

// Solve solves with the factors.
func (e *shiftedEngine) Solve(x []float64, nrhs int) { e.sweep.Solve(x, nrhs) }
