package eigen

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// A lanczosSpace holds the basis of a Lanczos iteration.
type lanczosSpace struct {
	n, m int
	v    []float64 // vectors, one a row: m×n
	next []float64 // m×n
	w    []float64 // the vector at work
	h    []float64 // coefficients
	rng  *rand.Rand
}

func (s *lanczosSpace) reset(n, m int) {
	s.n, s.m = n, m
	s.v, s.next, s.w, s.h = space.Resize(s.v, m*n), space.Resize(s.next, m*n), space.Resize(s.w, n), space.Resize(s.h, max(m, n))
	s.rng = rand.New(rand.NewPCG(1980, 2000))
}

// iterate finds the next want pairs: of the operator, most often (A − σI)⁻¹,
// beside the vectors found, those with the greatest merit, there the largest
// |θ|. It reports whether it did within the bound on solves.
//
// The operator on the basis V is the symmetric H = Vᵀ(A − σI)⁻¹V, tridiagonal
// but for the vectors kept at a restart, of which each couples to the vector
// after the last of them:
//
//	    [ θ_1         b_1     ]
//	    [     ⋱       ⋮       ]
//	H = [        θ_p  b_p     ]
//	    [ b_1 …  b_p  α   β   ]
//	    [             β   α ⋱ ]
//	    [                 ⋱ ⋱ ]
func (l *Lanczos) iterate(want, solves int) (found bool, err error) {
	s := &l.space
	n := s.n
	m := min(s.m, n-len(l.values))
	tol := math.Min(l.tol, ritzTolerance)
	h := mat.NewSymDense(m, nil)
	l.random(s.v[:n], 0)
	largest := 0.0 // of the operator, as met
	for j := 0; ; {
		if l.Observe != nil {
			if err := l.Observe(l.report.Solves); err != nil {
				return false, err
			}
		}
		beta, enough := l.extend(h, j, solves, &largest)
		if !enough {
			return false, nil
		}
		var e mat.EigenSym
		if !e.Factorize(h, true) {
			return false, nil
		}
		theta := e.Values(nil)
		var q mat.Dense
		e.VectorsTo(&q)
		order := make([]int, m)
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(l.spect.merit(theta[j]), l.spect.merit(theta[i])) })
		open := 0 // first of the wanted that has not converged
		for open < want && beta*math.Abs(q.At(m-1, order[open])) <= tol*l.spect.size(theta[order[open]], largest) {
			open++
		}
		keep := want
		if open < want {
			keep = min((want+m)/2+1, m-1)
		}
		l.combine(&q, order[:keep])
		if open == want {
			l.far = math.Inf(1)
			if want < m {
				l.far = math.Abs(l.spect.value(theta[order[want]]) - l.shift)
			}
			l.accept(theta, order[:want], &q, beta)
			return true, nil
		}

		l.report.Restarts++
		copy(s.v[:keep*n], s.next)
		h.Zero()
		for i, p := range order[:keep] {
			h.SetSym(i, i, theta[p])
		}
		l.following(s.v[keep*n:][:n], beta, keep)
		j = keep
	}
}

// following makes dst, after the first j vectors of the basis, of the vector
// at work with norm beta, or at random if that is zero.
func (l *Lanczos) following(dst []float64, beta float64, j int) {
	if beta == 0 {
		l.random(dst, j)
		return
	}
	floats.ScaleTo(dst, 1/beta, l.space.w)
}

// random makes dst a unit vector at random, orthogonal to those found and to
// the first j of the basis.
func (l *Lanczos) random(dst []float64, j int) {
	for {
		for i := range dst {
			dst[i] = l.space.rng.NormFloat64()
		}
		before := vec.Norm2(dst)
		l.orthogonalize(dst, j)
		l.orthogonalize(dst, j)
		// What is left when the space is all but full is rounding, of 1e-16: then anew.
		if after := vec.Norm2(dst); after > 1e-10*before {
			floats.Scale(1/after, dst)
			return
		}
	}
}

// orthogonalize makes w orthogonal to the vectors found and to the first j of
// the basis, by Gram and Schmidt twice, and returns the coefficients of the
// latter.
func (l *Lanczos) orthogonalize(w []float64, j int) []float64 {
	s := &l.space
	found := len(l.values)
	h, c := s.h[:j], make([]float64, max(j, found))
	clear(h)
	for range 2 {
		l.remove(w, l.vecs, found, c[:found])
		l.remove(w, s.v, j, c[:j])
		floats.Add(h, c[:j])
	}
	return h
}

// remove subtracts from w its components c along the first k rows of v.
func (l *Lanczos) remove(w, v []float64, k int, c []float64) {
	if k == 0 {
		return
	}
	be, n := l.be, len(w)
	be.Gemv(blas.NoTrans, k, n, 1, v, n, w, 0, c)
	be.Gemv(blas.Trans, k, n, -1, v, n, c, 1, w)
}

// combine writes the combinations of the basis by some columns of q to next.
func (l *Lanczos) combine(q *mat.Dense, columns []int) {
	s := &l.space
	m, _ := q.Dims()
	t := make([]float64, len(columns)*m)
	for i, p := range columns {
		for j := range m {
			t[i*m+j] = q.At(j, p)
		}
	}
	l.be.Gemm(blas.NoTrans, blas.NoTrans, len(columns), s.n, m, 1, t, m, s.v, s.n, 0, s.next, s.n)
}

// project replaces the pairs found by those of A itself in the space of their
// vectors, which separates what rounding has mixed, nearest to the shift first.
//
// The matrix there is that of A less the shift, so that values near it keep
// their digits, unless the shift is so large that it would cost them digits.
func (l *Lanczos) project() {
	s := &l.space
	n, k := s.n, len(l.values)
	origin := l.shift
	if math.Abs(origin) > l.norm {
		origin = 0
	}
	c := make([]float64, k)
	for i := range k {
		v := l.vecs[i*n:][:n]
		for range 2 {
			l.remove(v, l.vecs, i, c[:i])
			floats.Scale(1/vec.Norm2(v), v)
		}
	}
	h := mat.NewSymDense(k, nil)
	for j := range k {
		v := l.vecs[j*n:][:n]
		l.a.MulVecTo(s.w, v)
		floats.AddScaled(s.w, -origin, v)
		l.be.Gemv(blas.NoTrans, j+1, n, 1, l.vecs, n, s.w, 0, c[:j+1])
		for i, v := range c[:j+1] {
			h.SetSym(i, j, v)
		}
	}
	var e mat.EigenSym
	if !e.Factorize(h, true) {
		return // they stay as they are
	}
	d := e.Values(nil)
	var q mat.Dense
	e.VectorsTo(&q)
	order := make([]int, k)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Compare(math.Abs(d[i]+(origin-l.shift)), math.Abs(d[j]+(origin-l.shift)))
	})
	t, vecs := make([]float64, k*k), make([]float64, k*n)
	for i, p := range order {
		l.values[i] = origin + d[p]
		for j := range k {
			t[i*k+j] = q.At(j, p)
		}
	}
	l.be.Gemm(blas.NoTrans, blas.NoTrans, k, n, k, 1, t, k, l.vecs, n, 0, vecs, n)
	l.vecs = vecs
}

// extend makes the basis from vector j on as large as h, of which it fills the columns. beta
// couples the last vector to what is left in the workspace. enough is false where that
// would take more than so many solves. largest is the largest ‖operator·v‖ met.
func (l *Lanczos) extend(h *mat.SymDense, j, solves int, largest *float64) (beta float64, enough bool) {
	s := &l.space
	n, m := s.n, h.SymmetricDim()
	for ; j < m; j++ {
		if l.report.Solves >= solves {
			return beta, false
		}
		l.report.Solves++
		copy(s.w, s.v[j*n:][:n])
		l.spect.apply(s.w)
		*largest = math.Max(*largest, vec.Norm2(s.w))
		for i, v := range l.orthogonalize(s.w, j+1) {
			h.SetSym(i, j, v)
		}
		beta = vec.Norm2(s.w)
		if small := 8 * 0x1p-53 * math.Sqrt(float64(n)) * *largest; beta <= small || len(l.values)+m == n && j+1 == m {
			beta = 0 // the basis is closed under the operator
		}
		if j+1 == m {
			break
		}
		l.following(s.v[(j+1)*n:][:n], beta, j+1)
	}
	return beta, true
}

// accept adds pairs that have converged, the eigenpairs of H with the given numbers, to
// those found.
func (l *Lanczos) accept(theta []float64, pairs []int, q *mat.Dense, beta float64) {
	s := &l.space
	last, _ := q.Dims()
	for i, p := range pairs {
		y := s.next[i*s.n:][:s.n]
		if beta > 0 && l.spect.refines() {
			// The step that the Ritz vector lacks.
			floats.AddScaled(y, q.At(last-1, p)/theta[p], s.w)
		}
		l.values = append(l.values, l.spect.value(theta[p]))
		l.vecs = append(l.vecs, y...)
	}
}
