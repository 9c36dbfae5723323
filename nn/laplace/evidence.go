package laplace

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
)

// parts are the determinant in output space: the Gram matrices G_k of the groups,
// J̃J̃ᵀ = Σ G_k for the mean loss, with K_k = κ G_k/λ_k and S = I + Σ K_k.
type parts struct {
	backend blas.Backend
	q       int
	g       [][]float64 // q×q each
	s       []float64   // q×q: S = I + Σ K_k, then L of LLᵀ
	b       [][]float64 // q×q each: L⁻¹K_kL⁻ᵀ
}

func newParts(f *factor.Gram, p *prior, backend blas.Backend) *parts {
	e := &parts{backend: backend, q: f.Rank()}
	size := e.q * e.q
	e.s = make([]float64, size)
	var one mat.SymDense
	for _, g := range p.groups {
		sum := make([]float64, size)
		for i, q := range g.parts {
			to := &one
			if i == 0 {
				to = mat.NewSymDense(e.q, sum)
			}
			f.PartTo(to, q.stage, q.from, q.to, q.bias)
			if i == 0 {
				continue
			}
			vec.Axpy(sum, 1, one.RawSymmetric().Data)
		}
		e.g = append(e.g, sum)
	}
	return e
}

func (e *parts) own() determinant {
	p := *e
	p.s, p.b = make([]float64, len(e.s)), nil
	return &p
}

// errNotFinite is the error of an evidence beyond the numbers.
var errNotFinite = errors.New("laplace: the evidence is not finite; the precisions or the noise are too small or too large for this network")

// logDet factors S = I + κ Σ G_k/λ_k and returns its log-determinant.
func (e *parts) logDet(lambda []float64, kappa float64) (float64, error) {
	q := e.q
	clear(e.s)
	for k, g := range e.g {
		for i := range q {
			vec.Axpy(e.s[i*q:i*q+i+1], kappa/lambda[k], g[i*q:])
		}
	}
	for i := range q {
		e.s[i*q+i]++
	}
	if !e.backend.Potrf(q, e.s, q) {
		return 0, errNotFinite
	}
	return logDetOf(e.s, q)
}

// derivatives returns, after logDet, γ_k = ⟨S⁻¹, K_k⟩ and tr S⁻¹K_kS⁻¹K_l, as trace
// and products of the symmetric L⁻¹K_kL⁻ᵀ: 2q³ flops a group.
func (e *parts) derivatives(lambda []float64, kappa float64) (gamma []float64, cross *mat.SymDense) {
	q, n := e.q, len(e.g)
	gamma, cross = make([]float64, n), mat.NewSymDense(n, nil)
	for len(e.b) < n {
		e.b = append(e.b, make([]float64, q*q))
	}
	for k, g := range e.g {
		b := e.b[k]
		vec.Scale(b, kappa/lambda[k], g)
		e.backend.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.NonUnit, q, q, 1, e.s, q, b, q)
		e.backend.Trsm(blas.Right, blas.Lower, blas.Trans, blas.NonUnit, q, q, 1, e.s, q, b, q)
		for i := range q {
			gamma[k] += b[i*q+i]
		}
		for l := range k + 1 {
			cross.SetSym(k, l, vec.Dot(b, e.b[l]))
		}
	}
	return gamma, cross
}

// scatters are ‖w − w₀‖² by groups.
func (l *Laplace) scatters() []float64 {
	w := l.net.Params()
	s := make([]float64, len(l.prior.groups))
	for i, v := range w {
		if l.PriorMean != nil {
			v -= l.PriorMean[i]
		}
		s[l.prior.of[i]] += v * v
	}
	return s
}

// LogMarginal returns the log evidence, log p(targets) with the parameters integrated
// out in Laplace's approximation:
//
//	log p(targets | w*) − ½ Σ_k λ_k‖w*_k − w0_k‖² − ½ log det(I + Λ⁻¹ Σ H_n)
//
// It is that of laplace-torch. For the likelihood of the losses see Fit.
func (l *Laplace) LogMarginal() (float64, error) {
	l.need()
	if l.det != nil {
		p := l.det.own()
		logDet, err := p.logDet(l.lambda, l.kappa)
		if err != nil {
			return math.NaN(), err
		}
		return l.evidence(logDet, l.lambda, l.sigma(), l.scatters()), nil
	}
	logDet, sign := l.f.LogDet()
	if sign <= 0 || logDet-logDet != 0 {
		return math.NaN(), errNotFinite
	}
	// det(H + Λ/κ) over det(Λ/κ), in the variables of the factorization.
	for k, s := range l.chain.Stages {
		logDet -= float64(s.Params()) * math.Log(l.scaled.ref[k]/l.kappa)
	}
	return l.evidence(logDet, l.lambda, l.sigma(), l.scatters()), nil
}

// evidence is the log evidence for a log-determinant.
func (l *Laplace) evidence(logDet float64, lambda []float64, sigma float64, scatters []float64) float64 {
	v := -l.like.negLog(l.lin.Loss, sigma) - logDet/2
	for k, s := range scatters {
		v -= lambda[k] * s / 2
	}
	return v
}

// EffectiveParamsTo writes the effective number of parameters of each group into dst,
// γ_k = p_k − λ_k tr_k Σ: how many the data determine. dst has the length of
// GroupNames, or is nil; it is returned. Errors are those of factor's inverses.
func (l *Laplace) EffectiveParamsTo(dst []float64) ([]float64, error) {
	l.need()
	dst = l.sized(dst, len(l.prior.groups))
	if l.det != nil {
		p := l.det.own()
		if _, err := p.logDet(l.lambda, l.kappa); err != nil {
			return nil, err
		}
		gamma, _ := p.derivatives(l.lambda, l.kappa)
		copy(dst, gamma)
		return dst, nil
	}
	variances, err := l.VarianceTo(nil)
	if err != nil {
		return nil, err
	}
	clear(dst)
	for i, v := range variances {
		g := l.prior.of[i]
		dst[g] += 1 - l.lambda[g]*v
	}
	return dst, nil
}

// GradientTo writes the derivatives of the log evidence at fixed parameters in the
// logarithms of the prior precisions, and last, where there is a noise, in log 1/σ²:
//
//	½(γ_k − λ_k‖w_k − w0_k‖²),   ½(count − SSE/σ²T − Σγ_k)
//
// dst has that length, or is nil; it is returned. Errors are those of
// EffectiveParamsTo.
func (l *Laplace) GradientTo(dst []float64) ([]float64, error) {
	l.need()
	n := len(l.prior.groups)
	if l.like.noise {
		n++
	}
	dst = l.sized(dst, n)
	gamma, err := l.EffectiveParamsTo(nil)
	if err != nil {
		return nil, err
	}
	l.slopes(dst, gamma, l.lambda, l.kappa, l.scatters())
	return dst, nil
}

// slopes is GradientTo from effective parameters.
func (l *Laplace) slopes(dst, gamma, lambda []float64, kappa float64, scatters []float64) {
	sum := 0.0
	for k, g := range gamma {
		dst[k] = (g - lambda[k]*scatters[k]) / 2
		sum += g
	}
	if l.like.noise {
		dst[len(gamma)] = (l.like.count - 2*kappa*l.lin.Loss - sum) / 2
	}
}

// sized is dst, or a new slice of length n for nil.
func (l *Laplace) sized(dst []float64, n int) []float64 {
	if dst == nil {
		return make([]float64, n)
	}
	if len(dst) != n {
		panic(ErrShape)
	}
	return dst
}
