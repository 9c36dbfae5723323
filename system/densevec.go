package system

import (
	"costate/la/blas"
	"costate/la/vec"
)

// denseForward computes s = (A y) Wᵀ + [Z, c] Xᵀ and out = J s + T y; y is nil for
// the first stage.
func (p *Product) denseForward(d *DenseStage, x, y, s, out []float64) {
	n, rows := d.Out*d.In, d.BatchRows()
	if d.Bias {
		for r := range rows {
			d.addBias(s[r*d.Out:(r+1)*d.Out], x[n:], r)
		}
	} else {
		clear(s)
	}
	p.gemm(blas.NoTrans, blas.Trans, rows, d.Out, d.In, d.Z, d.In, x[:n], d.In, 1, s, d.Out)
	if y != nil {
		p.gemm(blas.NoTrans, blas.Trans, rows, d.Out, d.In, d.GatherRows(p.rows, y), d.In, d.W, d.In, 1, s, d.Out)
	}
	if d.J.IsZero() {
		copy(out, s)
	} else {
		d.J.MulTo(out, s)
	}
	switch {
	case y == nil:
	case d.Skip:
		for i, v := range y {
			out[i] += v
		}
	case d.Pass != nil:
		d.Pass.J.MulAdd(out, y)
	}
}

// addBias sets dst to the bias b as row r of the batch has it.
func (d *DenseStage) addBias(dst, b []float64, r int) {
	if d.Ones == nil {
		copy(dst, b)
		return
	}
	c := d.one(r)
	for i, v := range b {
		dst[i] = c * v
	}
}

// denseBack turns λ at the outputs into the stage's part of H v and into λ at
// the inputs, prev.
func (p *Product) denseBack(d *DenseStage, h, x, y, s, lambda, prev []float64) {
	nu := p.nu[:len(s)]
	d.toPreActivations(nu, lambda)
	if !d.Q.IsZero() {
		d.Q.MulAdd(nu, s)
	}
	n := d.Out * d.In
	// x is read before h is written: they may be the same slice.
	if y != nil {
		if d.Pass != nil {
			d.Pass.Cross.MulAdd(nu, y)
		}
		p.toInputs(d, nu, lambda, prev, x[:n])
		if d.Pass != nil {
			d.Pass.Cross.MulTransAdd(prev, s)
			d.Pass.Q.MulAdd(prev, y)
		}
	}
	rows := d.BatchRows()
	p.gemm(blas.Trans, blas.NoTrans, d.Out, d.In, rows, nu, d.Out, d.Z, d.In, 0, h[:n], d.In)
	if y != nil && d.Delta != nil {
		p.gemm(blas.Trans, blas.NoTrans, d.Out, d.In, rows, d.Delta, d.Out, d.GatherRows(p.rows, y), d.In, 1, h[:n], d.In)
	}
	if d.Bias {
		d.sumRows(h[n:], nu)
	}
}

// denseForm is the stage's part of vᵀ H v for its outputs' part s of the pre-activations,
//
//	2 Σ_ρ δ_ρᵀ X (A y)_ρ + sᵀQ s     and with a pass     2 sᵀC y + yᵀD y
func (p *Product) denseForm(d *DenseStage, x, y, s []float64) float64 {
	nu := p.nu[:len(s)]
	sum := d.Q.form(nu, s)
	if y == nil {
		return sum
	}
	if d.Delta != nil {
		p.gemm(blas.NoTrans, blas.Trans, d.BatchRows(), d.Out, d.In, d.GatherRows(p.rows, y), d.In, x[:d.Out*d.In], d.In, 0, nu, d.Out)
		sum += 2 * vec.Dot(d.Delta, nu)
	}
	if d.Pass != nil {
		if !d.Pass.Cross.IsZero() {
			d.Pass.Cross.MulTo(nu, y)
			sum += 2 * vec.Dot(nu, s)
		}
		sum += d.Pass.Q.form(p.la, y)
	}
	return sum
}

// denseAdjoint is denseBack without second derivatives: h = (∂u/∂x)ᵀ Jᵀ λ.
func (p *Product) denseAdjoint(d *DenseStage, h, lambda, prev []float64) {
	nu := p.nu[:d.BatchRows()*d.Out]
	d.toPreActivations(nu, lambda)
	p.toInputs(d, nu, lambda, prev, nil)
	n := d.Out * d.In
	p.gemm(blas.Trans, blas.NoTrans, d.Out, d.In, d.BatchRows(), nu, d.Out, d.Z, d.In, 0, h[:n], d.In)
	if d.Bias {
		d.sumRows(h[n:], nu)
	}
}

// toPreActivations computes nu = Jᵀ λ.
func (d *DenseStage) toPreActivations(nu, lambda []float64) {
	if d.J.IsZero() {
		copy(nu, lambda)
	} else {
		d.J.mulTrans(nu, lambda)
	}
}

// toInputs computes prev = Tᵀ λ + Aᵀ (ν W + δ dW), without δ where dw is nil.
func (p *Product) toInputs(d *DenseStage, nu, lambda, prev, dw []float64) {
	if d.Skip {
		copy(prev, lambda)
	} else {
		clear(prev)
		if d.Pass != nil {
			d.Pass.J.MulTransAdd(prev, lambda)
		}
	}
	to := prev
	if d.Gather != nil {
		to = p.rows[:len(d.Z)]
		clear(to)
	}
	rows := d.BatchRows()
	p.gemm(blas.NoTrans, blas.NoTrans, rows, d.In, d.Out, nu, d.Out, d.W, d.In, 1, to, d.In)
	if d.Delta != nil && dw != nil {
		p.gemm(blas.NoTrans, blas.NoTrans, rows, d.In, d.Out, d.Delta, d.Out, dw, d.In, 1, to, d.In)
	}
	if d.Gather != nil {
		d.ScatterAdd(prev, to)
	}
}

// sumRows computes dst[j] = Σ_ρ c_ρ a[ρ][j] over the rows of the batch.
func (d *DenseStage) sumRows(dst, a []float64) {
	clear(dst)
	for r := range d.BatchRows() {
		row := a[r*len(dst):][:len(dst)]
		if d.Ones == nil {
			for j, v := range row {
				dst[j] += v
			}
			continue
		}
		c := d.one(r)
		for j, v := range row {
			dst[j] += c * v
		}
	}
}
