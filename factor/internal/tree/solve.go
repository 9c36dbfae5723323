package tree

import (
	"costate/factor/internal/space"
	"costate/la/blas"
)

// solveSpace is the workspace of one solve, for nr right-hand sides side by side.
type solveSpace struct {
	z    []float64 // n×nr by positions
	t    []float64 // p×nr
	down []float64 // q×nr
}

// block is the number of right-hand sides that are solved for together: their
// part of a front stays in the cache.
const block = 16

// Solve overwrites each of the nrhs rows of x with (A + shift·I)⁻¹ times it.
// Unknowns with a zero pivot become zero.
func (e *Engine) Solve(x []float64, nrhs int) {
	w := e.pool.Get()
	defer e.pool.Put(w)
	for j := 0; j < nrhs; j += block {
		nr := min(block, nrhs-j)
		e.solve(w, x[j*e.n:(j+nr)*e.n], nr)
	}
}

func (e *Engine) solve(w *solveSpace, x []float64, nr int) {
	n := e.n
	w.z = space.Resize(w.z, n*nr)
	z := w.z
	for i, from := range e.tree.Perm {
		s := 1.0
		if e.scale != nil {
			s = e.scale[from]
		}
		for j := range nr {
			z[i*nr+j] = s * x[j*n+from]
		}
	}
	for k := range e.fronts {
		e.forward(w, &e.fronts[k], nr)
	}
	for k := len(e.fronts) - 1; k >= 0; k-- {
		e.backward(w, &e.fronts[k], nr)
	}
	for i, to := range e.tree.Perm {
		s := 1.0
		if e.scale != nil {
			s = e.scale[to]
		}
		for j := range nr {
			x[j*n+to] = s * z[i*nr+j]
		}
	}
}

// forward computes t = L11⁻¹ z for the front's columns, and z −= L31 t below.
func (e *Engine) forward(w *solveSpace, f *front, nr int) {
	if f.ne == 0 {
		return
	}
	t := e.gather(w, f.elim, nr)
	if f.ne > 1 {
		e.backend.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, f.ne, nr, 1, f.w, f.p, t, nr)
	}
	if q := len(f.down); q > 0 {
		w.down = space.Resize(w.down, q*nr)
		d := w.down
		e.mul(blas.NoTrans, q, f.ne, nr, 1, f.w[f.ne*f.p:], f.p, t, 0, d)
		scatterSub(w.z, d, f.down, nr)
	}
	scatter(w.z, t, f.elim, nr)
}

// backward computes z = L11⁻ᵀ (D⁻¹ z − L31ᵀ z below).
func (e *Engine) backward(w *solveSpace, f *front, nr int) {
	if f.ne == 0 {
		return
	}
	t := e.gather(w, f.elim, nr)
	f.divide(t, nr)
	if q := len(f.down); q > 0 {
		w.down = space.Resize(w.down, q*nr)
		d := w.down
		if nr == 1 {
			for i, at := range f.down {
				d[i] = w.z[at]
			}
		} else {
			for i, at := range f.down {
				copy(d[i*nr:(i+1)*nr], w.z[int(at)*nr:])
			}
		}
		e.mul(blas.Trans, q, f.ne, nr, -1, f.w[f.ne*f.p:], f.p, d, 1, t)
	}
	if f.ne > 1 {
		e.backend.Trsm(blas.Left, blas.Lower, blas.Trans, blas.Unit, f.ne, nr, 1, f.w, f.p, t, nr)
	}
	scatter(w.z, t, f.elim, nr)
}

// gather copies the rows of z at the positions given.
func (e *Engine) gather(w *solveSpace, at []int32, nr int) []float64 {
	w.t = space.Resize(w.t, len(at)*nr)
	if nr == 1 {
		for i, p := range at {
			w.t[i] = w.z[p]
		}
		return w.t
	}
	for i, p := range at {
		copy(w.t[i*nr:(i+1)*nr], w.z[int(p)*nr:])
	}
	return w.t
}

func scatter(z, t []float64, at []int32, nr int) {
	if nr == 1 {
		for i, p := range at {
			z[p] = t[i]
		}
		return
	}
	for i, p := range at {
		copy(z[int(p)*nr:], t[i*nr:(i+1)*nr])
	}
}

func scatterSub(z, d []float64, at []int32, nr int) {
	for i, p := range at {
		row := z[int(p)*nr:][:nr]
		for j, v := range d[i*nr : (i+1)*nr] {
			row[j] -= v
		}
	}
}

// divide computes t = D⁻¹ t; zero pivots give zero.
func (f *front) divide(t []float64, nr int) {
	for i := 0; i < f.ne; i++ {
		d := f.w[i*f.p+i]
		row := t[i*nr : (i+1)*nr]
		if f.e[i] == 0 {
			if d == 0 {
				clear(row)
				continue
			}
			for j := range row {
				row[j] /= d
			}
			continue
		}
		// The inverse of [d o; o c] without the determinant, which may overflow.
		o, c := f.e[i], f.w[(i+1)*f.p+i+1]
		u, v := d/o, c/o
		s := 1 / (o * (u*v - 1))
		next := t[(i+1)*nr : (i+2)*nr]
		for j, x := range row {
			y := next[j]
			row[j], next[j] = s*(v*x-y), s*(u*y-x)
		}
		i++
	}
}

// mul computes y = alpha op(A) x + beta y for the rows×cols matrix A and nr
// columns.
func (e *Engine) mul(t blas.Transpose, rows, cols, nr int, alpha float64, a []float64, lda int, x []float64, beta float64, y []float64) {
	if nr == 1 {
		e.backend.Gemv(t, rows, cols, alpha, a, lda, x, beta, y)
		return
	}
	m, k := rows, cols
	if t == blas.Trans {
		m, k = k, m
	}
	e.backend.Gemm(t, blas.NoTrans, m, nr, k, alpha, a, lda, x, nr, beta, y, nr)
}
