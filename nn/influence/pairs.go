package influence

import (
	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/vec"
	"costate/nn"
)

// PairsTo stores I[t,i] = ∇ℓ_tᵀ(H + εI)⁻¹∇ℓ_i in row t and column i of dst, for the
// loss of each sample t of test and of each training sample i, none of them
// weighted. An empty dst is resized; it panics with factor.ErrShape if another is
// not test.N×N.
//
// Each test sample costs one solve, refined and measured, and one product with the
// Jacobian for all training samples at once; there are no gradients of single
// training samples. Gauss–Newton in output space needs neither:
//
//	I = r_tᵀ [J_t(H + εI)⁻¹J̃ᵀ] ρ_i,   R ρ_i = r_i
//
// with all pairs from one factorization, r being the derivatives of losses in
// outputs and RRᵀ the Hessian of the loss there. One test sample is solved for all
// the same and must agree to eight digits; otherwise all of them are.
func (f *Influence) PairsTo(dst *mat.Dense, test *nn.Batch) error {
	f.check()
	if err := f.size(dst, test); err != nil {
		return err
	}
	if gram, ok := f.solver.Method().(*factor.Gram); ok {
		done, err := f.outputPairs(gram, test, func(t int, row []float64) { copy(dst.RawRowView(t), row) })
		if done || err != nil {
			return err
		}
	}
	n, p := test.N, f.net.NumParams()
	group := f.group(n)
	g := make([]float64, p)
	for from := 0; from < n; from += group {
		if err := f.observe(from, n); err != nil {
			return err
		}
		count := min(group, n-from)
		b := mat.NewDense(p, count, nil)
		for j := range count {
			if err := f.gradientTo(g, test, from+j); err != nil {
				return err
			}
			b.SetCol(j, g)
		}
		if err := f.solve(b); err != nil {
			return err
		}
		for j := range count {
			mat.Col(g, j, b)
			f.pull(dst.RawRowView(from+j), g)
		}
	}
	return f.observe(n, n)
}

// size checks the test set and makes dst fit.
func (f *Influence) size(dst *mat.Dense, test *nn.Batch) error {
	if err := f.net.SampleLosses(make([]float64, test.N), nil, test, &f.ws); err != nil {
		return err
	}
	if dst.IsEmpty() {
		dst.ReuseAs(test.N, f.train.N)
	} else if r, c := dst.Dims(); r != test.N || c != f.train.N {
		panic(factor.ErrShape)
	}
	return nil
}

// pull stores xᵀ∇ℓ_i for all training samples: r_i·(Jx)_i.
func (f *Influence) pull(dst, x []float64) {
	c := f.net.Outputs()
	jx := f.product.Outputs(x)
	for i := range dst {
		dst[i] = vec.Dot(f.outer[i*c:][:c], jx[i*c:][:c])
	}
}

// rangeTolerance is how much of the derivatives of the losses may lie outside of the
// range of the Hessian of the loss, over their norm: rounding.
const rangeTolerance = 1e-10

// agreement is the relative difference that output space may have to refined solves.
const agreement = 1e-8

// outputGroup is how many test samples are taken together in output space: few, so
// that memory is the square of the training outputs at most.
const outputGroup = 128

// outputPairs finds rows of pairs in output space and gives each to keep, which may
// not keep the slice. It does nothing where a derivative of a loss is not in the
// range of its Hessian, as that of a sample of weight 0 is not.
func (f *Influence) outputPairs(gram *factor.Gram, test *nn.Batch, keep func(t int, row []float64)) (done bool, err error) {
	rho := make([]float64, gram.Rank())
	if outside := gram.PreimageTo(rho, f.outer); !(outside <= rangeTolerance*vec.Norm2(f.outer)) {
		return false, nil
	}
	c, n := f.net.Outputs(), f.train.N
	r := make([]float64, test.N*c)
	if err := f.net.SampleLosses(make([]float64, test.N), r, test, &f.ws); err != nil {
		return false, err
	}
	row := make([]float64, n)
	for from := 0; from < test.N; from += outputGroup {
		if err := f.observe(from, test.N); err != nil {
			return false, err
		}
		to := min(from+outputGroup, test.N)
		cross, err := f.cross(gram, test, from, to)
		if err != nil {
			return false, err
		}
		for t := from; t < to; t++ {
			clear(row)
			for o := range c {
				k := cross.RawRowView((t-from)*c + o)
				for at := range rho { // column at/n of R in sample at%n
					row[at%n] += r[t*c+o] * k[at] * rho[at]
				}
			}
			keep(t, row)
		}
	}
	if ok, err := f.agrees(row, test); !ok || err != nil {
		return false, err
	}
	return true, f.observe(test.N, test.N)
}

// cross is J_t(H + εI)⁻¹J̃ᵀ for test samples from..to.
func (f *Influence) cross(gram *factor.Gram, test *nn.Batch, from, to int) (*mat.Dense, error) {
	in, c := f.net.Inputs(), f.net.Targets()
	part := nn.Batch{N: to - from, X: test.X[from*in : to*in]}
	if test.Labels != nil {
		part.Labels = test.Labels[from:to]
	} else {
		part.T = test.T[from*c : to*c]
	}
	var lin nn.Linearization
	if err := f.net.Linearize(&lin, &part); err != nil {
		return nil, err
	}
	cross := new(mat.Dense)
	return cross, gram.CrossTo(cross, lin.Chain.GaussNewton())
}

// agrees compares the row of the last test sample with that of a refined solve.
func (f *Influence) agrees(row []float64, test *nn.Batch) (bool, error) {
	g, want := make([]float64, f.net.NumParams()), make([]float64, len(row))
	if err := f.gradientTo(g, test, test.N-1); err != nil {
		return false, err
	}
	if err := f.OnScalarTo(want, g); err != nil {
		return false, err
	}
	norm := vec.Norm2(want)
	vec.Axpy(want, -1, row)
	return vec.Norm2(want) <= agreement*norm, nil
}

// SelfTo stores the influence of each training sample on its own loss, I[i,i], in
// dst of length N, else it panics with factor.ErrShape. It is at least 0 where
// H + εI is definite, and large for samples that are fitted by themselves, such as
// those with a wrong label.
func (f *Influence) SelfTo(dst []float64) error {
	f.check()
	n, p := f.train.N, f.net.NumParams()
	if len(dst) != n {
		panic(factor.ErrShape)
	}
	if gram, ok := f.solver.Method().(*factor.Gram); ok {
		done, err := f.outputPairs(gram, f.train, func(t int, row []float64) { dst[t] = row[t] })
		if done || err != nil {
			return err
		}
	}
	group := f.group(n)
	g := make([]float64, group*p)
	x := make([]float64, p)
	for from := 0; from < n; from += group {
		if err := f.observe(from, n); err != nil {
			return err
		}
		count := min(group, n-from)
		b := mat.NewDense(p, count, nil)
		for j := range count {
			if err := f.gradientTo(g[j*p:][:p], f.train, from+j); err != nil {
				return err
			}
			b.SetCol(j, g[j*p:][:p])
		}
		if err := f.solve(b); err != nil {
			return err
		}
		for j := range count {
			mat.Col(x, j, b)
			dst[from+j] = vec.Dot(g[j*p:][:p], x)
		}
	}
	return f.observe(n, n)
}

// OnScalarTo stores ∇sᵀ(H + εI)⁻¹∇ℓ_i in dst, of length N, for any scalar s of the
// parameters with the given gradient: −1/N times it is ds/dw_i. It panics with
// factor.ErrShape for other lengths.
func (f *Influence) OnScalarTo(dst, gradient []float64) error {
	f.check()
	if len(dst) != f.train.N || len(gradient) != f.net.NumParams() {
		panic(factor.ErrShape)
	}
	b := mat.NewDense(len(gradient), 1, append([]float64(nil), gradient...))
	if err := f.solve(b); err != nil {
		return err
	}
	f.pull(dst, b.RawMatrix().Data)
	return nil
}

// OnParamsTo stores dθ/dw_i = −(1/N)(H + εI)⁻¹∇ℓ_i in dst, flat: how the trained
// parameters follow the weight of training sample i, from 0. It panics with
// factor.ErrShape for a dst of another length or an i out of range.
func (f *Influence) OnParamsTo(dst []float64, i int) error {
	f.check()
	if len(dst) != f.net.NumParams() || i < 0 || i >= f.train.N {
		panic(factor.ErrShape)
	}
	if err := f.gradientTo(dst, f.train, i); err != nil {
		return err
	}
	b := mat.NewDense(len(dst), 1, dst)
	if err := f.solve(b); err != nil {
		return err
	}
	vec.Scale(dst, -1/float64(f.train.N), dst)
	return nil
}
