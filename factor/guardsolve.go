package factor

import (
	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/system"
)

// space lends a workspace for nrhs right-hand sides.
func (g *guard) space(nrhs int) *solveSpace {
	w := g.pool.get()
	if w.chain != g.chain {
		if w.product == nil {
			w.product = system.NewProduct(g.chain, g.opts.Backend)
		} else {
			w.product.Reset(g.chain)
		}
		w.chain = g.chain
	}
	w.x, w.b, w.d = resize(w.x, nrhs*g.n), resize(w.b, nrhs*g.n), resize(w.d, nrhs*g.n)
	w.h, w.best = resize(w.h, g.n), resize(w.best, g.n)
	return w
}

// SolveVecTo solves (H + εI) x = b; see Factorization.
func (g *guard) SolveVecTo(dst *mat.VecDense, b mat.Vector) error {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	if b.Len() != g.n {
		panic(ErrShape)
	}
	sizeVec(dst, g.n)
	w := g.space(1)
	defer g.pool.put(w)
	for i := range w.b {
		w.b[i] = b.AtVec(i)
	}
	err := g.solve(w, 1)
	if !written(err) {
		return err
	}
	for i, v := range w.x {
		dst.SetVec(i, v)
	}
	return err
}

// SolveTo solves (H + εI) X = B; see Factorization.
func (g *guard) SolveTo(dst *mat.Dense, b mat.Matrix) error {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	r, nrhs := b.Dims()
	if r != g.n {
		panic(ErrShape)
	}
	sizeDense(dst, r, nrhs)
	w := g.space(nrhs)
	defer g.pool.put(w)
	for j := range nrhs {
		for i := range g.n {
			w.b[j*g.n+i] = b.At(i, j)
		}
	}
	err := g.solve(w, nrhs)
	if !written(err) {
		return err
	}
	for j := range nrhs {
		for i := range g.n {
			dst.Set(i, j, w.x[j*g.n+i])
		}
	}
	return err
}

func written(err error) bool {
	_, bad := err.(*la.NotFiniteError)
	return !bad
}

// sizeVec resizes an empty dst to n elements, and panics with ErrShape if another
// has a different length.
func sizeVec(dst *mat.VecDense, n int) {
	if dst.IsEmpty() {
		dst.ReuseAsVec(n)
	} else if dst.Len() != n {
		panic(ErrShape)
	}
}

// sizeDense is sizeVec for a matrix.
func sizeDense(dst *mat.Dense, r, c int) {
	if dst.IsEmpty() {
		dst.ReuseAs(r, c)
	} else if dr, dc := dst.Dims(); dr != r || dc != c {
		panic(ErrShape)
	}
}
