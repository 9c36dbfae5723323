package factor

import (
	"errors"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/outputs"
	"costate/la/vec"
	"costate/system"
)

// Gram factors H + εI for a Gauss–Newton chain in output space. With J the
// derivative of the network's outputs (Batch·c of them) in the parameters and
// R Rᵀ the Hessian of the loss in the outputs, J̃ = RᵀJ gives H = J̃ᵀJ̃, of rank
// at most Batch·c however deep the network, and
//
//	(J̃ᵀJ̃ + D)⁻¹ = D⁻¹ − D⁻¹J̃ᵀ S⁻¹ J̃D⁻¹,   S = I + J̃D⁻¹J̃ᵀ,   D = diag(ε)
//	log|det(H + D)| = log|det D| + log|det S|
//
// The Gram matrix J̃J̃ᵀ is summed stage by stage without forming J̃: with the r
// columns of R backpropagated to Δ_k (one row per column and sample, the samples
// of a column together),
//
//	J̃J̃ᵀ = Σ_k (Δ_k Δ_kᵀ) ⊙ (1 1ᵀ ⊗ z̄_{k-1} z̄_{k-1}ᵀ)
//
// It costs (Batch·r)² Σ a_k + (Batch·r)³/3 flops; another ε only the second
// term. A stage of several rows a sample has such a term for each pair of rows, or its
// part of J̃ is formed and multiplied, whichever counts fewer flops. r is the greatest rank of the loss's Hessian in a sample, which for softmax
// is c−1. S is factored by Cholesky for ε > 0, by Bunch–Kaufman otherwise.
//
// Solutions are refined as with every method. The log-determinant has an error of about
// u‖H‖/ε for each of the eigenvalues of S that are 1, Batch·r less the rank of H of
// them: where there are more rows of J̃ than parameters and ε is tiny, Dense has
// the better one.
//
// Only chains of dense stages without second-derivative terms are taken: see
// system.Chain.GaussNewton. The zero value is ready for Analyse. See
// Factorization for the phases, the accuracy and the errors.
//
// Source: the push-through (Woodbury) identity; for networks Y. Ren and D.
// Goldfarb, Efficient subsampled Gauss–Newton and natural gradient methods for
// training neural networks, arXiv:1906.02353 (2019).
type Gram struct {
	invertible
	outputs *outputs.Engine
}

var _ Factorization = (*Gram)(nil)

// ErrNotGaussNewton is returned by Analyse and Update of Gram for a chain whose matrix
// is not of the form J̃ᵀJ̃, or that has stages of another kind than system.DenseStage.
var ErrNotGaussNewton = errors.New("factor: output space needs a Gauss–Newton chain of dense stages with a convex loss")

// Analyse prepares for chains of the shapes of c; see Factorization. It returns
// ErrNotGaussNewton for other chains than Gauss–Newton ones of dense stages, and, since it
// sums the Gram matrix, ErrInterrupted.
func (f *Gram) Analyse(c *system.Chain, opts *Options) error {
	f.Reset()
	if err := f.begin(c, opts); err != nil {
		return err
	}
	if !outputs.Takes(c) {
		return ErrNotGaussNewton
	}
	if err := f.plan("the Gram matrix of the outputs", gramCost(c)); err != nil {
		return err
	}
	f.outputs = outputs.New(c, f.opts.Backend)
	f.outputs.Interrupt = f.opts.Interrupt
	if err := f.take(c); err != nil {
		return err
	}
	f.use(gramEngine{f.outputs})
	return nil
}

// Update takes a new point; see Factorization. It returns ErrNotGaussNewton and
// ErrInterrupted as Analyse does.
func (f *Gram) Update(c *system.Chain) error {
	if err := f.point(c); err != nil {
		return err
	}
	f.failed = f.take(c)
	return f.failed
}

// take sums the Gram matrix.
func (f *Gram) take(c *system.Chain) error {
	switch {
	case !f.outputs.Take(c):
		return ErrNotGaussNewton
	case f.opts.interrupted():
		return ErrInterrupted
	}
	return nil
}

// Reset empties the factorization, options included.
func (f *Gram) Reset() { *f = Gram{} }

// SolveOutputsTo solves (H + εI) x = Jᵀ v for v in output space, of length
// Batch·c: for v the derivative of the loss in the outputs, the right-hand side
// is the gradient. For v in the range of R, as that derivative is for the usual
// losses, it computes
//
//	x = D⁻¹ J̃ᵀ S⁻¹ w,   v = R w
//
// which has no cancellation at small ε, where D⁻¹(g − J̃ᵀ…) has; a part of v
// outside the range is solved for as SolveVecTo does. The backward error is
// measured as for SolveVecTo.
func (f *Gram) SolveOutputsTo(dst *mat.VecDense, v []float64) error {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if len(v) != f.outputs.Outputs() {
		panic(ErrShape)
	}
	sizeVec(dst, f.matrix.n)
	if i := vec.FirstNotFinite(v); i >= 0 {
		return &NotFiniteError{Where: "output vector", Index: i, Value: v[i]}
	}
	job := f.judge.Job(1)
	defer job.Done()
	f.outputs.SolveOutputs(job.X(), job.B(), v)
	o := job.Refine()
	for i, x := range job.X() {
		dst.SetVec(i, x)
	}
	return f.outcome(o, nil)
}

// SolveOutputsRaw is SolveOutputsTo as the factors give it: no refinement, no check. x, of the
// order of H, is overwritten; it panics with ErrShape for other lengths.
func (f *Gram) SolveOutputsRaw(x, v []float64) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if len(x) != f.matrix.n || len(v) != f.outputs.Outputs() {
		panic(ErrShape)
	}
	job := f.judge.Job(1)
	defer job.Done()
	f.outputs.SolveOutputs(x, job.B(), v)
}

// gramCost estimates the flops and bytes of a Gram for the shapes of c, for a loss
// of full rank; Point is the Gram matrix itself. It is beyond any machine where
// a stage is not dense.
func gramCost(c *system.Chain) Cost {
	cost, ok := outputs.CostOf(c)
	if !ok {
		return tooMuch
	}
	return Cost(cost)
}
