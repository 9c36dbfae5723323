package sweep

import (
	"costate/la/vec"
	"costate/system"
)

// invert is the stage's part of Invert:
//
//	cov(x, y') = cov(x) Gᵀ − M Y Fᵀ,   cov(y', y) = F Y − G M Y
//	cov(y') = G cov(x, y') + F cov(y, y')
func (d *blockStage) invert(w *inverseSpace) {
	w.marginal(d.pivot)
	m := d.pivot.M
	for i := range w.diag {
		w.diag[i] = w.x[i*m+i]
	}
	copy(w.block, w.x)
	if w.pass {
		d.covariance(w)
	}
}

func (d *blockStage) covariance(w *inverseSpace) {
	s := d.s
	n, m, ni := s.NOut, d.pivot.M, d.pivot.N
	out := w.next[:n*n]
	clear(out)
	// Rows of t are those of x, columns those of y': G cov(x, y') is added to out.
	if m > 0 {
		t := w.gain[:m*n]
		clear(t)
		addSparseTrans(t, w.x, m, s.G, 1)
		if d.inner {
			addSparseTrans(t, w.my, m, s.F, -1)
		}
		addProduct(out, s.G, t, n)
	}
	if d.inner {
		t := w.c[:ni*n] // cov(y, y')
		clear(t)
		addSparseTrans(t, w.y, ni, s.F, 1)
		if m > 0 {
			// − (M Y)ᵀ Gᵀ
			for l := range s.G.Rows {
				for p := s.G.Ptr[l]; p < s.G.Ptr[l+1]; p++ {
					row := w.my[s.G.Col[p]*ni:][:ni]
					for i, v := range row {
						t[i*n+l] -= s.G.Val[p] * v
					}
				}
			}
		}
		addProduct(out, s.F, t, n)
	}
	symmetrise(out, n)
}

// addSparseTrans computes dst += alpha A Mᵀ.
func addSparseTrans(dst, a []float64, rows int, m *system.Matrix, alpha float64) {
	for i := range rows {
		src, out := a[i*m.Cols:(i+1)*m.Cols], dst[i*m.Rows:(i+1)*m.Rows]
		for l := range out {
			sum := 0.0
			for p := m.Ptr[l]; p < m.Ptr[l+1]; p++ {
				sum += m.Val[p] * src[m.Col[p]]
			}
			out[l] += alpha * sum
		}
	}
}

// addProduct computes dst += M A for a dense A with cols columns.
func addProduct(dst []float64, m *system.Matrix, a []float64, cols int) {
	for i := range m.Rows {
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			vec.Axpy(dst[i*cols:(i+1)*cols], m.Val[p], a[m.Col[p]*cols:][:cols])
		}
	}
}
