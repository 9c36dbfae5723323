package nn

import (
	"costate/la/blas"
	"costate/la/vec"
)

// smallProduct is the number of multiplications up to which the kernels of package vec,
// which pack nothing, are as fast as a call of a backend, or faster; measured by
// BenchmarkProduct and BenchmarkLinearize.
const smallProduct = 3200

// A products multiplies with a backend, or by kernels for small matrices where a call
// would cost more than the work.
type products struct{ be blas.Backend }

func (n *Network) products() products {
	if n.Backend != nil {
		return products{n.Backend}
	}
	return products{n.native}
}

// forward computes u = z Wᵀ + b for batch rows; b may be nil.
func (p products) forward(u, z, w, b []float64, batch, in, out int) {
	if batch*in*out > smallProduct {
		beta := 0.0
		if b != nil {
			beta = 1
			for n := range batch {
				copy(u[n*out:n*out+out], b)
			}
		}
		p.be.Gemm(blas.NoTrans, blas.Trans, batch, out, in, 1, z, in, w, in, beta, u, out)
		return
	}
	smallForward(u, z, w, b, batch, in, out)
}

// back computes g = δ W, or adds it to g.
func (p products) back(g, delta, w []float64, batch, in, out int, add bool) {
	if batch*in*out > smallProduct {
		beta := 0.0
		if add {
			beta = 1
		}
		p.be.Gemm(blas.NoTrans, blas.NoTrans, batch, in, out, 1, delta, out, w, in, beta, g, in)
		return
	}
	smallBack(g, delta, w, batch, in, out, add)
}

// gradient computes dw = δᵀ z, or adds it to dw.
func (p products) gradient(dw, delta, z []float64, batch, in, out int, add bool) {
	if batch*in*out > smallProduct {
		beta := 0.0
		if add {
			beta = 1
		}
		p.be.Gemm(blas.Trans, blas.NoTrans, out, in, batch, 1, delta, out, z, in, beta, dw, in)
		return
	}
	smallGradient(dw, delta, z, batch, in, out, add)
}

// The small ones of forward, back and gradient.

func smallForward(u, z, w, b []float64, batch, in, out int) {
	if b == nil {
		vec.SetProductTrans(u, out, z, in, w, in, batch, out, in)
		return
	}
	for n := range batch {
		copy(u[n*out:n*out+out], b)
	}
	vec.AddProductTrans(u, out, z, in, w, in, batch, out, in)
}

func smallBack(g, delta, w []float64, batch, in, out int, add bool) {
	if add {
		vec.AddProduct(g, in, delta, out, 1, w, in, batch, in, out)
	} else {
		vec.SetProduct(g, in, delta, out, 1, w, in, batch, in, out)
	}
}

func smallGradient(dw, delta, z []float64, batch, in, out int, add bool) {
	if add {
		vec.AddProduct(dw, in, delta, 1, out, z, in, out, in, batch)
	} else {
		vec.SetProduct(dw, in, delta, 1, out, z, in, out, in, batch)
	}
}

// dot returns Σ a_i b_i in two sums, whose order is fixed.
func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s, t float64
	i := 0
	for ; i+1 < len(a); i += 2 {
		s += a[i] * b[i]
		t += a[i+1] * b[i+1]
	}
	if i < len(a) {
		s += a[i] * b[i]
	}
	return s + t
}

// axpy computes dst += c a.
func axpy(dst []float64, c float64, a []float64) {
	a = a[:len(dst)]
	for i, v := range a {
		dst[i] += c * v
	}
}

// sumRows computes dst = Σ_n a_n over the rows of a, or adds it to dst.
func sumRows(dst, a []float64, add bool) {
	if !add {
		clear(dst)
	}
	for w := len(dst); len(a) >= w; a = a[w:] {
		for i, v := range a[:w] {
			dst[i] += v
		}
	}
}
