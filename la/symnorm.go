package la

import "math"

// Norm returns the norm of the matrix in gonum's numbering: 1 is the largest
// absolute column sum, 2 is the Frobenius norm, +Inf the largest absolute row
// sum (the same as 1, by symmetry). Another number panics.
func (a *Sym) Norm(norm float64) float64 {
	switch {
	case norm == 1 || math.IsInf(norm, 1):
		return a.NormOne()
	case norm == 2:
		return a.NormFrobenius()
	}
	panic(ErrNorm)
}

// NormOne returns the largest absolute column sum, which is also the largest
// absolute row sum. It is NaN if the matrix holds a NaN.
func (a *Sym) NormOne() float64 {
	sum := make([]float64, a.n)
	for i := range sum {
		for t := a.ptr[i]; t < a.ptr[i+1]; t++ {
			v := math.Abs(a.val[t])
			sum[i] += v
			if j := int(a.col[t]); j != i {
				sum[j] += v
			}
		}
	}
	return largest(sum)
}

// NormFrobenius returns the square root of the sum of the squares of the
// elements of both triangles, without overflow on the way.
func (a *Sym) NormFrobenius() float64 {
	scale := a.NormMax()
	if scale == 0 || math.IsInf(scale, 0) || math.IsNaN(scale) {
		return scale
	}
	var s float64
	for i := 0; i < a.n; i++ {
		for t := a.ptr[i]; t < a.ptr[i+1]; t++ {
			v := a.val[t] / scale
			if int(a.col[t]) == i {
				s += v * v
			} else {
				s += 2 * v * v
			}
		}
	}
	return scale * math.Sqrt(s)
}

// NormMax returns the largest absolute value of an element.
func (a *Sym) NormMax() float64 { return largest(a.val) }

// largest is the largest absolute value in x, NaN if it holds one, 0 if empty.
func largest(x []float64) float64 {
	var m float64
	for _, v := range x {
		v = math.Abs(v)
		if v > m || math.IsNaN(v) {
			if math.IsNaN(v) {
				return v
			}
			m = v
		}
	}
	return m
}
