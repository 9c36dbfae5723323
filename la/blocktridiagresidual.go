package la

import "costate/la/vec"

// ResidualTo computes r = b − (A + shift I) x in twice the working precision, as
// Sym.ResidualTo does: elements are taken as exact, and r is rounded once. r, b
// and x have the order of the matrix as length; r may be b or x. Many goroutines
// may call at once, and nothing is allocated in the long run.
func (a *BlockTridiag) ResidualTo(r, b, x []float64, shift float64) {
	n := a.SymmetricDim()
	checkResidual(n, r, b, x)
	w := residuals.Get().(*residualWork)
	defer residuals.Put(w)
	y := w.zeroPair(n)
	for k := range a.diag {
		d, n := a.Diag(k)
		lo, mid := a.first[k], a.first[k+1]
		xk, yk := vec.Pair{Hi: x[lo:mid]}, y.Slice(lo, mid)
		for i := range n {
			row := d[i*n : i*n+i+1]
			if i < short {
				bothTwice(row, xk.Hi, yk, i, i)
				continue
			}
			h, l := vec.DotPair(row, xk)
			addTwice(yk, i, h, l)
			vec.CombinePair(yk.Slice(0, i), xk.Slice(i, i+1), 1, vec.Pair{Hi: row}, n, 1)
		}
		if k == len(a.sub) {
			break
		}
		s, n := a.Sub(k)
		end := a.first[k+2]
		if n <= short {
			for i := range end - mid {
				bothTwice(s[i*n:i*n+n], x[lo:end], y.Slice(lo, end), n+i, n)
			}
			continue
		}
		yn := y.Slice(mid, end)
		for i := range end - mid {
			h, l := vec.DotPair(s[i*n:i*n+n], xk)
			addTwice(yn, i, h, l)
		}
		vec.CombinePair(yk, vec.Pair{Hi: x[mid:end]}, 1, vec.Pair{Hi: s}, n, end-mid)
	}
	for i, v := range x {
		var s twice
		s.h, s.l = vec.TwoSum(b[i], -y.Hi[i])
		s = s.plus(-shift, v)
		r[i] = s.h + (s.l - y.Lo[i])
	}
}

// short is the length of rows up to which the loop over both triangles is faster.
const short = 8

// bothTwice adds the product of a row of the lower triangle, row i, with x to
// element i of y, and of the first n elements of the row with x[i] to y.
func bothTwice(row, x []float64, y vec.Pair, i, n int) {
	xi := x[i]
	x = x[:len(row)]
	yh, yl := y.Hi[:len(row)], y.Lo[:len(row)]
	var s twice
	for j, v := range row {
		s = s.plus(v, x[j])
		if j < n {
			t := twice{yh[j], yl[j]}.plus(v, xi)
			yh[j], yl[j] = t.h, t.l
		}
	}
	addTwice(y, i, s.h, s.l)
}

// addTwice adds h + l to element i of y.
func addTwice(y vec.Pair, i int, h, l float64) {
	s, e := vec.TwoSum(y.Hi[i], h)
	y.Hi[i] = s
	y.Lo[i] += e + l
}

// zeroPair returns a zero vector of n elements.
func (w *residualWork) zeroPair(n int) vec.Pair {
	if cap(w.pair.Hi) < n {
		w.pair = vec.MakePair(n)
	}
	y := vec.Pair{Hi: w.pair.Hi[:n], Lo: w.pair.Lo[:n]}
	y.Clear()
	return y
}
