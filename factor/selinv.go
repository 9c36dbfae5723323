package factor

import (
	"fmt"
	"math"

	"costate/factor/internal/certify"
	"costate/factor/internal/tree"
	"costate/la"
	"costate/la/vec"
)

// An InverseError says why the elements of an inverse cannot be had from a
// factorization that solves nevertheless.
type InverseError struct {
	Shift    float64 // the factors are those of A + Shift·I
	Cond     float64 // estimated condition number
	Relative float64 // measured error of an element, over the largest one
}

func (e *InverseError) Error() string {
	if e.Shift != 0 {
		return fmt.Sprintf("factor: no inverse from factors shifted by %.3g to avoid a singular pivot block; solve for the columns that are needed, which are refined", e.Shift)
	}
	return fmt.Sprintf("factor: no inverse of a matrix with condition number %.2g: elements have a relative error of %.2g; solve for the columns that are needed, or scale the matrix", e.Cond, e.Relative)
}

// inverseTolerance is the error of an element of a selected inverse over the
// largest one, as measured, above which an *InverseError is returned: half of the
// digits.
const inverseTolerance = 1e-8

// inverseChecks is the number of columns that are solved for to measure it: those
// of the largest diagonal elements, and as many spread over the matrix.
const inverseChecks = 4

// checkShare is the share of the flops of a factorization that the solves for these columns may
// take; at least one column of either kind is solved for.
const checkShare = 8

// inverter computes a selected inverse from a tree, for Sparse and Block.
type inverter struct {
	judge   *certify.Judge
	engine  *treeEngine
	inertia func() la.Inertia
}

// diagonal writes the diagonal of the inverse, and hands its elements on the
// pattern to front, which may be nil; see tree.Sink.
//
// The error is measured: elements are compared with those of columns that are solved for. An
// element is as good as those were, relative to the largest.
func (v inverter) diagonal(dst []float64, front func(k int, at func(i, j int) float64)) error {
	shift := v.judge.Finding().Shift
	if in := v.inertia(); shift != 0 || !in.Certain || in.Zero > 0 {
		return &InverseError{Shift: shift, Cond: v.judge.Cond(), Relative: math.Inf(1)}
	}
	v.engine.Invert(tree.Sink{Front: front, Diagonal: func(i int, z float64) { dst[i] = z }})
	worst := measuredDiag(v.judge, dst, inverseChecks)
	if !(worst <= inverseTolerance) {
		return &InverseError{Cond: v.judge.Cond(), Relative: worst}
	}
	return nil
}

// measuredDiag is the largest difference of checked elements of the diagonal of an
// inverse from those of columns that are solved for, right to second order, over the largest element of the
// diagonal; checks is as inverseChecks.
func measuredDiag(j *certify.Judge, diag []float64, checks int) float64 {
	big := vec.MaxMagnitude(diag)
	if big == 0 {
		return 0
	}
	if big-big != 0 {
		return math.Inf(1)
	}
	var room [2 * inverseChecks]int
	at := checked(room[:0], diag, checks)
	job := j.Job(len(at))
	defer job.Done()
	n := len(diag)
	clear(job.B())
	for k, i := range at {
		job.B()[k*n+i] = 1
	}
	worst := 0.0
	for k, z := range job.Forms() {
		worst = max(worst, math.Abs(z-diag[at[k]])/big)
	}
	return worst
}

// checksOf is inverseChecks, or fewer where solves take long beside the factorization.
func checksOf(c Cost) int {
	return int(min(max(c.Factor/(2*checkShare*max(c.Solve, 1)), 1), inverseChecks))
}

// checked appends to at the elements of a diagonal that are measured: the largest ones, and as
// many spread over it.
func checked(at []int, diag []float64, checks int) []int {
	least := -1.0 // of the largest ones, once they are checks
	for i, d := range diag {
		d = math.Abs(d)
		if !(d > least) {
			continue
		}
		k := len(at)
		if k == checks {
			k--
		} else {
			at = append(at, 0)
		}
		for ; k > 0 && d > math.Abs(diag[at[k-1]]); k-- {
			at[k] = at[k-1]
		}
		at[k] = i
		if len(at) == checks {
			least = math.Abs(diag[at[checks-1]])
		}
	}
	few := min(checks, len(diag))
	for k := range few {
		at = append(at, k*len(diag)/few)
	}
	return at
}

func (f *Sparse) inverter() inverter {
	return inverter{&f.judge, &f.engine, f.Inertia}
}

func (f *Block) inverter() inverter {
	return inverter{&f.judge, &f.engine, f.Inertia}
}

// sizedDiagonal is dst, or a new slice of length n for nil.
func sizedDiagonal(dst []float64, n int) []float64 {
	if dst == nil {
		return make([]float64, n)
	}
	if len(dst) != n {
		panic(ErrShape)
	}
	return dst
}

// InverseDiagTo writes the diagonal of A⁻¹ into dst, which has the order of
// the matrix as length, or is nil and then allocated, and returns it: the
// recursion of Takahashi and others down the tree, without forming A⁻¹.
//
// Elements are those of the factors, not refined. Their error is measured on the
// largest elements and on some spread over the matrix, by solutions x of A x = e whose
// 2 eᵀx − xᵀA x is right to second order: where
// it is above 1e-8 of the largest element, where the factors are those of a
// shifted matrix or where the inertia is not certain, it returns an *InverseError
// and nil; an *EngineError with another engine than the native one. It panics with ErrNotFactorized before Factorize and with ErrShape if
// dst has another length.
//
// Sources: K. Takahashi, J. Fagan and M.-S. Chen, Formation of a sparse bus
// impedance matrix and its application to short circuit study, 8th PICA
// conference (1973); A. M. Erisman and W. F. Tinney, On computing certain
// elements of the inverse of a sparse matrix, Comm. ACM 18 (1975).
func (f *Sparse) InverseDiagTo(dst []float64) ([]float64, error) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if f.mumps.Engine != nil {
		return nil, &EngineError{EngineMUMPS, errNoInverse}
	}
	dst = sizedDiagonal(dst, f.kept.SymmetricDim())
	if err := f.inverter().diagonal(dst, nil); err != nil {
		return nil, err
	}
	return dst, nil
}

// InverseDiagTo writes the diagonal of A⁻¹ into dst; see Sparse.InverseDiagTo.
func (f *Block) InverseDiagTo(dst []float64) ([]float64, error) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	dst = sizedDiagonal(dst, f.a.SymmetricDim())
	if err := f.inverter().diagonal(dst, nil); err != nil {
		return nil, err
	}
	return dst, nil
}

// InverseTo writes the elements of A⁻¹ in the structure of A,
//
//	      [ Z_00  Z_10ᵀ       ]
//	A⁻¹ = [ Z_10  Z_11  Z_21ᵀ ]      of which … is not computed
//	      [ …     Z_21  Z_22  ]
//
// into dst: the lower triangles of the diagonal blocks, and the rows and columns
// of the blocks below them that the structure of A names. dst becomes a matrix of
// that structure. Errors, accuracy and panics are those of InverseDiagTo.
func (f *Block) InverseTo(dst *la.BlockTridiag) error {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if dst.SymmetricDim() != 0 {
		f.sameBlocks(dst)
	}
	dst.CopyFrom(&f.a)
	clear(dst.Raw())
	diag := make([]float64, f.a.SymmetricDim())
	return f.inverter().diagonal(diag, func(node int, at func(i, j int) float64) {
		k := f.path.block(node)
		d, q := dst.Diag(k)
		for i := range q {
			for j := range i + 1 {
				d[i*q+j] = at(i, j)
			}
		}
		next, rows := f.path.below(k)
		if next < 0 {
			return
		}
		b, ld := dst.Sub(min(k, next))
		if next > k {
			for i, r := range rows {
				for _, j := range dst.SubCols(k) {
					b[r*ld+j] = at(q+i, j)
				}
			}
			return
		}
		for i, c := range rows {
			for _, j := range dst.SubRows(next) {
				b[j*ld+c] = at(q+i, j)
			}
		}
	})
}

// InverseTrace returns the trace of A⁻¹B for a symmetric block-tridiagonal B
// with the block sizes of A and no structure beyond that of A, or the trace of
// A⁻¹ if b is nil: with B = dA/dθ it is the derivative of log|det A| in θ. Errors
// and panics are those of InverseDiagTo.
func (f *Block) InverseTrace(b *la.BlockTridiag) (float64, error) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	diag := make([]float64, f.a.SymmetricDim())
	if b == nil {
		if err := f.inverter().diagonal(diag, nil); err != nil {
			return 0, err
		}
		trace := 0.0
		for _, v := range diag {
			trace += v
		}
		return trace, nil
	}
	f.sameBlocks(b)
	var z la.BlockTridiag
	if err := f.InverseTo(&z); err != nil {
		return 0, err
	}
	return traceOfProduct(&z, b), nil
}

// traceOfProduct is the trace of Z B for two symmetric matrices.
func traceOfProduct(z, b *la.BlockTridiag) float64 {
	trace := 0.0
	for k := range z.Blocks() {
		p, ld := z.Diag(k)
		q, _ := b.Diag(k)
		for i := range ld {
			trace += p[i*ld+i]*q[i*ld+i] + 2*vec.Dot(p[i*ld:i*ld+i], q[i*ld:])
		}
		if k+1 < z.Blocks() {
			p, _ := z.Sub(k)
			q, _ := b.Sub(k)
			trace += 2 * vec.Dot(p, q)
		}
	}
	return trace
}

func (f *Block) sameBlocks(b *la.BlockTridiag) {
	if b.Blocks() != f.a.Blocks() {
		panic(ErrShape)
	}
	for k := range b.Blocks() {
		if b.BlockSize(k) != f.a.BlockSize(k) {
			panic(ErrShape)
		}
	}
}
