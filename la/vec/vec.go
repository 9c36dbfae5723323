package vec

// assembly is whether the kernels in assembly run, which need AVX2 and FMA, or arm64; wide
// is whether those that have a variant for AVX-512 run that.
var assembly, wide = hasAssembly, hasWide

// Force makes the package use the kernels of an instruction set, "go" (none), "avx2",
// "avx512" or "neon", until undo is called. It returns false if this build or processor
// does not have it. It is for tests; no kernel may be running.
func Force(isa string) (undo func(), ok bool) {
	oldAssembly, oldWide := assembly, wide
	switch {
	case isa == "go":
		assembly, wide = false, false
	case isa == assemblyISA && hasAssembly:
		assembly, wide = true, false
	case isa == "avx512" && hasWide:
		assembly, wide = true, true
	default:
		return nil, false
	}
	return func() { assembly, wide = oldAssembly, oldWide }, true
}

// Combine adds the rows of a matrix w with leading dimension ld to y:
//
//	y[i] += Σ_j c[j] w[j*ld+i]        j < len(c), i < len(y)
//
// y may not overlap w or c.
func Combine(y, c, w []float64, ld int) {
	n, k := len(y), len(c)
	if n == 0 || k == 0 {
		return
	}
	_ = w[(k-1)*ld+n-1]
	if !assembly {
		combine_g(y, c, w, ld)
		return
	}
	j := 0
	for ; k-j >= 8; j += 8 {
		combine8(&y[0], n, &w[j*ld], 8*ld, &c[j])
	}
	if k-j >= 4 {
		combine4(&y[0], n, &w[j*ld], 8*ld, &c[j])
		j += 4
	}
	if k-j >= 2 {
		combine2(&y[0], n, &w[j*ld], 8*ld, &c[j])
		j += 2
	}
	if k > j {
		combine1(&y[0], n, &w[j*ld], 8*ld, &c[j])
	}
}

// Axpy is y += a x, for len(y) elements.
func Axpy(y []float64, a float64, x []float64) {
	n := len(y)
	if n == 0 {
		return
	}
	_ = x[n-1]
	if !assembly || n < 8 {
		x = x[:n]
		for i := range y {
			y[i] += a * x[i]
		}
		return
	}
	combine1(&y[0], n, &x[0], 0, &a)
}

// Dots sets s to the products of the rows of w with x:
//
//	s[j] = Σ_i w[j*ld+i] x[i]         j < len(s), i < len(x)
//
// s may not overlap w or x.
func Dots(s, w []float64, ld int, x []float64) {
	n, k := len(x), len(s)
	if n == 0 || k == 0 {
		clear(s)
		return
	}
	_ = w[(k-1)*ld+n-1]
	if !assembly {
		for j := range s {
			s[j] = dot_g(w[j*ld:j*ld+n], x)
		}
		return
	}
	j := 0
	for ; k-j >= 4; j += 4 {
		dot4(&s[j], n, &w[j*ld], 8*ld, &x[0])
	}
	for ; j < k; j++ {
		dot1(&s[j], n, &w[j*ld], 0, &x[0])
	}
}

// Dot returns the product of x with the first elements of y.
func Dot(x, y []float64) float64 {
	n := len(x)
	if n == 0 {
		return 0
	}
	_ = y[n-1]
	if !assembly || n < 8 {
		return dot_g(x, y)
	}
	var s float64
	dot1(&s, n, &x[0], 0, &y[0])
	return s
}

// MaxAbsValue returns the greatest magnitude in x, NaN apart; 0 if there is none. See
// MaxMagnitude, which a NaN goes through, and Peak, which tells where it is.
func MaxAbsValue(x []float64) float64 {
	if !assembly || len(x) < 8 {
		return maxAbs_g(x)
	}
	return maxAbs(&x[0], len(x))
}

// Scale sets x = f u, for len(x) elements. x may be u.
func Scale(x []float64, f float64, u []float64) {
	n := len(x)
	if n == 0 {
		return
	}
	_ = u[n-1]
	if !assembly || n < 8 {
		u = u[:n]
		for i := range x {
			x[i] = f * u[i]
		}
		return
	}
	scale(&x[0], &u[0], n, f)
}

// MulAdd is y += u ∘ v, element by element, for len(y) elements. y may be u or v.
func MulAdd(y, u, v []float64) {
	n := len(y)
	if n == 0 {
		return
	}
	_, _ = u[n-1], v[n-1]
	if !assembly || n < 8 {
		u, v = u[:n], v[:n]
		for i := range y {
			y[i] += u[i] * v[i]
		}
		return
	}
	mulAdd(&y[0], &u[0], &v[0], n)
}

// Mul is z = u ∘ v, element by element, for len(z) elements. z may be u or v.
func Mul(z, u, v []float64) {
	n := len(z)
	if n == 0 {
		return
	}
	_, _ = u[n-1], v[n-1]
	if !assembly || n < 8 {
		u, v = u[:n], v[:n]
		for i := range z {
			z[i] = u[i] * v[i]
		}
		return
	}
	mul(&z[0], &u[0], &v[0], n)
}

// MulMost is Mul, and keeps the greatest magnitudes that were met in m, for
// len(z) elements:
//
//	z[i] = u[i] v[i],    m[i] = max(m[i], |z[i]|)
//
// m holds their bits (math.Float64bits), which are ordered as the magnitudes
// are, infinities and NaN last: no NaN is lost.
func MulMost(z, u, v []float64, m []uint64) {
	n := len(z)
	if n == 0 {
		return
	}
	_, _, _ = u[n-1], v[n-1], m[n-1]
	if !assembly || n < 4 {
		mulMost_g(z, u, v, m)
		return
	}
	mulMost(&z[0], &u[0], &v[0], &m[0], n)
}

// Pivot2 multiplies two columns by a symmetric 2×2 matrix:
//
//	x = f[0] u + f[1] v,    y = f[1] u + f[2] v        for len(x) elements
//
// x may be u if y is v.
func Pivot2(x, y, u, v []float64, f *[3]float64) {
	n := len(x)
	if n == 0 {
		return
	}
	_, _, _ = y[n-1], u[n-1], v[n-1]
	if !assembly {
		pivot2_g(x, y, u, v, f)
		return
	}
	pivot2(&x[0], &y[0], &u[0], &v[0], n, &f[0])
}

// Tanh sets f = tanh u and t = exp(−2|u|), element by element, for len(u) elements;
// t may be nil. f or t may be u. Errors are a few units in the last place, of t too
// as long as it is above the least normal number; below it becomes 0.
func Tanh(f, t, u []float64) {
	n := len(u)
	if n == 0 {
		return
	}
	_ = f[n-1]
	if t != nil {
		_ = t[n-1]
	}
	if !assembly {
		tanh_g(f, t, u)
		return
	}
	if whole := n &^ 3; whole > 0 {
		if t == nil {
			tanh(&f[0], &u[0], whole)
		} else {
			tanhExp(&f[0], &t[0], &u[0], whole)
			t = t[whole:]
		}
		f, u = f[whole:], u[whole:]
	}
	if len(u) > 0 {
		var x, y, z [4]float64
		copy(x[:], u)
		tanhExp(&y[0], &z[0], &x[0], 4)
		copy(f[:len(u)], y[:])
		if t != nil {
			copy(t[:len(u)], z[:])
		}
	}
}
