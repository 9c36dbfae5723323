package laplace

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"costate/nn"
)

// VarianceTo writes the marginal variances of all parameters into dst, of length Params
// or nil, and returns it. Errors are those of factor.Inverter.
func (l *Laplace) VarianceTo(dst []float64) ([]float64, error) {
	l.need()
	dst, err := l.f.InverseDiagTo(dst)
	if err != nil {
		return nil, err
	}
	for range 2 {
		l.scaled.multiply(dst)
	}
	for i := range dst {
		dst[i] /= l.kappa
	}
	return dst, nil
}

// StageCovarianceTo writes the joint covariance of the parameters of a stage of the
// chain, a layer counted from 0, into dst. An empty dst is resized. Errors are those
// of factor.Inverter.
func (l *Laplace) StageCovarianceTo(dst *mat.SymDense, stage int) error {
	l.need()
	if err := l.f.StageInverseTo(dst, stage); err != nil {
		return err
	}
	first := 0
	for _, s := range l.chain.Stages[:stage] {
		first += s.Params()
	}
	n := dst.SymmetricDim()
	for i := range n {
		for j := i; j < n; j++ {
			v := dst.At(i, j) / l.kappa
			if l.scaled.t != nil {
				v *= l.scaled.t[first+i] * l.scaled.t[first+j]
			}
			dst.SetSym(i, j, v)
		}
	}
	return nil
}

// Normals is the number of standard normal numbers that a sample is made of.
func (l *Laplace) Normals() int {
	l.need()
	return l.f.Normals()
}

// SampleTo writes parameters drawn from the posterior into dst, of length Params: w* + A z
// for the given standard normal numbers z, of length Normals, with A Aᵀ = Σ. Errors
// are those of factor.Inverter.
func (l *Laplace) SampleTo(dst, normals []float64) error {
	l.need()
	if len(dst) != len(l.prior.of) || len(normals) != l.Normals() {
		panic(ErrShape)
	}
	x := mat.NewVecDense(len(dst), nil)
	if err := l.f.SampleTo(x, normals); err != nil {
		return err
	}
	l.net.ParamsTo(dst)
	step := x.RawVector().Data
	l.scaled.multiply(step)
	root := math.Sqrt(l.kappa)
	for i, v := range step {
		dst[i] += v / root
	}
	return nil
}

// SamplePredict returns the mean of the outputs, or with classes true of the class
// probabilities, of count inputs x over so many networks drawn from the posterior with
// rng: without taking the network for linear.
func (l *Laplace) SamplePredict(x []float64, count, samples int, classes bool, rng *rand.Rand) ([]float64, error) {
	l.need()
	c := l.net.Outputs()
	mean, one := make([]float64, count*c), make([]float64, count*c)
	z, w := make([]float64, l.Normals()), make([]float64, l.Params())
	net := l.net.Clone()
	var ws nn.Workspace
	for range samples {
		for i := range z {
			z[i] = rng.NormFloat64()
		}
		if err := l.SampleTo(w, z); err != nil {
			return nil, err
		}
		net.SetParams(w)
		if err := net.Predict(one, x, count, &ws); err != nil {
			return nil, err
		}
		for n := range count {
			row := one[n*c : (n+1)*c]
			if classes {
				probabilities(row)
			}
			for i, v := range row {
				mean[n*c+i] += v / float64(samples)
			}
		}
	}
	return mean, nil
}
