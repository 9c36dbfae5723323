package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/outputs"
	"costate/la/vec"
	"costate/system"
)

// gramEngine is the engine of output space as an inverseEngine.
type gramEngine struct{ *outputs.Engine }

func (e gramEngine) InverseBytes() int64 { return e.InverseDiagBytes() }

// Definite: J̃ᵀJ̃ is positive semidefinite whatever J̃ is, and D positive.
func (e gramEngine) Definite() bool { return e.Positive() }

// Rank is the number q of rows of J̃: samples times the greatest rank of the loss's
// Hessian in a sample.
func (f *Gram) Rank() int {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	return f.outputs.Width()
}

// PartTo writes the Gram matrix J̃_p J̃_pᵀ, of order Rank, of a part of the parameters
// into dst: in a stage, counted from 0, the weights of the numbers from ≤ i < to of a row
// of its input, and with bias the biases. The parts of all stages add up to J̃J̃ᵀ. It needs Analyse only.
// An empty dst is resized.
func (f *Gram) PartTo(dst *mat.SymDense, stage, from, to int, bias bool) {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	if stage < 0 || stage >= len(f.matrix.eps) {
		panic(ErrShape)
	}
	d := f.matrix.chain.Stages[stage].(*system.DenseStage)
	if from < 0 || from > to || to > d.In || bias && !d.Bias {
		panic(ErrShape)
	}
	f.outputs.Part(sizeSym(dst, f.Rank()), stage, from, to, bias)
}

// StageTracesTo writes the traces of the diagonal blocks of (H + D)⁻¹, of p_k parameters
// each; see Inverter. With K_k the share of stage k in J̃D⁻¹J̃ᵀ,
//
//	tr_k = (p_k − ⟨S⁻¹, K_k⟩)/ε_k
//
// in the flops of the Gram matrix besides S⁻¹. Since S = I + ΣK_k, the sum of these products and of the
// trace of S⁻¹ is q: what it is off by is the error that is measured.
func (f *Gram) StageTracesTo(dst []float64) ([]float64, error) {
	if _, err := f.invert(); err != nil {
		return nil, err
	}
	dst = sizedDiagonal(dst, len(f.matrix.eps))
	q := f.Rank()
	inner := make([]float64, q*q)
	f.outputs.InnerInverse(inner)
	part := make([]float64, q*q)
	sum := 0.0
	for i := range q {
		sum += inner[i*q+i]
	}
	least := math.Inf(1) // what is left of p_k after the subtraction
	for k, e := range f.matrix.eps {
		d := f.matrix.chain.Stages[k].(*system.DenseStage)
		f.outputs.Part(part, k, 0, d.In, d.Bias)
		gamma := vec.Dot(inner, part) / e
		sum += gamma
		p := float64(d.Params())
		least = min(least, math.Abs(p-gamma))
		dst[k] = (p - gamma) / e
	}
	if err := f.inexact(math.Abs(sum-float64(q)) / least); err != nil {
		return nil, err
	}
	return dst, nil
}

// Normals is the number of parameters and Rank together; see SampleTo.
func (f *Gram) Normals() int { return f.SymmetricDim() + f.Rank() }

// SampleTo writes a sample of N(0, (H + D)⁻¹); see Inverter. From standard normal
// numbers z₁, one a parameter, and z₂, one a row of J̃, it solves
//
//	(J̃ᵀJ̃ + D) x = D^½ z₁ + J̃ᵀ z₂
//
// whose right-hand side has the covariance J̃ᵀJ̃ + D. The solution is refined, and an
// *AccuracyError returned, as by SolveVecTo.
//
// Source: A. Bhattacharya, A. Chakraborty and B. K. Mallick, Fast sampling with
// Gaussian scale mixture priors in high-dimensional regression, Biometrika 103 (2016).
func (f *Gram) SampleTo(dst *mat.VecDense, normals []float64) error {
	if err := f.definite(); err != nil {
		return err
	}
	if !f.outputs.Positive() { // definite all the same, but D has no root
		return &IndefiniteError{f.Inertia()}
	}
	n := f.matrix.n
	if len(normals) != f.Normals() {
		panic(ErrShape)
	}
	if i := vec.FirstNotFinite(normals); i >= 0 {
		return &NotFiniteError{Where: "standard normal numbers", Index: i, Value: normals[i]}
	}
	v := make([]float64, f.outputs.Outputs())
	f.outputs.Scale(v, normals[n:])
	b := make([]float64, n)
	w := f.matrix.lend()
	w.product.TransOutputs(b, v)
	f.matrix.pool.Put(w)
	for k, e := range f.matrix.eps {
		root := math.Sqrt(e)
		for i := f.matrix.offsets[k]; i < f.matrix.offsets[k+1]; i++ {
			b[i] += root * normals[i]
		}
	}
	return f.SolveVecTo(dst, mat.NewVecDense(n, b))
}

// rows backpropagates the outputs of test, which has the stages of the chain analysed
// and any number of samples, and writes their products with the rows of J̃.
func (f *Gram) rows(test *system.Chain) (r *outputs.Rows, cross []float64, err error) {
	if _, err := f.invert(); err != nil {
		return nil, nil, err
	}
	f.sameChain(test)
	if err := test.Check(); err != nil {
		return nil, nil, err
	}
	bytes := f.outputs.RowsBytes(test) + 16*int64(test.Loss.Batch*test.Loss.Rows)*int64(f.Rank())
	if free := f.opts.MemoryLimit - f.planned.Bytes; bytes > free {
		return nil, nil, &MemoryError{Needed: bytes + f.planned.Bytes, Limit: f.opts.MemoryLimit, What: "the covariances of test and training outputs", Instead: "fewer test samples at a time need less"}
	}
	r = f.outputs.RowsOf(test)
	cross = make([]float64, r.Batch*r.Width*f.Rank())
	f.outputs.Cross(cross, r)
	return r, cross, nil
}

// CrossTo writes J' (H + D)⁻¹ J̃ᵀ into dst for the Jacobian J' of the outputs of test,
// a chain of the same stages on other samples at the same parameters: what test
// outputs have to do with training outputs. Row n·c+i of dst is output i of sample n;
// column j·B+m is column j of the root R of the loss's Hessian in sample m of B, see
// PreimageTo. It has no cancellation: it is J'D⁻¹J̃ᵀ S⁻¹. An empty dst is resized.
func (f *Gram) CrossTo(dst *mat.Dense, test *system.Chain) error {
	r, cross, err := f.rows(test)
	if err != nil {
		return err
	}
	q, c := f.Rank(), r.Width
	f.outputs.Inner(cross, r.Batch*c)
	sizeDense(dst, r.Batch*c, q)
	raw := dst.RawMatrix()
	for i := range r.Batch * c {
		copy(raw.Data[(i%r.Batch*c+i/r.Batch)*raw.Stride:][:q], cross[i*q:(i+1)*q])
	}
	return nil
}

// PreimageTo finds w, of length Rank, with R w = v for v in output space, where R Rᵀ is
// the Hessian of the loss in the outputs, sample by sample: Jᵀv = J̃ᵀw. What of v is
// outside of the range of R is left out; its norm is returned.
func (f *Gram) PreimageTo(w, v []float64) (outside float64) {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	if len(w) != f.Rank() || len(v) != f.outputs.Outputs() {
		panic(ErrShape)
	}
	rest := append([]float64(nil), v...)
	f.outputs.Preimage(w, rest)
	return vec.Norm2(rest)
}

// TestCovTo writes the covariance of the outputs of each sample of test (see CrossTo)
// into dst, a c×c block a sample: the diagonal blocks of
//
//	J'(H + D)⁻¹J'ᵀ = J'D⁻¹J'ᵀ − (J'D⁻¹J̃ᵀ) S⁻¹ (J'D⁻¹J̃ᵀ)ᵀ
//
// Where the subtraction would leave less than eight digits, as it does for a small ε
// at the training samples themselves, it solves for those samples instead, with an
// error bounded by the product of the norms of solution and residual; that is an
// *InverseError if it leaves less than eight digits, too.
func (f *Gram) TestCovTo(dst []float64, test *system.Chain) error {
	r, cross, err := f.rows(test)
	if err != nil {
		return err
	}
	q, c := f.Rank(), r.Width
	if len(dst) != r.Batch*c*c {
		panic(ErrShape)
	}
	f.outputs.Own(dst, r)
	w := f.outputs.Reduce(cross, r.Batch*c)
	var product *system.Product
	for n := range r.Batch {
		block, good := dst[n*c*c:(n+1)*c*c], true
		for i := range c {
			prior := block[i*c+i]
			for j := range i + 1 {
				v := block[i*c+j] - vec.Dot(cross[(i*r.Batch+n)*q:][:q], w[(j*r.Batch+n)*q:][:q])
				block[i*c+j], block[j*c+i] = v, v
			}
			good = good && math.Abs(block[i*c+i])*inverseTolerance >= math.Sqrt(float64(q))*0x1p-52*math.Abs(prior)
		}
		if good {
			continue
		}
		if product == nil {
			product = system.NewProduct(test, f.opts.Backend)
		}
		if err := f.solvedCov(block, product, n, r.Batch, c); err != nil {
			return err
		}
	}
	return nil
}

// solvedCov computes the covariance of the outputs of sample n of a test chain by
// refined solves: with (H + D)x_i = b_i − r_i the element b_iᵀ(H + D)⁻¹b_j is
// b_iᵀx_j + x_iᵀr_j but for the product of two errors.
func (f *Gram) solvedCov(block []float64, product *system.Product, n, batch, c int) error {
	order := f.matrix.n
	job := f.judge.Job(c)
	defer job.Done()
	unit := make([]float64, batch*c)
	for i := range c {
		unit[n*c+i] = 1
		product.TransOutputs(job.B()[i*order:(i+1)*order], unit)
		unit[n*c+i] = 0
	}
	job.Solve()
	res := make([]float64, order)
	worst, least := 0.0, math.Inf(1)
	for j := range c {
		b, x := job.B()[j*order:(j+1)*order], job.X()[j*order:(j+1)*order]
		f.matrix.ResidualTo(res, b, x)
		for i := range c {
			bi, xi := job.B()[i*order:(i+1)*order], job.X()[i*order:(i+1)*order]
			block[i*c+j] = vec.Dot(bi, x) + vec.Dot(xi, res)
			worst = max(worst, vec.Norm2(xi)*vec.Norm2(res))
		}
		least = min(least, math.Abs(block[j*c+j]))
	}
	for i := range c {
		for j := range i {
			v := (block[i*c+j] + block[j*c+i]) / 2
			block[i*c+j], block[j*c+i] = v, v
		}
	}
	if least == 0 && worst == 0 { // the outputs do not depend on any parameter
		return nil
	}
	return f.inexact(worst / least)
}
