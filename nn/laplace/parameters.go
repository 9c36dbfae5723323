package laplace

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
)

// A determinant is what the evidence is made of: the log-determinant for precisions, and
// after it its derivatives, in output space or in that of the parameters.
type determinant interface {
	// logDet is log det(I + κ Λ^-½ H Λ^-½) for the mean loss's H.
	logDet(lambda []float64, kappa float64) (float64, error)
	// derivatives returns, after logDet with the same arguments, the effective parameters
	// γ_k and tr S⁻¹K_kS⁻¹K_l; see parts.
	derivatives(lambda []float64, kappa float64) (gamma []float64, cross *mat.SymDense)
	// own is the same with workspace of its own, for what several goroutines may call.
	own() determinant
}

// parameters are the determinant in the space of the parameters, for fewer of them than
// there are rows of J̃. With M = I + κ Λ^-½ H Λ^-½, of order P,
//
//	log det S = log det M,   γ_k = Σ_i (1 − M⁻¹_ii),   tr S⁻¹K_kS⁻¹K_l = Σ_ij (δ_ij − M⁻¹_ij)²
//
// for the parameters i of group k and j of group l, by the push-through identity
// J̄ᵀ(I + J̄J̄ᵀ)⁻¹J̄ = I − (I + J̄ᵀJ̄)⁻¹. It takes P³/3 flops, and 2P³ for the derivatives,
// however many groups there are.
type parameters struct {
	backend blas.Backend
	prior   *prior
	n       int
	h       []float64 // n×n
	m       []float64 // n×n: M, then L of LLᵀ, then L⁻¹
	z       []float64 // n×n: M⁻¹, made when it is needed
	root    []float64 // √(κ/λ) by parameter
}

func newParameters(f *factor.Dense, p *prior, backend blas.Backend) *parameters {
	e := &parameters{backend: backend, prior: p, n: len(p.of)}
	e.h = make([]float64, e.n*e.n)
	f.MatrixTo(mat.NewSymDense(e.n, e.h))
	e.m, e.root = make([]float64, len(e.h)), make([]float64, e.n)
	return e
}

func (e *parameters) own() determinant {
	p := *e
	p.m, p.z, p.root = make([]float64, len(e.m)), nil, make([]float64, e.n)
	return &p
}

func (e *parameters) logDet(lambda []float64, kappa float64) (float64, error) {
	n := e.n
	for i, g := range e.prior.of {
		e.root[i] = math.Sqrt(kappa / lambda[g])
	}
	for i, f := range e.root {
		row := e.m[i*n : i*n+i+1]
		for j, v := range e.h[i*n : i*n+i+1] {
			row[j] = f * e.root[j] * v
		}
		row[i]++
	}
	if !e.backend.Potrf(n, e.m, n) {
		return 0, errNotFinite
	}
	return logDetOf(e.m, n)
}

func (e *parameters) derivatives([]float64, float64) (gamma []float64, cross *mat.SymDense) {
	n, groups := e.n, len(e.prior.groups)
	if e.z == nil {
		e.z = make([]float64, n*n)
	}
	// M⁻¹ = L⁻ᵀL⁻¹.
	clear(e.z)
	for i := range n {
		e.z[i*n+i] = 1
	}
	e.backend.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.NonUnit, n, n, 1, e.m, n, e.z, n)
	e.m, e.z = e.z, e.m
	e.backend.Syrk(blas.Lower, blas.Trans, n, n, 1, e.m, n, 0, e.z, n)
	gamma, cross = make([]float64, groups), mat.NewSymDense(groups, nil)
	sums := make([]float64, groups*groups)
	for i, k := range e.prior.of {
		row := e.z[i*n : i*n+i]
		for j, v := range row {
			sums[k*groups+e.prior.of[j]] += v * v
		}
		d := 1 - e.z[i*n+i]
		gamma[k] += d
		cross.SetSym(k, k, cross.At(k, k)+d*d)
	}
	for k := range groups {
		for l := range k + 1 { // (i, j) and (j, i) were met once
			cross.SetSym(k, l, cross.At(k, l)+sums[k*groups+l]+sums[l*groups+k])
		}
	}
	return gamma, cross
}

// inParameters reports whether the space of n parameters counts fewer flops than that of
// q outputs, for an evidence with so many groups at its maximum, which takes some steps:
//
//	outputs      q³/3 + 2q³ a group           parameters   P³/3 + 2P³
//
// a step, and once q²P/a for widths a and P²q for the matrix.
func inParameters(n, q, groups int) bool {
	const steps = 6
	p, r := float64(n), float64(q)
	return steps*p*p*p*7/3+p*p*r < steps*r*r*r*(1./3+2*float64(groups))
}

// logDetOf is the log-determinant of LLᵀ.
func logDetOf(l []float64, n int) (float64, error) {
	sum := 0.0
	for i := range n {
		sum += 2 * math.Log(l[i*n+i])
	}
	if sum-sum != 0 {
		return 0, errNotFinite
	}
	return sum, nil
}
