package la

import (
	"math"
	"sort"

	"costate/la/vec"
)

// MulVecTo computes dst = A x, reading each stored element once. It allocates
// nothing. dst and x have the order of the matrix as length and may not
// overlap.
func (a *BlockTridiag) MulVecTo(dst, x []float64) {
	checkMulVec(a.SymmetricDim(), dst, x)
	clear(dst)
	for k := range a.diag {
		d, n := a.Diag(k)
		lo, mid := a.first[k], a.first[k+1]
		xk, yk := x[lo:mid], dst[lo:mid]
		for i, xi := range xk {
			row := d[i*n : i*n+i+1]
			s := row[i] * xi
			s += bothTriangles(row[:i], xk, yk, xi)
			yk[i] += s
		}
		if k == len(a.sub) {
			break
		}
		b, n := a.Sub(k)
		end := a.first[k+2]
		xn, yn := x[mid:end], dst[mid:end]
		for i, xi := range xn {
			yn[i] += bothTriangles(b[i*n:i*n+n], xk, yk, xi)
		}
	}
}

// bothTriangles returns row·x and adds xi·row to y: what a stored row does to
// both sides of the diagonal.
func bothTriangles(row, x, y []float64, xi float64) (dot float64) {
	x, y = x[:len(row)], y[:len(row)]
	for j, v := range row {
		dot += v * x[j]
		y[j] += v * xi
	}
	return dot
}

// DoNonZero calls fn for each element that is not zero, of both triangles: for
// the stored ones block by block, each followed by its mirror image.
func (a *BlockTridiag) DoNonZero(fn func(i, j int, v float64)) {
	a.doStored(func(i, j int, v float64) {
		if v == 0 {
			return
		}
		fn(i, j, v)
		if i != j {
			fn(j, i, v)
		}
	})
}

// doStored calls fn for each element of the lower triangle inside the blocks.
func (a *BlockTridiag) doStored(fn func(i, j int, v float64)) {
	for k := range a.diag {
		d, n := a.Diag(k)
		lo, mid := a.first[k], a.first[k+1]
		for i := 0; i < n; i++ {
			for j := 0; j <= i; j++ {
				fn(lo+i, lo+j, d[i*n+j])
			}
		}
		if k == len(a.sub) {
			break
		}
		b, n := a.Sub(k)
		for i := range a.BlockSize(k + 1) {
			for j := 0; j < n; j++ {
				fn(mid+i, lo+j, b[i*n+j])
			}
		}
	}
}

// Norm returns the norm of the matrix in gonum's numbering: 1 is the largest
// absolute column sum, 2 is the Frobenius norm, +Inf the largest absolute row
// sum (the same as 1, by symmetry). Another number panics.
func (a *BlockTridiag) Norm(norm float64) float64 {
	switch {
	case norm == 1 || math.IsInf(norm, 1):
		return a.NormOne()
	case norm == 2:
		return a.NormFrobenius()
	}
	panic(ErrNorm)
}

// NormOne returns the largest absolute column sum, which is also the largest
// absolute row sum.
func (a *BlockTridiag) NormOne() float64 {
	sum := make([]float64, a.SymmetricDim())
	a.doStored(func(i, j int, v float64) {
		v = math.Abs(v)
		sum[i] += v
		if i != j {
			sum[j] += v
		}
	})
	return largest(sum)
}

// NormFrobenius returns the square root of the sum of the squares of the
// elements of both triangles, without overflow on the way.
func (a *BlockTridiag) NormFrobenius() float64 {
	scale := a.NormMax()
	if scale == 0 || math.IsInf(scale, 0) || math.IsNaN(scale) {
		return scale
	}
	var s float64
	a.doStored(func(i, j int, v float64) {
		v /= scale
		if i == j {
			s += v * v
		} else {
			s += 2 * v * v
		}
	})
	return scale * math.Sqrt(s)
}

// NormMax returns the largest absolute value of an element, NaN if there is a
// NaN.
func (a *BlockTridiag) NormMax() float64 {
	m := 0.0
	for k := range a.Blocks() {
		d, ld := a.Diag(k)
		if m = worse(m, vec.MaxLower(ld, d, ld)); k+1 < a.Blocks() {
			s, _ := a.Sub(k)
			m = worse(m, vec.MaxMagnitude(s))
		}
	}
	return m
}

// worse is the larger one, NaN if one is NaN.
func worse(a, b float64) float64 {
	if a != a || a > b {
		return a
	}
	return b
}

// CheckFinite returns a *NotFiniteError that names the first element of the
// lower triangle, block by block, that is a NaN or an infinity, and nil if
// there is none. name is what the error calls the matrix.
func (a *BlockTridiag) CheckFinite(name string) error {
	check := func(row []float64, i, j int) error {
		if t := vec.FirstNotFinite(row); t >= 0 {
			return notFiniteElement(name, i, j+t, row[t])
		}
		return nil
	}
	for k := range a.diag {
		d, n := a.Diag(k)
		lo, mid := a.first[k], a.first[k+1]
		for i := 0; i < n; i++ {
			if err := check(d[i*n:i*n+i+1], lo+i, lo); err != nil {
				return err
			}
		}
		if k == len(a.sub) {
			break
		}
		b, n := a.Sub(k)
		for i := range a.BlockSize(k + 1) {
			if err := check(b[i*n:i*n+n], mid+i, lo); err != nil {
				return err
			}
		}
	}
	return nil
}

// ToSym returns the matrix as a sparse one, with only the elements that are not
// zero in its pattern.
func (a *BlockTridiag) ToSym() *Sym {
	n := a.SymmetricDim()
	s := &Sym{n: n, ptr: make([]int, n+1)}
	emit := func(i, first int, row []float64) {
		for j, v := range row {
			if v != 0 {
				s.col = append(s.col, int32(first+j))
				s.val = append(s.val, v)
			}
		}
		s.ptr[i+1] = len(s.val)
	}
	for k := range a.diag {
		d, n := a.Diag(k)
		lo := a.first[k]
		for i := 0; i < n; i++ {
			if k > 0 {
				b, m := a.Sub(k - 1)
				emit(lo+i, a.first[k-1], b[i*m:i*m+m])
			}
			emit(lo+i, lo, d[i*n:i*n+i+1])
		}
	}
	return s
}

// Bandwidth returns the largest distance of an element that is not zero from
// the diagonal.
func (a *BlockTridiag) Bandwidth() int {
	bw := 0
	a.doStored(func(i, j int, v float64) {
		if v != 0 {
			bw = max(bw, i-j)
		}
	})
	return bw
}

// BlockOf returns the block that index i belongs to. It panics with ErrIndex if i
// is out of range.
func (a *BlockTridiag) BlockOf(i int) int {
	if uint(i) >= uint(a.SymmetricDim()) {
		panic(ErrIndex)
	}
	return sort.Search(len(a.diag), func(k int) bool { return a.first[k+1] > i })
}
