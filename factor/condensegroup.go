package factor

import (
	"math"

	"costate/la/blas"
)

// eliminate factors group g and leaves X and X D⁻¹ in l.x and l.xd, a row for
// each unknown that g couples to. With count it adds the pivots to the
// statistics, and the unknowns of those that are not stable to the rejected.
func (l *leaves) eliminate(g *leafGroup, count bool) {
	n, q := g.n, len(g.in)+len(g.next)
	f, e, perm := l.f[g.at:g.at+n*n], l.e[g.first:g.first+n], l.perm[g.first:g.first+n]
	c := l.c[:q*n]
	l.split.GroupTo(g.id, f, c, l.a)
	for i := range n {
		f[i*n+i] += l.shift
	}
	size := largestLower(n, f, n)
	if n == 1 {
		e[0], perm[0] = 0, 0
	} else {
		l.backend.Sytrf(n, f, n, e, perm, l.work)
	}
	if count {
		l.count(g, size, f, e, perm)
	}
	x, xd := l.x[:q*n], l.xd[:q*n]
	if n == 1 {
		copy(x, c)
	} else {
		permuteCols(q, n, perm, 0, c, x)
		l.backend.Trsm(blas.Right, blas.Lower, blas.Trans, blas.Unit, q, n, 1, f, n, x, n)
	}
	invertPivots(n, f, e, l.d[:n], l.o[:n])
	scaleRows(q, n, l.d[:n], l.o[:n], x, xd)
	if count && q > 0 && l.reject(g, q, size, x, xd, e, perm) {
		// A group that is not as it should be stays out of the way.
		clear(x)
		clear(xd)
	}
}

// count adds the pivots of a group to the statistics.
func (l *leaves) count(g *leafGroup, size float64, f, e []float64, perm []int) {
	s := &l.stats
	n := g.n
	if n == 1 { // without the calls
		d := f[0]
		switch {
		case d < 0:
			s.negative++
			s.sign = -s.sign
		case d > 0:
			s.positive++
		default:
			s.zero++
		}
		s.log += math.Log(math.Abs(d))
	} else {
		neg, zero, pos := blas.DInertia(n, f, n, e)
		log, sign := blas.DLogDet(n, f, n, e)
		s.negative, s.zero, s.positive = s.negative+neg, s.zero+zero, s.positive+pos
		s.log, s.sign = s.log+log, s.sign*sign
	}
	at, least := smallestPivot(n, f, n, e)
	if r := least / (float64(n) * unit * size); !(r >= s.tiny) {
		s.tiny, s.block, s.at = r, -1, g.first+perm[at]
		if size == 0 {
			s.tiny = 0
		}
	}
}

// reject finds the pivots of a group whose update Σ x d⁻¹ xᵀ has elements above
// the limit, or that are as small as the rounding errors of the group.
func (l *leaves) reject(g *leafGroup, q int, size float64, x, xd, e []float64, perm []int) bool {
	n := g.n
	big := l.big[:n]
	clear(big)
	for i := range q {
		xi, di := x[i*n:][:n], xd[i*n:][:n]
		for j, v := range xi {
			// The largest diagonal element of a pivot's update bounds the
			// others where the pivot is definite; a pivot of order two counts
			// for both of its columns.
			if p := math.Abs(v * di[j]); !(p <= big[j]) {
				big[j] = p
			}
		}
	}
	bad := false
	f := l.f[g.at : g.at+n*n]
	for j := 0; j < n; j++ {
		two := e[j] != 0 && j+1 < n
		worst := big[j]
		if two {
			worst = math.Max(worst, big[j+1])
		}
		tiny := !two && math.Abs(f[j*n+j]) < tinyPivot*float64(n)*unit*size
		if tiny || !(worst <= l.limit) {
			bad = true
			l.rejected = append(l.rejected, int32(g.first+perm[j]))
			if two {
				l.rejected = append(l.rejected, int32(g.first+perm[j+1]))
			}
		}
		if two {
			j++
		}
	}
	return bad
}

// diagonal subtracts from the lower triangle of block k of the chain what
// eliminating the groups of hosts k and k-1 leaves there.
func (l *leaves) diagonal(k int, dst []float64, ld int) {
	if k > 0 && l.cross[k-1] {
		if l.kept[(k-1)%2].k != k-1 {
			l.update(k-1, nil, 0)
		}
		q := l.first[k+1] - l.first[k]
		next := l.kept[(k-1)%2].next
		for i := range q {
			addTo(dst[i*ld:], next[i*q:i*q+i+1])
		}
	}
	if l.ptr[k+1] < l.ptr[k+2] {
		l.update(k, dst, ld)
	}
}

// coupling subtracts from the coupling of block k, which has the given rows of
// block k+1.
func (l *leaves) coupling(k int, rows []int, dst []float64) {
	if !l.cross[k] {
		return
	}
	if l.kept[k%2].k != k {
		l.update(k, nil, 0)
	}
	q := l.first[k+1] - l.first[k]
	sub := l.kept[k%2].sub
	for r, i := range rows {
		addTo(dst[r*q:], sub[i*q:(i+1)*q])
	}
}
