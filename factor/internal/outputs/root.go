package outputs

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/system"
)

// root factors the Hessian of the loss in the outputs, sample by sample, as
// R Rᵀ by Cholesky with diagonal pivoting, so that it may be semidefinite (for
// softmax it always is). Columns beyond the rank of a sample are zero, and those
// beyond width are left out of vectors: the range of Rᵀ has width columns, each of
// them with its samples together.
//
// Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.
// (2002), section 10.3.
type root struct {
	batch, c int
	r        []float64 // per sample c×c: R, rows in the order of the outputs
	piv      []int     // per sample: the pivot order
	rank     []int
	width    int       // the greatest rank, at least 1
	resid    []float64 // c, scratch
}

func newRoot(m *system.SampleMap) *root {
	b, c := m.Batch, m.Rows
	return &root{batch: b, c: c, r: make([]float64, b*c*c), piv: make([]int, b*c), rank: make([]int, b), resid: make([]float64, c)}
}

// point factors m. ok is false if a sample's matrix is not positive
// semidefinite to working accuracy.
func (l *root) point(m *system.SampleMap) (ok bool) {
	c := l.c
	l.width = 1
	for n := range l.batch {
		r, piv := l.r[n*c*c:(n+1)*c*c], l.piv[n*c:(n+1)*c]
		clear(r)
		at := func(i, j int) float64 { return 0 }
		if m.Full != nil {
			full := m.Full[n*c*c:]
			at = func(i, j int) float64 { return full[i*c+j] }
		} else if m.Diag != nil {
			diag := m.Diag[n*c:]
			at = func(i, j int) float64 {
				if i == j {
					return diag[i]
				}
				return 0
			}
		}
		if !l.factor(n, r, piv, at) {
			return false
		}
		l.width = max(l.width, l.rank[n])
	}
	return true
}

func (l *root) factor(n int, r []float64, piv []int, at func(i, j int) float64) bool {
	c := l.c
	d := l.resid
	big := 0.0
	for i := range c {
		piv[i] = i
		d[i] = at(i, i)
		big = math.Max(big, math.Abs(d[i]))
	}
	tol := float64(c) * pivot.Unit * big
	l.rank[n] = 0
	for k := range c {
		best := k
		for i := k + 1; i < c; i++ {
			if d[piv[i]] > d[piv[best]] {
				best = i
			}
		}
		piv[k], piv[best] = piv[best], piv[k]
		p := piv[k]
		if !(d[p] > tol) {
			for _, i := range piv[k:] {
				if !(d[i] >= -16*tol) {
					return false
				}
			}
			return l.exhausted(r, piv, k, 16*tol, at)
		}
		root := math.Sqrt(d[p])
		r[p*c+k] = root
		for _, i := range piv[k+1:] {
			s := at(i, p)
			for j := range k {
				s -= r[i*c+j] * r[p*c+j]
			}
			s /= root
			r[i*c+k] = s
			d[i] -= s * s
		}
		l.rank[n] = k + 1
	}
	return true
}

// exhausted reports whether what is left after k pivots has no element above
// tol off the diagonal either: with a diagonal of zeros it would be indefinite.
func (l *root) exhausted(r []float64, piv []int, k int, tol float64, at func(i, j int) float64) bool {
	c := l.c
	for a, i := range piv[k:] {
		for _, j := range piv[k : k+a] {
			s := at(i, j)
			for t := range k {
				s -= r[i*c+t] * r[j*c+t]
			}
			if !(math.Abs(s) <= tol) {
				return false
			}
		}
	}
	return true
}

// mul computes dst = R x per sample, mulTrans dst = Rᵀ x: x[j·batch+n] belongs to
// column j of sample n. dst must not be x.
func (l *root) mul(dst, x []float64) {
	c := l.c
	for n := range l.batch {
		for i := range c {
			s := 0.0
			for j, v := range l.r[(n*c+i)*c:][:l.width] {
				s += v * x[j*l.batch+n]
			}
			dst[n*c+i] = s
		}
	}
}

func (l *root) mulTrans(dst, x []float64) {
	c := l.c
	clear(dst[:l.batch*l.width])
	for n := range l.batch {
		for i := range c {
			u := x[n*c+i]
			for j, v := range l.r[(n*c+i)*c:][:l.width] {
				dst[j*l.batch+n] += u * v
			}
		}
	}
}

// preimage finds w with R w = v where v is in the range of R: forward
// substitution in the pivot rows. It overwrites v with v − R w, which is
// rounding error then.
func (l *root) preimage(w, v []float64) {
	c := l.c
	clear(w)
	for n := range l.batch {
		r, piv := l.r[n*c*c:(n+1)*c*c], l.piv[n*c:(n+1)*c]
		for k := range l.rank[n] {
			p := piv[k]
			t := v[n*c+p] / r[p*c+k]
			w[k*l.batch+n] = t
			v[n*c+p] = 0
			for _, i := range piv[k+1:] {
				v[n*c+i] -= r[i*c+k] * t
			}
		}
	}
}
