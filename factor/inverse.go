package factor

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/vec"
	"costate/system"
)

// An Inverter is a Factorization that also gives elements of Z = (H + D)⁻¹, which no
// solve gives cheaply, and samples of the normal distribution with covariance Z: the
// Laplace approximation of a posterior where H is a Hessian of negative log-likelihoods
// and D holds prior precisions. Chain, Gram and Dense are Inverters.
//
// Elements are those of the factors, not refined, but measured: the largest and some
// others, of each kind four or, where solves take long beside the factorization, at least
// one, are compared with solutions. Where the difference is above 1e-8 of the largest
// element, where the factors are those of a shifted matrix, or where the inertia is not
// certain, the error is an *InverseError; what was asked for is then not to be used. A
// *MemoryError refuses workspace beyond Options.MemoryLimit. An
// indefinite matrix has an inverse, too, whose diagonal may have negative elements;
// only samples need a definite one.
//
// All of it panics with ErrNotFactorized before Factorize, and with ErrShape for
// arguments of the wrong size. It may be called by many goroutines.
//
//	method   InverseDiagTo                    StageInverseTo           SampleTo
//	Chain    2 factorizations                 the same                 half a solve
//	Gram     2q³/3 + 2q²Σa + 2B²P flops       q²p + qp² of the stage   a solve
//	Dense    2P³/3 flops                      the same                 half a solve
//
// for B samples of one row, q rows of J̃, widths a and P parameters, p of the stage. With
// R rows a sample Gram takes 2q²RΣa + 2B²R²P, or where it forms J̃_k of the stage, 2q²p.
type Inverter interface {
	Factorization

	// InverseDiagTo writes the diagonal of Z, the marginal variances of all
	// parameters, into dst, of length SymmetricDim or nil to allocate it, and
	// returns dst.
	InverseDiagTo(dst []float64) ([]float64, error)

	// StageTracesTo writes the trace of Z over the parameters of each stage into
	// dst, of a length of the number of stages or nil. It is the derivative of
	// log|det(H + D)| in the damping of the stage.
	StageTracesTo(dst []float64) ([]float64, error)

	// StageInverseTo writes the block of Z of the parameters of a stage, counted
	// from 0, into dst: the joint covariance of a layer. An empty dst is resized.
	StageInverseTo(dst *mat.SymDense, stage int) error

	// OutputInverseTo writes J Z Jᵀ for the Jacobian J of the chain's outputs into
	// dst, of the order of the outputs of all samples; row n·c+i is output i of
	// sample n. An empty dst is resized.
	OutputInverseTo(dst *mat.SymDense) error

	// Normals is the number of standard normal numbers that a sample is made of.
	Normals() int

	// SampleTo writes A z into dst for the given z, of length Normals, where
	// A Aᵀ = Z: a sample of N(0, Z) for independent standard normal numbers z. The
	// error is an *IndefiniteError if H + D has negative or zero eigenvalues. An
	// empty dst is resized; normals is not changed.
	SampleTo(dst *mat.VecDense, normals []float64) error
}

var (
	_ Inverter = (*Chain)(nil)
	_ Inverter = (*Gram)(nil)
	_ Inverter = (*Dense)(nil)
)

// An IndefiniteError says that H + D is no inverse of a covariance: there is no
// distribution to sample from.
type IndefiniteError struct{ Inertia la.Inertia }

func (e *IndefiniteError) Error() string {
	if !e.Inertia.Certain {
		return fmt.Sprintf("factor: no distribution to sample from: the matrix is not certain to be positive definite (%d negative eigenvalues counted)", e.Inertia.Negative)
	}
	return fmt.Sprintf("factor: no distribution to sample from: the matrix has %d negative and %d zero eigenvalues; a damping above the least one makes it definite", e.Inertia.Negative, e.Inertia.Zero)
}

// An inverseEngine is a dampedEngine that knows the inverse. Matrices get both
// triangles.
type inverseEngine interface {
	InverseDiag(dst []float64)
	StageInverse(dst []float64, k int)
	OutputInverse(dst []float64)

	// InverseBytes is the workspace of any of these.
	InverseBytes() int64

	// Definite reports that the factors are of a form that only a positive definite
	// matrix has, so that no certificate is needed.
	Definite() bool
}

// An invertible is a direct whose engine is an inverseEngine.
type invertible struct{ direct }

// A sampler overwrites standard normal numbers with a sample; see sweep.
type sampler interface{ Sample(x []float64) bool }

// invert is the engine, if its factors are those of a matrix with an inverse, and the
// workspace fits.
func (g *invertible) invert() (inverseEngine, error) {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	e := g.engine.dampedEngine.(inverseEngine)
	shift := g.judge.Finding().Shift
	if shift != 0 || !e.Definite() && !g.Inertia().Certain {
		return nil, &InverseError{Shift: shift, Cond: g.judge.Cond(), Relative: math.Inf(1)}
	}
	if b := e.InverseBytes(); b > g.opts.MemoryLimit-g.planned.Bytes {
		return nil, &MemoryError{Needed: b + g.planned.Bytes, Limit: g.opts.MemoryLimit, What: "an inverse beside its factors"}
	}
	return e, nil
}

// inexact is the error of elements with the measured relative error, or nil.
func (g *invertible) inexact(worst float64) error {
	if !(worst <= inverseTolerance) {
		return &InverseError{Cond: g.judge.Cond(), Relative: worst}
	}
	return nil
}

// InverseDiagTo writes the diagonal of (H + D)⁻¹; see Inverter.
func (g *invertible) InverseDiagTo(dst []float64) ([]float64, error) {
	e, err := g.invert()
	if err != nil {
		return nil, err
	}
	dst = sizedDiagonal(dst, g.matrix.n)
	e.InverseDiag(dst)
	if err := g.inexact(measuredDiag(&g.judge, dst, checksOf(g.planned))); err != nil {
		return nil, err
	}
	return dst, nil
}

// StageTracesTo writes the traces of the diagonal blocks of (H + D)⁻¹; see Inverter.
func (g *invertible) StageTracesTo(dst []float64) ([]float64, error) {
	dst = sizedDiagonal(dst, len(g.matrix.eps))
	job := g.judge.Job(1)
	defer job.Done()
	diag, err := g.InverseDiagTo(job.X())
	if err != nil {
		return nil, err
	}
	for k := range dst {
		dst[k] = 0
		for _, v := range diag[g.matrix.offsets[k]:g.matrix.offsets[k+1]] {
			dst[k] += v
		}
	}
	return dst, nil
}

// StageInverseTo writes a diagonal block of (H + D)⁻¹; see Inverter.
func (g *invertible) StageInverseTo(dst *mat.SymDense, stage int) error {
	e, err := g.invert()
	if err != nil {
		return err
	}
	if stage < 0 || stage >= len(g.matrix.eps) {
		panic(ErrShape)
	}
	off := g.matrix.offsets[stage]
	p := g.matrix.offsets[stage+1] - off
	if p == 0 {
		if !dst.IsEmpty() {
			panic(ErrShape)
		}
		return nil
	}
	data := sizeSym(dst, p)
	e.StageInverse(data, stage)
	return g.inexact(g.measured(data, p, func(b []float64, i int) { b[off+i] = 1 }, func(dst, x []float64) { copy(dst, x[off:]) }))
}

// OutputInverseTo writes J (H + D)⁻¹ Jᵀ; see Inverter.
func (g *invertible) OutputInverseTo(dst *mat.SymDense) error {
	e, err := g.invert()
	if err != nil {
		return err
	}
	w := g.matrix.lend()
	defer g.matrix.pool.Put(w)
	n := g.matrix.outputs()
	data := sizeSym(dst, n)
	e.OutputInverse(data)
	unit := make([]float64, n)
	return g.inexact(g.measured(data, n, func(b []float64, i int) {
		unit[i] = 1
		w.product.TransOutputs(b, unit)
		unit[i] = 0
	}, func(dst, x []float64) { copy(dst, w.product.Outputs(x)) }))
}

// measured is the largest difference of checked columns of Bᵀ Z B from refined
// solutions, over the largest of its diagonal: column writes column i of B, apply
// multiplies by Bᵀ.
func (g *invertible) measured(a []float64, n int, column func(b []float64, i int), apply func(dst, x []float64)) float64 {
	diag := make([]float64, n)
	for i := range diag {
		diag[i] = a[i*n+i]
	}
	big := vec.MaxMagnitude(diag)
	if big == 0 {
		return 0
	}
	if big-big != 0 {
		return math.Inf(1)
	}
	job := g.judge.Job(1)
	defer job.Done()
	worst, y := 0.0, make([]float64, n)
	for _, i := range checked(nil, diag, inverseChecks) {
		clear(job.B())
		column(job.B(), i)
		job.Solve()
		apply(y, job.X())
		for j, v := range y {
			worst = max(worst, math.Abs(v-a[i*n+j])/big)
		}
	}
	return worst
}

// Normals is the number of parameters; see Inverter.
func (g *invertible) Normals() int { return g.SymmetricDim() }

// definite is the error of a matrix that has no samples, or nil.
func (g *invertible) definite() error {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	if !g.engine.dampedEngine.(inverseEngine).Definite() {
		if in := g.Inertia(); !in.Certain || in.Negative > 0 || in.Zero > 0 {
			return &IndefiniteError{in}
		}
	}
	if shift := g.judge.Finding().Shift; shift != 0 {
		return &InverseError{Shift: shift, Cond: g.judge.Cond(), Relative: math.Inf(1)}
	}
	return nil
}

// SampleTo writes a sample of N(0, (H + D)⁻¹); see Inverter. It is measured: a sample
// x = A z has xᵀ(H + D)x = zᵀz.
func (g *invertible) SampleTo(dst *mat.VecDense, normals []float64) error {
	if err := g.definite(); err != nil {
		return err
	}
	n := g.matrix.n
	if len(normals) != n {
		panic(ErrShape)
	}
	if i := vec.FirstNotFinite(normals); i >= 0 {
		return &NotFiniteError{Where: "standard normal numbers", Index: i, Value: normals[i]}
	}
	sizeVec(dst, n)
	job := g.judge.Job(1)
	defer job.Done()
	x := job.X()
	copy(x, normals)
	if !g.engine.dampedEngine.(sampler).Sample(x) {
		return &IndefiniteError{g.Inertia()}
	}
	want, got := vec.Dot(normals, normals), g.matrix.Form(x, job.B())
	if err := g.inexact(math.Abs(got-want) / max(want, math.SmallestNonzeroFloat64)); err != nil {
		return err
	}
	for i, v := range x {
		dst.SetVec(i, v)
	}
	return nil
}

// outputs is the number of outputs of all samples.
func (h *hessian) outputs() int {
	return h.chain.Stages[len(h.chain.Stages)-1].Outputs()
}

// sizeSym resizes an empty dst to order n and returns its elements; it panics with
// ErrShape if another has a different order. Rows may be apart in a view, which is
// refused.
func sizeSym(dst *mat.SymDense, n int) []float64 {
	if dst.IsEmpty() {
		dst.ReuseAsSym(n)
	}
	raw := dst.RawSymmetric()
	if raw.N != n || raw.Stride != n {
		panic(ErrShape)
	}
	return raw.Data[:n*n]
}

// rowsOfOutputs writes the n rows of J, each of length order, to dst.
func (h *hessian) rowsOfOutputs(dst []float64) {
	w := h.lend()
	defer h.pool.Put(w)
	n := h.outputs()
	unit := make([]float64, n)
	for i := range n {
		unit[i] = 1
		w.product.TransOutputs(dst[i*h.n:(i+1)*h.n], unit)
		unit[i] = 0
	}
}

// sameChain panics with ErrShape unless c has the stages of the chain analysed, but
// for the number of samples.
func (g *judged) sameChain(c *system.Chain) {
	if len(c.Stages) != len(g.matrix.eps) || c.Loss.Rows != g.matrix.chain.Loss.Rows {
		panic(ErrShape)
	}
	for k, s := range c.Stages {
		a, okA := s.(*system.DenseStage)
		b, okB := g.matrix.chain.Stages[k].(*system.DenseStage)
		if !okA || !okB || a.In != b.In || a.Out != b.Out || a.Bias != b.Bias || a.Skip != b.Skip || a.Batch != c.Loss.Batch ||
			a.SampleRows() != b.SampleRows() || k > 0 && a.SampleInputs() != b.SampleInputs() || a.SampleOutputs() != b.SampleOutputs() {
			panic(ErrShape)
		}
	}
}
