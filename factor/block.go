package factor

import (
	"slices"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/certify"
	"costate/factor/internal/tree"
	"costate/la"
	"costate/la/vec"
)

// Block is the block LDLᵀ factorization of any symmetric block-tridiagonal
// matrix, definite or not,
//
//	    [ D_0  S_0ᵀ           ]        C_0 = D_0
//	A = [ S_0  D_1  S_1ᵀ      ]        C_k = D_k − S_{k-1} C_{k-1}⁻¹ S_{k-1}ᵀ
//	    [      S_1  D_2   ⋱   ]        P_k C_k P_kᵀ = L_k Δ_k L_kᵀ
//	    [           ⋱     ⋱   ]
//
// over the tree that is the path of its blocks, with threshold pivoting inside
// each pivot block C_k over all rows, those of the next block too. Only the rows
// and columns of S_k that its structure names enter the update. The work is
// linear in the number of blocks:
//
//	Σ  n³/3 + n²r + nr²        n = order of C_k, r = rows of S_k
//
// With several threads, and blocks too small for all of them, the blocks are eliminated
// from both ends at once up to one in the middle, with the columns of S_k in place of its
// rows from the lower end: the work is about the same, and two threads share it.
//
// Columns without a stable pivot (of a zero diagonal block, for example) are put
// off to the next block. Every solution is refined with the residual of a kept
// copy of A, and leaves with its measured backward error in Report. Inertia is
// exact or says that it is not certain. The matrix is not scaled: where its rows
// differ by many orders of magnitude, Sparse tells more.
//
// The zero value is ready for Factorize. Analyse is only needed to set options
// or to know the cost beforehand. After Factorize has returned nil, solves and
// queries may run in several goroutines at once; Analyse and Factorize need
// exclusive use. After the first Factorize and the first solve of a shape,
// later ones allocate nothing, unless new values make a pivot unstable that was
// stable before.
//
// Sources: J. R. Bunch and L. Kaufman, Some stable methods for calculating
// inertia and solving symmetric linear systems, Math. Comp. 31 (1977); G. H.
// Golub and C. F. Van Loan, Matrix Computations, 4th ed. (2013), section 4.5;
// N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002),
// chapters 11, 12 and 15.
type Block struct {
	answers
	a      la.BlockTridiag
	path   pathSource // of a
	matrix symMatrix
	engine treeEngine
}

var _ Solver = (*Block)(nil)

// Analyse prepares for matrices with the block sizes and the structure of a;
// nil opts mean the defaults, of which Tolerance, MaxRefinements, PivotTolerance,
// Backend and MemoryLimit matter here. It returns a *MemoryError before anything
// large is allocated if Cost exceeds the limit.
func (f *Block) Analyse(a *la.BlockTridiag, opts *Options) error {
	f.Reset()
	f.opts = opts.withDefaults()
	return f.prepare(a, meeting(a, treeOptions(&f.opts)))
}

// prepare is Analyse with blocks that are eliminated from both ends up to block meet.
func (f *Block) prepare(a *la.BlockTridiag, meet int) error {
	if err := f.plan(blockWhat(a), pathSource{a, meet}.cost()); err != nil {
		return err
	}
	f.a.CopyFrom(a)
	f.path = pathSource{&f.a, meet}
	f.engine.Engine = tree.NewFrom(f.path.tree(), f.path, treeOptions(&f.opts))
	c := Cost(f.engine.Engine.Cost())
	c.Bytes += 8 * int64(len(a.Raw())+7*a.SymmetricDim())
	if err := f.plan(blockWhat(a), c); err != nil {
		return err
	}
	f.matrix.a = &f.a
	f.judge.Begin(&f.engine, &f.matrix, f.opts.settings(), nil)
	f.ready = true
	return nil
}

// fits reports whether a has the sizes and structure that were analysed.
func (f *Block) fits(a *la.BlockTridiag) bool {
	if !f.ready || a.Blocks() != f.a.Blocks() {
		return false
	}
	for k := range a.Blocks() {
		if a.BlockSize(k) != f.a.BlockSize(k) {
			return false
		}
	}
	for k := 0; k+1 < a.Blocks(); k++ {
		if !slices.Equal(a.SubRows(k), f.a.SubRows(k)) || !slices.Equal(a.SubCols(k), f.a.SubCols(k)) {
			return false
		}
	}
	return true
}

// Factorize factors a, which is copied and not changed. It analyses first, with
// the options of the last Analyse, if the sizes or the structure of a are not
// those of the last call. It returns a *SingularError naming block and pivot if a
// is singular to working accuracy, a *la.NotFiniteError naming the element if a
// holds a NaN or an infinity, and the error of Analyse.
func (f *Block) Factorize(a *la.BlockTridiag) error { return f.FactorizeShifted(a, 0) }

// FactorizeShifted is Factorize for A − σI: solves, inertia and determinant are
// then those of that matrix. A shift that is not finite is a *la.NotFiniteError.
func (f *Block) FactorizeShifted(a *la.BlockTridiag, sigma float64) error {
	f.factored, f.known = false, false
	if sigma-sigma != 0 {
		return &NotFiniteError{Where: "shift", Index: -1, Value: sigma}
	}
	if !f.fits(a) {
		opts := f.opts
		if err := f.Analyse(a, &opts); err != nil {
			return err
		}
	}
	f.a.CopyFrom(a)
	if !f.matrix.measure(&f.a, -sigma) {
		if err := a.CheckFinite("A"); err != nil {
			return err
		}
	}
	f.engine.base = -sigma
	f.engine.Scaled(nil, f.matrix.norm)
	err := f.run(f.judge.Factorize, 0, "A·v", func(g certify.Finding) *SingularError {
		block := -1
		pivot := -1
		if g.Row >= 0 && g.Row < f.a.SymmetricDim() {
			block = f.a.BlockOf(g.Row)
			pivot = g.Row - f.a.BlockFirst(block)
		}
		return &SingularError{Block: block, Pivot: pivot, Row: g.Row}
	})
	return err
}

// Reset empties the factorization, options included.
func (f *Block) Reset() { *f = Block{} }

// SymmetricDim returns the order of the matrix.
func (f *Block) SymmetricDim() int {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	return f.a.SymmetricDim()
}

// SolveRaw overwrites the nr right-hand sides in x, one a row, with the solution
// as the factors give it: no refinement, no check. With a shift in Report the
// factors are those of A + shift·I. It is meant for use as a preconditioner, or
// where the refinement happens elsewhere.
func (f *Block) SolveRaw(x []float64, nr int) {
	f.checkRaw(x, nr)
	f.engine.Solve(x, nr)
}

// checkRaw panics unless x has room for nr right-hand sides.
func (f *Block) checkRaw(x []float64, nr int) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if nr < 0 || len(x) != f.a.SymmetricDim()*nr {
		panic(ErrShape)
	}
}

// QuadFormTo writes the quadratic forms bᵀA⁻¹b of the columns b of B into dst,
// which has as many elements as B has columns, or is nil and then allocated,
// and returns it. Each comes from a refined solution x with residual r as
//
//	bᵀx + rᵀx = bᵀA⁻¹b − rᵀA⁻¹r
//
// so that what is left of the residual enters in the second order only. The
// errors are those of SolveTo: an *AccuracyError (dst then holds the best
// reached), or a *la.NotFiniteError (dst is then not written, and nil is
// returned). It panics with ErrNotFactorized before Factorize, and with ErrShape.
func (f *Block) QuadFormTo(dst []float64, b mat.Matrix) ([]float64, error) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	n := f.a.SymmetricDim()
	r, nr := b.Dims()
	if r != n || dst != nil && len(dst) != nr {
		panic(ErrShape)
	}
	if dst == nil {
		dst = make([]float64, nr)
	}
	job := f.judge.Job(nr)
	defer job.Done()
	gatherColumns(job.B(), n, b, n, nr)
	if err := finiteColumns(job.B(), n); err != nil {
		return nil, err
	}
	err := f.outcome(job.Solve(), nil)
	residual := f.judge.Job(1)
	defer residual.Done()
	for j := range nr {
		x, bj := job.X()[j*n:(j+1)*n], job.B()[j*n:(j+1)*n]
		f.matrix.ResidualTo(residual.B(), bj, x)
		dst[j] = vec.Dot(bj, x) + vec.Dot(residual.B(), x)
	}
	return dst, err
}

// QuadFormRaw writes the quadratic forms bᵀA⁻¹b of the nr right-hand sides in
// x, one a row, into dst of length nr. They are those of the factors, from the
// forward half of a solve,
//
//	bᵀA⁻¹b = zᵀ D⁻¹ z       L z = P b
//
// at half the cost of SolveRaw: no refinement, no check. With a shift in Report
// the factors are those of A + shift·I. It panics with ErrNotFactorized before
// Factorize and with ErrShape.
func (f *Block) QuadFormRaw(dst, x []float64, nr int) {
	f.checkRaw(x, nr)
	if len(dst) != nr {
		panic(ErrShape)
	}
	f.engine.QuadForms(dst, x, nr)
}
