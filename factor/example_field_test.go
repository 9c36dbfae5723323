package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// A Gaussian Markov random field on a grid: the precision of the field x is the
// sparse matrix
//
//	Q = κ²I + L        L: differences between neighbours
//
// and y = x + noise is observed. The range 1/κ is estimated from y by maximum
// likelihood, which takes two determinants and a quadratic form,
//
//	2 log p(y) = log|Q| − log|Q + I/s²| − yᵀy/s² + yᵀ(Q + I/s²)⁻¹y/s⁴ − n log 2πs²
//
// and the field is given back with its standard deviation, from the diagonal of
// an inverse.
//
// Source: H. Rue and L. Held, Gaussian Markov Random Fields: Theory and
// Applications (2005), chapters 2 and 4.
func Example_randomField() {
	const side, kappa, noise = 40, 0.5, 0.3
	x, err := sampleField(side, side, kappa)
	if err != nil {
		fmt.Println(err)
		return
	}
	rng := rand.New(rand.NewPCG(2005, 2))
	y := mat.NewVecDense(x.Len(), nil)
	for i := range x.Len() {
		y.SetVec(i, x.AtVec(i)+noise*rng.NormFloat64())
	}

	best, most := 0.0, math.Inf(-1)
	for _, k := range []float64{0.125, 0.25, 0.5, 1, 2} {
		log, err := fieldLikelihood(side, side, k, noise, y)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("κ = %5.3f: log-likelihood %.1f\n", k, log)
		if log > most {
			best, most = k, log
		}
	}

	var f factor.Block
	var mean mat.VecDense
	y.ScaleVec(1/(noise*noise), y)
	if err := errors.Join(f.FactorizeShifted(field(side, side, best), -1/(noise*noise)), f.SolveVecTo(&mean, y)); err != nil {
		fmt.Println(err)
		return
	}
	variance, err := f.InverseDiagTo(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	expected := 0.0
	for _, v := range variance {
		expected += v / float64(len(variance))
	}
	fmt.Printf("error of the field: %.3f, expected %.3f\n", distance(mean.RawVector().Data, x.RawVector().Data), math.Sqrt(expected))
	// Output:
	// κ = 0.125: log-likelihood -1530.2
	// κ = 0.250: log-likelihood -1526.1
	// κ = 0.500: log-likelihood -1521.9
	// κ = 1.000: log-likelihood -1557.2
	// κ = 2.000: log-likelihood -1815.0
	// error of the field: 0.260, expected 0.257
}

// field is the precision κ²I + L of a field on a grid, a row a block.
func field(rows, cols int, kappa float64) *la.BlockTridiag {
	q := laplacian(rows, cols, 1)
	for k := range rows {
		d, ld := q.Diag(k)
		for i := range ld {
			d[i*ld+i] += kappa * kappa
		}
	}
	return q
}

// sampleField draws a field: κε + Bᵀε' has the covariance Q where L = BᵀB takes
// the differences between neighbours, so its solution has Q⁻¹.
func sampleField(rows, cols int, kappa float64) (*mat.VecDense, error) {
	rng := rand.New(rand.NewPCG(2005, 1))
	b := mat.NewVecDense(rows*cols, nil)
	bump := func(i int, v float64) { b.SetVec(i, b.AtVec(i)+v) }
	for i := range rows {
		for j := range cols {
			at := i*cols + j
			bump(at, kappa*rng.NormFloat64())
			for _, e := range []struct {
				edge, last bool
				next       int
			}{{i == 0, i == rows-1, at + cols}, {j == 0, j == cols-1, at + 1}} {
				v := rng.NormFloat64()
				bump(at, v)
				if !e.last {
					bump(e.next, -v)
				}
				if e.edge {
					bump(at, rng.NormFloat64()) // the neighbour outside is 0
				}
			}
		}
	}
	var f factor.Block
	var x mat.VecDense
	err := errors.Join(f.Factorize(field(rows, cols, kappa)), f.SolveVecTo(&x, b))
	return &x, err
}

// fieldLikelihood is log p(y).
func fieldLikelihood(rows, cols int, kappa, noise float64, y *mat.VecDense) (float64, error) {
	var prior, posterior factor.Block
	q := field(rows, cols, kappa)
	s := noise * noise
	if err := errors.Join(prior.Factorize(q), posterior.FactorizeShifted(q, -1/s)); err != nil {
		return 0, err
	}
	form, err := posterior.QuadFormTo(nil, y)
	if err != nil {
		return 0, err
	}
	before, _ := prior.LogDet()
	after, _ := posterior.LogDet()
	n := float64(y.Len())
	return (before - after - mat.Dot(y, y)/s + form[0]/(s*s) - n*math.Log(2*math.Pi*s)) / 2, nil
}
