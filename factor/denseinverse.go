package factor

import (
	"costate/factor/internal/pivot"
	"costate/la/blas"
)

// inverse is the whole of (H + D)⁻¹.
func (f *denseEngine) inverse() []float64 {
	z := make([]float64, f.n*f.n)
	f.pivot.InverseTo(f.backend, z, make([]float64, pivot.InverseWork(f.n)))
	return z
}

func (f *denseEngine) InverseBytes() int64 {
	n := int64(f.n)
	return 8 * (n*n + int64(pivot.InverseWork(f.n)))
}

func (f *denseEngine) InverseDiag(dst []float64) {
	z := f.inverse()
	for i := range dst {
		dst[i] = z[i*f.n+i]
	}
}

func (f *denseEngine) StageInverse(dst []float64, k int) {
	z, off := f.inverse(), f.offsets[k]
	p := f.offsets[k+1] - off
	for i := range p {
		copy(dst[i*p:(i+1)*p], z[(off+i)*f.n+off:])
	}
}

// OutputInverse computes J L⁻ᵀ D⁻¹ L⁻¹ Jᵀ from the rows of J.
func (f *denseEngine) OutputInverse(dst []float64) {
	n := f.matrix.outputs()
	t, scratch := make([]float64, n*f.n), make([]float64, f.n)
	f.matrix.rowsOfOutputs(t)
	f.pivot.Lower(f.backend, t, n, scratch)
	w := append([]float64(nil), t...)
	f.pivot.Middle(w, n)
	f.backend.Gemm(blas.NoTrans, blas.Trans, n, n, f.n, 1, t, f.n, w, f.n, 0, dst, n)
	for i := range n { // alike to the last bit
		for j := range i {
			dst[j*n+i] = dst[i*n+j]
		}
	}
}

// Sample overwrites x with Pᵀ L⁻ᵀ D^-½ x.
func (f *denseEngine) Sample(x []float64) bool {
	if !f.pivot.Root(x, 1) {
		return false
	}
	f.pivot.Middle(x, 1)
	f.pivot.Upper(f.backend, x, 1, make([]float64, f.n))
	return true
}

// Definite is false: rounding could have made a pivot positive.
func (f *denseEngine) Definite() bool { return false }
