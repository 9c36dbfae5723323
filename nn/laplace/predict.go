package laplace

import (
	"gonum.org/v1/gonum/mat"

	"costate/nn"
	"costate/system"
)

// A Prediction is the normal distribution of the outputs of N samples, from that of the
// parameters with the network linear in them: the functional posterior.
type Prediction struct {
	N, Outputs int
	Mean       []float64 // N×Outputs: the outputs at w*
	Cov        []float64 // N×Outputs×Outputs: their covariance, sample by sample
}

// testChunk is the number of samples that are predicted at a time at most.
const testChunk = 256

// Predict computes the functional posterior for count samples x (count×inputs), layer by
// layer and without the derivative of any output in the parameters: J'ΣJ'ᵀ. For the
// squared error σ² is not in it; add it for the predictive variance. Errors are those
// of nn for the samples and of factor for inverses.
func (l *Laplace) Predict(x []float64, count int) (*Prediction, error) {
	l.need()
	c := l.net.Outputs()
	p := &Prediction{N: count, Outputs: c, Mean: make([]float64, count*c), Cov: make([]float64, count*c*c)}
	in := l.net.Inputs()
	if len(x) != count*in {
		panic(ErrShape)
	}
	var lin nn.Linearization
	for from := 0; from < count; from += testChunk {
		n := min(testChunk, count-from)
		// The targets do not matter: the chain of the outputs has no loss.
		batch := &nn.Batch{N: n, X: x[from*in : (from+n)*in], T: make([]float64, n*l.net.Targets())}
		if err := l.net.Linearize(&lin, batch); err != nil {
			return nil, err
		}
		copy(p.Mean[from*c:], lin.Outputs)
		cov := p.Cov[from*c*c : (from+n)*c*c]
		chain := l.scaled.apply(lin.Chain.GaussNewton())
		var err error
		if l.gram != nil {
			err = l.gram.TestCovTo(cov, chain)
		} else {
			err = l.solvedCov(cov, chain)
		}
		if err != nil {
			return nil, err
		}
	}
	for i := range p.Cov {
		p.Cov[i] /= l.kappa
	}
	return p, nil
}

// solvedCov computes J'(H + D)⁻¹J'ᵀ sample by sample, by a refined solve for each output.
func (l *Laplace) solvedCov(cov []float64, c *system.Chain) error {
	p := system.NewProduct(c, l.backend())
	n, out, order := c.Loss.Batch, c.Loss.Rows, l.f.SymmetricDim()
	b, x := mat.NewDense(order, out, nil), new(mat.Dense)
	column, unit := make([]float64, order), make([]float64, n*out)
	for i := range n {
		for j := range out {
			unit[i*out+j] = 1
			p.TransOutputs(column, unit)
			unit[i*out+j] = 0
			b.SetCol(j, column)
		}
		if err := l.f.SolveTo(x, b); err != nil {
			return err
		}
		var v mat.Dense
		v.Mul(b.T(), x)
		for j := range out {
			for k := range out {
				cov[(i*out+j)*out+k] = (v.At(j, k) + v.At(k, j)) / 2
			}
		}
	}
	return nil
}

// NoiseVariance is σ² of the squared error, and 0 for other losses: what is to be added
// to the variances of outputs for those of targets.
func (l *Laplace) NoiseVariance() float64 {
	l.need()
	if !l.like.noise {
		return 0
	}
	return l.sigma() * l.sigma()
}

// Variance is the variance of output i of sample n.
func (p *Prediction) Variance(n, i int) float64 {
	return p.Cov[(n*p.Outputs+i)*p.Outputs+i]
}
