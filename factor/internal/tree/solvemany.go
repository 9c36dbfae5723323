package tree

import (
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// solveMany overwrites the nr columns of z with L⁻ᵀ D⁻¹ L⁻¹ z.
func (e *Engine) solveMany(w *solveSpace, nr int) {
	for k := range e.fronts {
		e.forward(w, &e.fronts[k], e.tree.Rows[k], nr)
	}
	for k := len(e.fronts) - 1; k >= 0; k-- {
		e.backward(w, &e.fronts[k], e.tree.Rows[k], nr)
	}
}

// forward computes t = L11⁻¹ z for the front's columns, and z −= L t below.
func (e *Engine) forward(w *solveSpace, f *front, rows []int32, nr int) {
	p, ne, z := int(f.p), int(f.ne), w.z
	if ne == 0 {
		return
	}
	t := w.gather(f.cols[:ne], nr)
	if ne > 1 {
		e.serial.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, ne, nr, 1, f.w, p, t, nr)
	}
	for i, c := range f.cols[:ne] {
		copy(z[int(c)*nr:int(c)*nr+nr], t[i*nr:])
	}
	m := p - ne + len(rows)
	if m == 0 {
		return
	}
	if ne <= loops {
		vec.Scale(t, -1, t)
		for i, c := range f.cols[ne:p] {
			vec.Combine(z[int(c)*nr:int(c)*nr+nr], f.w[(ne+i)*p:(ne+i)*p+ne], t, nr)
		}
		at := p * p
		for _, r := range rows {
			vec.Combine(z[int(r)*nr:int(r)*nr+nr], f.w[at:at+ne], t, nr)
			at += p
		}
		return
	}
	w.down = space.Resize(w.down, m*nr)
	down := w.down
	e.serial.Gemm(blas.NoTrans, blas.NoTrans, m, nr, ne, -1, f.w[ne*p:], p, t, nr, 0, down, nr)
	for i, c := range f.cols[ne:p] {
		add(z[int(c)*nr:int(c)*nr+nr], down[i*nr:(i+1)*nr])
	}
	down = down[(p-ne)*nr:]
	for i, r := range rows {
		add(z[int(r)*nr:int(r)*nr+nr], down[i*nr:(i+1)*nr])
	}
}

// backward computes z = L11⁻ᵀ (D⁻¹ z − Lᵀ z below).
func (e *Engine) backward(w *solveSpace, f *front, rows []int32, nr int) {
	p, ne, z := int(f.p), int(f.ne), w.z
	if ne == 0 {
		return
	}
	t := w.gather(f.cols[:ne], nr)
	f.divide(t, nr)
	if m := p - ne + len(rows); m > 0 {
		w.down = space.Resize(w.down, m*nr)
		down := w.down
		for i, c := range f.cols[ne:p] {
			copy(down[i*nr:(i+1)*nr], z[int(c)*nr:])
		}
		low := down[(p-ne)*nr:]
		for i, r := range rows {
			copy(low[i*nr:(i+1)*nr], z[int(r)*nr:])
		}
		e.serial.Gemm(blas.Trans, blas.NoTrans, ne, nr, m, -1, f.w[ne*p:], p, down, nr, 1, t, nr)
	}
	if ne > 1 {
		e.serial.Trsm(blas.Left, blas.Lower, blas.Trans, blas.Unit, ne, nr, 1, f.w, p, t, nr)
	}
	for i, c := range f.cols[:ne] {
		copy(z[int(c)*nr:int(c)*nr+nr], t[i*nr:])
	}
}

// gather copies the rows of z at the positions given to t.
func (w *solveSpace) gather(at []int32, nr int) []float64 {
	w.t = space.Resize(w.t, len(at)*nr)
	for i, c := range at {
		copy(w.t[i*nr:(i+1)*nr], w.z[int(c)*nr:])
	}
	return w.t
}
