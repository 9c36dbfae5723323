// Package sweep eliminates a chain stage by stage, in orthogonally compressed
// parameters. With V(y) = ½ yᵀPy − pᵀy the value left after the later stages, a
// backward sweep over the stages computes
//
//	P_s = JᵀPJ + Q
//	S   = εI + (U⊗I)ᵀ P_s (U⊗I)                      pivot block
//	K   = (U⊗I)ᵀ P_s (I⊗W) + C                       C from δ and Q₁
//	P  ← (I⊗W)ᵀ P_s (I⊗W) − Kᵀ S⁻¹ K − (1/ε) δδᵀ⊗Π   Π = I − Q₁Q₁ᵀ
//
// where z̄ = [Z, 1] = U Q₁ᵀ splits the parameters of a dense stage into
// X = X_r Q₁ᵀ + X_⊥, of which only X_r reaches the states. Where the rows of z̄ are
// gathered from the inputs, by A, they are [A z, c], and I⊗W is (I⊗W)A; what else a
// stage may take from its inputs is in passing.go. A solve is the same
// sweep over vectors, and a forward sweep that reads the solution back.
//
// The products with U and W take the time that P takes to come from memory, so P is passed
// over twice: by rows, which are scaled, measured and multiplied by U⊗I, and by samples,
// which give K and the next P. Each part stays in the cache until all has been done with
// it.
//
// An Engine factors what it is told and says what it met; it neither shifts nor
// refines.
//
// Sources: A. Rahimi, The Hessian of tall-skinny networks is easy to invert,
// arXiv:2601.06096 (2026), for the augmented system; J. C. Dunn and D. P.
// Bertsekas, Efficient dynamic programming implementations of Newton's method
// for unconstrained optimal control problems, JOTA 63 (1989), for the sweeps.
package sweep
