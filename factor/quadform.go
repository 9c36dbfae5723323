package factor

import (
	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
)

// QuadFormTo writes the quadratic forms bᵀA⁻¹b of the columns b of B into dst,
// which has as many elements as B has columns, or is nil and then allocated,
// and returns it. Each comes from a refined solution x with residual r as
//
//	bᵀx + rᵀx = bᵀA⁻¹b − rᵀA⁻¹r
//
// so that what is left of the residual enters in the second order only. The
// errors are those of SolveTo: an *AccuracyError (dst then holds the best
// reached), or a *la.NotFiniteError (dst is then not written, and nil is
// returned). It panics with ErrNotFactorized before Factorize, and with ErrShape.
func (f *Block) QuadFormTo(dst []float64, b mat.Matrix) ([]float64, error) {
	r, nr := b.Dims()
	n := f.check(r)
	if dst == nil {
		dst = make([]float64, nr)
	} else if len(dst) != nr {
		panic(ErrShape)
	}
	w := f.space(nr)
	defer f.pool.put(w)
	for i := range n {
		for j := range nr {
			w.b[i*nr+j] = b.At(i, j)
		}
	}
	err := f.solve(w, nr)
	if !written(err) {
		return nil, err
	}
	for j := range nr {
		for i := range n {
			w.xc[i] = w.x[i*nr+j]
		}
		f.a.MulVecTo(w.r, w.xc)
		s := 0.0
		for i, x := range w.xc {
			v := w.b[i*nr+j]
			s += x * (v + (v - w.r[i]))
		}
		dst[j] = s
	}
	return dst, err
}

// QuadFormRaw writes the quadratic forms bᵀA⁻¹b of the nr right-hand sides in
// x, stored by rows (element i of right-hand side j at i*nr+j), into dst of
// length nr, and overwrites x. They are those of the factors, from the forward
// half of a solve,
//
//	bᵀA⁻¹b = zᵀ D⁻¹ z       L z = P b
//
// at half the cost of SolveRaw: no refinement, no check. With a shift in Report
// the factors are those of A + shift·I. It panics with ErrNotFactorized before
// Factorize and with ErrShape.
func (f *Block) QuadFormRaw(dst, x []float64, nr int) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if nr < 0 || len(x) != f.core.order*nr || len(dst) != nr {
		panic(ErrShape)
	}
	f.core.quadForms(dst, x, nr)
}

// quadForms is QuadFormRaw; the core has no pairs.
func (c *core) quadForms(dst, x []float64, nr int) {
	clear(dst)
	if nr == 0 || c.order == 0 {
		return
	}
	q, _, b, m := c.widest()
	space := c.pool.get()
	defer c.pool.put(space)
	space.buf = resize(space.buf, (q+b+m)*nr)
	tmp, bound, mid := space.buf[:q*nr], space.buf[q*nr:(q+b)*nr], space.buf[(q+b)*nr:]
	for k := range c.blocks {
		c.forward(k, nr, x, tmp, nil, bound, mid)
		p := &c.blocks[k]
		z := x[p.first*nr:][:p.q*nr]
		half := tmp[:len(z)]
		copy(half, z)
		blas.DSolve(p.q, nr, p.f, p.q, p.e, half, nr)
		for i := range p.q {
			row := half[i*nr:][:nr]
			for j, v := range z[i*nr:][:nr] {
				dst[j] += v * row[j]
			}
		}
	}
}
