package gemm

import "costate/la/vec"

// thin computes a product of which one side is a vector: y = alpha M x + beta y
// or y = alpha Mᵀ x + beta y with rows×cols matrix M, whole rows at a time.
func (p *product) thin() {
	m, ldm, rows, cols := p.a, p.lda, p.m, p.k
	trans := p.tA
	x, incx := p.b, p.ldb
	xRow, incy := p.tB, p.ldc
	if p.n != 1 {
		// Cᵀ = op(B)ᵀ op(A)ᵀ, where C is a row.
		m, ldm, rows, cols = p.b, p.ldb, p.n, p.k
		trans = !p.tB
		x, incx = p.a, p.lda
		xRow, incy = !p.tA, 1
	}
	if trans {
		rows, cols = cols, rows
	}
	w := getWorkspace()
	if !xRow && incx != 1 {
		w.a = grow(w.a, p.k)
		for i := range w.a[:p.k] {
			w.a[i] = x[i*incx]
		}
		x = w.a
	}
	x = x[:p.k]
	if trans {
		p.thinTrans(w, m, ldm, rows, cols, x, incy)
	} else {
		p.thinPlain(m, ldm, rows, cols, x, incy)
	}
	w.release()
}

// thinDepth is the length of the sums from which on thin is faster than a tile
// that is one row or one column wide.
const thinDepth = 8

// thinStrip is the number of rows of M that are used together.
const thinStrip = 8

func (p *product) thinPlain(m []float64, ldm, rows, cols int, x []float64, incy int) {
	var s [thinStrip]float64
	for i := 0; i < rows; i += thinStrip {
		h := min(thinStrip, rows-i)
		vec.Dots(s[:h], m[i*ldm:], ldm, x[:cols])
		for r, v := range s[:h] {
			v *= p.alpha
			y := &p.c[(i+r)*incy]
			if p.beta != 0 {
				v += p.beta * *y
			}
			*y = v
		}
	}
}

func (p *product) thinTrans(w *workspace, m []float64, ldm, rows, cols int, x []float64, incy int) {
	var s [thinStrip]float64
	y := p.c[:min(cols, len(p.c))]
	if incy != 1 {
		w.b = grow(w.b, cols)
		y = w.b[:cols]
		clear(y)
	} else {
		p.scale()
	}
	for i := 0; i < rows; i += thinStrip {
		h := min(thinStrip, rows-i)
		for r, v := range x[i : i+h] {
			s[r] = p.alpha * v
		}
		vec.Combine(y, s[:h], m[i*ldm:], ldm)
	}
	if incy == 1 {
		return
	}
	for i, v := range y {
		c := &p.c[i*incy]
		if p.beta != 0 {
			v += p.beta * *c
		}
		*c = v
	}
}
