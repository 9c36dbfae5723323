package vec

import "math"

// combine_g is the twin of Combine, four rows at a time.
func combine_g(y, c, w []float64, ld int) {
	n := len(y)
	for len(c) >= 4 {
		c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
		w0, w1, w2, w3 := w[:n], w[ld:ld+n], w[2*ld:2*ld+n], w[3*ld:3*ld+n]
		for i := range y {
			y[i] += c0*w0[i] + c1*w1[i] + (c2*w2[i] + c3*w3[i])
		}
		c = c[4:]
		if len(c) > 0 {
			w = w[4*ld:]
		}
	}
	for j, f := range c {
		for i, v := range w[j*ld : j*ld+n] {
			y[i] += f * v
		}
	}
}

// dot_g is the twin of Dot, with four sums.
func dot_g(x, y []float64) float64 {
	var s0, s1, s2, s3 float64
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s0 += x[i] * y[i]
		s1 += x[i+1] * y[i+1]
		s2 += x[i+2] * y[i+2]
		s3 += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		s0 += x[i] * y[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// maxAbs_g is the twin of MaxAbsValue.
func maxAbs_g(x []float64) (m float64) {
	for _, v := range x {
		if v = math.Abs(v); v > m {
			m = v
		}
	}
	return m
}

// mulMost_g is the twin of MulMost.
func mulMost_g(z, u, v []float64, m []uint64) {
	const magnitude = 1<<63 - 1
	u, v, m = u[:len(z)], v[:len(z)], m[:len(z)]
	for i := range z {
		p := u[i] * v[i]
		z[i] = p
		m[i] = max(m[i], math.Float64bits(p)&magnitude)
	}
}

// pivot2_g is the twin of Pivot2.
func pivot2_g(x, y, u, v []float64, f *[3]float64) {
	u, v, y = u[:len(x)], v[:len(x)], y[:len(x)]
	for i := range x {
		p, q := u[i], v[i]
		x[i], y[i] = f[0]*p+f[1]*q, f[1]*p+f[2]*q
	}
}

// tanh_g is the twin of Tanh.
func tanh_g(f, t, u []float64) {
	for i, v := range u {
		a := math.Abs(v)
		e := math.Exp(-2 * a)
		if a < 0.55 {
			f[i] = math.Tanh(v)
		} else {
			f[i] = math.Copysign((1-e)/(1+e), v)
		}
		if t != nil {
			t[i] = e
		}
	}
}
