package vec

import "math"

// Norm2 is the Euclidean norm of x, without needless over- or underflow; NaN
// or infinite if x holds a NaN or an infinity.
func Norm2(x []float64) float64 {
	s := Dot(x, x)
	if s > 0x1p-900 && s < 0x1p900 {
		return math.Sqrt(s)
	}
	big := MaxMagnitude(x)
	if big == 0 || big-big != 0 {
		return big
	}
	_, e := math.Frexp(big)
	s = 0
	for _, v := range x {
		v = math.Ldexp(v, -e)
		s += v * v
	}
	return math.Ldexp(math.Sqrt(s), e)
}

// MaxMagnitude is the largest absolute value in x, 0 for none; NaN if x holds a
// NaN. Numbers without their sign are ordered as their bits are, infinities and
// NaN last.
func MaxMagnitude(x []float64) float64 {
	if assembly && len(x) >= 8 {
		return maxMagnitude(&x[0], len(x))
	}
	const magnitude = 1<<63 - 1
	var a, b, c, d uint64
	for len(x) >= 4 {
		a = max(a, math.Float64bits(x[0])&magnitude)
		b = max(b, math.Float64bits(x[1])&magnitude)
		c = max(c, math.Float64bits(x[2])&magnitude)
		d = max(d, math.Float64bits(x[3])&magnitude)
		x = x[4:]
	}
	for _, v := range x {
		a = max(a, math.Float64bits(v)&magnitude)
	}
	return math.Float64frombits(max(a, b, c, d))
}

// MaxLower is MaxMagnitude of the lower triangle, diagonal included, of the n×n
// matrix a with leading dimension ld.
func MaxLower(n int, a []float64, ld int) float64 {
	m := 0.0
	for i := range n {
		v := MaxMagnitude(a[i*ld : i*ld+i+1])
		if v != v {
			return v
		}
		m = max(m, v)
	}
	return m
}

// FirstNotFinite is the index of the first element of x that is a NaN or an
// infinity, -1 if there is none.
func FirstNotFinite(x []float64) int {
	if m := MaxMagnitude(x); m-m == 0 {
		return -1
	}
	for i, v := range x {
		if v-v != 0 {
			return i
		}
	}
	return -1
}

// tile is a cache line: a tile of wider lines would evict itself where the rows
// of a matrix are a power of two apart.
const tile = 8

// MirrorLower copies the strictly lower triangle of the n×n matrix a into the
// upper one, for the rows from lo to hi of the lower triangle.
func MirrorLower(n int, a []float64, ld, lo, hi int) {
	for i0 := lo; i0 < hi; i0 += tile {
		r := min(tile, hi-i0)
		Transpose(a[i0:], ld, a[i0*ld:], ld, r, i0)
		for i := i0; i < i0+r; i++ {
			for j := i0; j < i; j++ {
				a[j*ld+i] = a[i*ld+j]
			}
		}
	}
}
