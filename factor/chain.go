package factor

import (
	"costate/factor/internal/sweep"
	"costate/system"
)

// Chain factors H + εI for the matrix H of a chain the structured way: block
// LDLᵀ of the augmented system with one pivot block a stage, in orthogonally
// compressed parameters. Per dense stage z̄ = [Z, 1] = U Q₁ᵀ splits the
// parameters into X = X_r Q₁ᵀ + X_⊥; only X_r reaches the states, and X_⊥ is
// eliminated in closed form, so no matrix is of the order of the parameters. (A stage
// of several rows a sample, or with a Pass, has more terms: see MATH.md, section 3.)
// With V(y) = ½ yᵀPy − pᵀy the value left after the later stages, a backward
// sweep over the stages computes
//
//	P_s = JᵀPJ + Q
//	S   = εI + (U⊗I)ᵀ P_s (U⊗I)                      pivot block: LDLᵀ, Bunch–Kaufman
//	K   = (U⊗I)ᵀ P_s (I⊗W) + C                       C from δ and Q₁
//	P  ← (I⊗W)ᵀ P_s (I⊗W) − Kᵀ S⁻¹ K − (1/ε) δδᵀ⊗Π   Π = I − Q₁Q₁ᵀ
//
// and a forward sweep reads the solution back. With N numbers in a stage's
// states and at most as many samples as inputs an inner stage costs 7/3 N³
// flops, whatever the number of parameters: linear in the depth. Another ε
// redoes the sweep; another right-hand side costs one triangular solve and one
// product per stage. For stages of R rows a sample, N is Batch·R times the units:
// images and sequences are for small batches.
//
// A Gauss–Newton chain with ε > 0 has definite pivot blocks, which are factored
// by Cholesky.
//
// The zero value is ready for Analyse. See Factorization for the phases, the
// accuracy and the errors.
//
// Sources: A. Rahimi, The Hessian of tall-skinny networks is easy to invert,
// arXiv:2601.06096 (2026), for the augmented system; J. C. Dunn and D. P.
// Bertsekas, Efficient dynamic programming implementations of Newton's method
// for unconstrained optimal control problems, JOTA 63 (1989), for the sweeps;
// N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002),
// chapter 11, for the pivoting.
type Chain struct {
	invertible
	sweep *sweep.Engine
}

var _ Factorization = (*Chain)(nil)

// Analyse prepares for chains of the shapes of c; see Factorization.
func (f *Chain) Analyse(c *system.Chain, opts *Options) error {
	f.Reset()
	if err := f.begin(c, opts); err != nil {
		return err
	}
	if err := f.plan("the factorization of the chain", chainCost(c)); err != nil {
		return err
	}
	f.sweep = sweep.New(c, f.opts.Backend)
	f.sweep.Interrupt = f.opts.Interrupt
	f.use(chainEngine{f.sweep})
	return nil
}

// Update takes a new point; see Factorization.
func (f *Chain) Update(c *system.Chain) error {
	f.moveTo(c)
	f.failed = f.sweep.Check(c)
	return f.failed
}

// Reset empties the factorization, options included.
func (f *Chain) Reset() { *f = Chain{} }

// chainCost estimates the flops and bytes of a Chain for the shapes of c, from
// the shapes alone.
func chainCost(c *system.Chain) Cost { return Cost(sweep.CostOf(c)) }
