package tree

import (
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// solveSpace is the workspace of one solve, for nr right-hand sides side by side.
type solveSpace struct {
	z    []float64 // n×nr by positions
	t    []float64 // p×nr
	down []float64 // q×nr
}

const (
	// block is the number of right-hand sides that are solved for together: their
	// part of a front stays in the cache.
	block = 16

	// loops is the number of columns up to which a front is solved with by plain
	// loops.
	loops = 8
)

// Solve overwrites each of the nrhs rows of x with (A + shift·I)⁻¹ times it.
// Unknowns with a zero pivot become zero: where the factors are singular that
// solves a consistent system.
func (e *Engine) Solve(x []float64, nrhs int) {
	w := e.pool.Get()
	defer e.pool.Put(w)
	for j := 0; j < nrhs; j += block {
		nr := min(block, nrhs-j)
		e.load(w, x[j*e.n:(j+nr)*e.n], nr)
		if nr == 1 {
			e.solveOne(w)
		} else {
			e.solveMany(w, nr)
		}
		e.store(w, x[j*e.n:(j+nr)*e.n], nr)
	}
}

// load makes z = P S x.
func (e *Engine) load(w *solveSpace, x []float64, nr int) {
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
}

// store makes x = S Pᵀ z.
func (e *Engine) store(w *solveSpace, x []float64, nr int) {
	n, z := e.n, w.z
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

// solveOne overwrites z with L⁻ᵀ D⁻¹ L⁻¹ z.
func (e *Engine) solveOne(w *solveSpace) {
	z := w.z
	for k := range e.fronts {
		f := &e.fronts[k]
		if f.ne == 1 && f.p == 1 {
			t := z[f.first]
			x := f.w[1:]
			for i, r := range e.tree.Rows[k] {
				z[r] -= x[i] * t
			}
			continue
		}
		e.forwardOne(w, f, e.tree.Rows[k])
	}
	for k := len(e.fronts) - 1; k >= 0; k-- {
		f := &e.fronts[k]
		if f.ne == 1 && f.p == 1 {
			d := f.w[0]
			t := 0.0
			if d != 0 {
				t = z[f.first] / d
			}
			x := f.w[1:]
			for i, r := range e.tree.Rows[k] {
				t -= x[i] * z[r]
			}
			z[f.first] = t
			continue
		}
		e.backwardOne(w, f, e.tree.Rows[k], true)
	}
}

// forwardOne computes t = L11⁻¹ z for the front's columns, and z −= L t below.
func (e *Engine) forwardOne(w *solveSpace, f *front, rows []int32) {
	p, ne, z := int(f.p), int(f.ne), w.z
	if ne == 0 {
		return
	}
	w.t = space.Resize(w.t, ne)
	t := w.t
	for i, c := range f.cols[:ne] {
		t[i] = z[c]
	}
	if ne <= loops {
		for i := 1; i < ne; i++ {
			t[i] -= dot(f.w[i*p:i*p+i], t)
		}
		for i, c := range f.cols[ne:p] {
			z[c] -= dot(f.w[(ne+i)*p:(ne+i)*p+ne], t)
		}
		at := p * p
		for _, r := range rows {
			z[r] -= dot(f.w[at:at+ne], t)
			at += p
		}
	} else {
		e.serial.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, ne, 1, 1, f.w, p, t, 1)
		m := p - ne + len(rows)
		w.down = space.Resize(w.down, m)
		down := w.down
		if m > 0 {
			vec.Dots(down, f.w[ne*p:], p, t)
		}
		for i, c := range f.cols[ne:p] {
			z[c] -= down[i]
		}
		down = down[p-ne:]
		for i, r := range rows {
			z[r] -= down[i]
		}
	}
	for i, c := range f.cols[:ne] {
		z[c] = t[i]
	}
}

// backwardOne computes z = L11⁻ᵀ (D⁻¹ z − Lᵀ z below), without D unless divide
// is set.
func (e *Engine) backwardOne(w *solveSpace, f *front, rows []int32, divide bool) {
	p, ne, z := int(f.p), int(f.ne), w.z
	if ne == 0 {
		return
	}
	w.t = space.Resize(w.t, ne)
	t := w.t
	for i, c := range f.cols[:ne] {
		t[i] = z[c]
	}
	if divide {
		f.divide(t, 1)
	}
	if ne <= loops {
		at := p * p
		for _, r := range rows {
			axpy(t, -z[r], f.w[at:at+ne])
			at += p
		}
		for i, c := range f.cols[ne:p] {
			axpy(t, -z[c], f.w[(ne+i)*p:(ne+i)*p+ne])
		}
		for i := ne - 1; i > 0; i-- {
			axpy(t[:i], -t[i], f.w[i*p:i*p+i])
		}
	} else {
		m := p - ne + len(rows)
		w.down = space.Resize(w.down, m)
		down := w.down
		for i, c := range f.cols[ne:p] {
			down[i] = -z[c]
		}
		low := down[p-ne:]
		for i, r := range rows {
			low[i] = -z[r]
		}
		if m > 0 {
			vec.Combine(t, down, f.w[ne*p:], p)
		}
		e.serial.Trsm(blas.Left, blas.Lower, blas.Trans, blas.Unit, ne, 1, 1, f.w, p, t, 1)
	}
	for i, c := range f.cols[:ne] {
		z[c] = t[i]
	}
}

// dot is the product of x with the beginning of y.
func dot(x, y []float64) float64 {
	y = y[:len(x)]
	s := 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

// axpy adds a times the beginning of x to y.
func axpy(y []float64, a float64, x []float64) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += a * v
	}
}

// divide computes t = D⁻¹ t, for nr columns; zero pivots give zero.
func (f *front) divide(t []float64, nr int) {
	p, d := int(f.p), f.offDiagonal()
	for i := 0; i < int(f.ne); i++ {
		v := f.w[i*p+i]
		row := t[i*nr : (i+1)*nr]
		if d[i] == 0 {
			if v == 0 {
				clear(row)
				continue
			}
			for j := range row {
				row[j] /= v
			}
			continue
		}
		// The inverse of [v o; o c] without the determinant, which may overflow.
		o, c := d[i], f.w[(i+1)*p+i+1]
		a, b := v/o, c/o
		s := 1 / (o * (a*b - 1))
		next := t[(i+1)*nr : (i+2)*nr]
		for j, x := range row {
			y := next[j]
			row[j], next[j] = s*(b*x-y), s*(a*y-x)
		}
		i++
	}
}
