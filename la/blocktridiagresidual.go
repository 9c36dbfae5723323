package la

import "costate/la/vec"

// ResidualTo computes r = b − (A + shift I) x in twice the working precision, as
// Sym.ResidualTo does: elements are taken as exact, and r is rounded once. r, b
// and x have the order of the matrix as length; r may be b or x. work is scratch
// of twice that length, apart from them. Nothing is allocated.
func (a *BlockTridiag) ResidualTo(r, work, b, x []float64, shift float64) {
	n := a.SymmetricDim()
	checkResidual(n, r, work, b, x)
	y := vec.Pair{Hi: work[:n], Lo: work[n:]} // (A + shift I) x
	y.Clear()
	for k := range a.diag {
		lo, mid := a.first[k], a.first[k+1]
		a.diagProduct(k, x[lo:mid], y.Slice(lo, mid), shift)
		if k < len(a.sub) {
			end := a.first[k+2]
			a.subProduct(k, x[lo:mid], x[mid:end], y.Slice(lo, mid), y.Slice(mid, end))
		}
	}
	for i, v := range b {
		s, e := vec.TwoSum(v, -y.Hi[i])
		r[i] = s + (e - y.Lo[i])
	}
}

// shortRow is the length of rows below which one loop over both triangles is faster
// than two kernels.
const shortRow = 10

// diagProduct adds (D_k + shift I) x to y.
func (a *BlockTridiag) diagProduct(k int, x []float64, y vec.Pair, shift float64) {
	d, n := a.Diag(k)
	exact := vec.Pair{Hi: x}
	for i, xi := range x {
		row := d[i*n : i*n+i]
		var h, l float64
		if i < shortRow {
			h, l = bothPairs(row, x, y, xi)
		} else {
			h, l = vec.DotPair(row, exact)
			vec.CombinePair(y.Slice(0, i), exact.Slice(i, i+1), 1, vec.Pair{Hi: row}, n, 1)
		}
		h, l = plusProduct(h, l, d[i*n+i], xi)
		h, l = plusProduct(h, l, shift, xi)
		addPair(y, i, h, l)
	}
}

// subProduct adds S_k x to z and S_kᵀ u to y, in the declared rows and columns or,
// where these are many, in all.
func (a *BlockTridiag) subProduct(k int, x, u []float64, y, z vec.Pair) {
	s, n := a.Sub(k)
	rows, cols := a.SubRows(k), a.SubCols(k)
	switch {
	case 4*len(rows)*len(cols) < len(s):
		for _, i := range rows {
			row, ui := s[i*n:i*n+n], u[i]
			h, l := 0.0, 0.0
			for _, j := range cols {
				v := row[j]
				h, l = plusProduct(h, l, v, x[j])
				y.Hi[j], y.Lo[j] = plusProduct(y.Hi[j], y.Lo[j], v, ui)
			}
			addPair(z, i, h, l)
		}
	case n < shortRow:
		for i, ui := range u {
			h, l := bothPairs(s[i*n:i*n+n], x, y, ui)
			addPair(z, i, h, l)
		}
	default:
		for i := range u {
			h, l := vec.DotPair(s[i*n:i*n+n], vec.Pair{Hi: x})
			addPair(z, i, h, l)
		}
		vec.CombinePair(y, vec.Pair{Hi: u}, 1, vec.Pair{Hi: s}, n, len(u))
	}
}

// bothPairs is bothTriangles in twice the working precision.
func bothPairs(row, x []float64, y vec.Pair, xi float64) (h, l float64) {
	n := len(row)
	x, yh, yl := x[:n], y.Hi[:n], y.Lo[:n]
	for j, v := range row {
		h, l = plusProduct(h, l, v, x[j])
		yh[j], yl[j] = plusProduct(yh[j], yl[j], v, xi)
	}
	return h, l
}

// addPair adds h + l to element i of y.
func addPair(y vec.Pair, i int, h, l float64) {
	s, e := vec.TwoSum(y.Hi[i], h)
	y.Hi[i] = s
	y.Lo[i] += e + l
}
