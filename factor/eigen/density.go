package eigen

import (
	"math"
	"math/rand/v2"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
)

// Density estimates the density of the eigenvalues of a, smoothed by a normal
// distribution of standard deviation width, at each of the points:
//
//	φ(x) = 1/n Σ N(x − λ_i; width)
//
// by Lanczos' method from random vectors, in products products each. With it come
// the standard errors of the means over the probes, at least two, else it panics
// with factor.ErrShape; width must be positive. The estimates are for
// plots; Spectrum counts exactly how many eigenvalues lie in an interval. A backend of nil is
// blas.Native(). The error is a *la.NotFiniteError.
//
// Source: L. Lin, Y. Saad and C. Yang, Approximating spectral densities of large
// matrices, SIAM Review 58 (2016), section 3.2.
func Density(a Operator, points []float64, width float64, probes, products int, seed uint64, backend blas.Backend) (density, stderr []float64, err error) {
	if probes < 2 || products < 1 {
		panic(factor.ErrShape)
	}
	checkWidth(width)
	if backend == nil {
		backend = blas.Native()
	}
	n := a.SymmetricDim()
	k := newKrylov(backend, n, min(products, n))
	rng := rand.New(rand.NewPCG(seed, 2016))
	v := make([]float64, n)
	density, stderr = make([]float64, len(points)), make([]float64, len(points))
	for range probes {
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		k.begin(v)
		for k.size < k.most && !k.closed {
			k.extend(a)
		}
		theta, z, ok := k.eigen()
		if !ok {
			return nil, nil, &factor.NotFiniteError{Where: "A·v", Index: -1, Value: math.NaN()}
		}
		for i, x := range points {
			d := 0.0
			for j, t := range theta {
				u := (x - t) / width
				d += z[j] * z[j] * math.Exp(-u*u/2)
			}
			d /= width * math.Sqrt(2*math.Pi)
			density[i] += d
			stderr[i] += d * d
		}
	}
	p := float64(probes)
	vec.Scale(density, 1/p, density)
	for i, d := range density {
		stderr[i] = math.Sqrt(max(0, stderr[i]/p-d*d) / (p - 1))
	}
	return density, stderr, nil
}
