package laplace

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
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

// testChunk is the number of samples that are predicted at a time at most; solvedChunk
// where each of them takes a pass over all of these.
const (
	testChunk   = 256
	solvedChunk = 64
)

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
	chunk := testChunk
	if l.gram == nil {
		chunk = solvedChunk
	}
	for from := 0; from < count; from += chunk {
		n := min(chunk, count-from)
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

// A rawSolver solves by its factors, without refinement: all but the iterative methods.
type rawSolver interface{ SolveRaw(x []float64, nr int) }

// covTolerance is the part of a variance by which the factors alone may be off.
const covTolerance = 1e-8

// solvedCov computes J'(H + D)⁻¹J'ᵀ sample by sample, by solves for all outputs with the
// factors alone. The sample of the largest variance is solved for with refinement as well;
// where that differs, or the factors are those of another damping, all are.
func (l *Laplace) solvedCov(cov []float64, c *system.Chain) error {
	p := system.NewProduct(c, l.backend())
	n, out, order := c.Loss.Batch, c.Loss.Rows, l.f.SymmetricDim()
	raw, ok := l.f.(rawSolver)
	if !ok || l.f.Report().Shift != 0 {
		return l.refinedCov(cov, p, 0, n, out)
	}
	b, x, unit := make([]float64, out*order), make([]float64, out*order), make([]float64, n*out)
	largest, at := 0.0, 0
	for i := range n {
		for j := range out {
			unit[i*out+j] = 1
			p.TransOutputs(b[j*order:(j+1)*order], unit)
			unit[i*out+j] = 0
		}
		copy(x, b)
		raw.SolveRaw(x, out)
		block := cov[i*out*out : (i+1)*out*out]
		l.backend().Gemm(blas.NoTrans, blas.Trans, out, out, order, 1, b, order, x, order, 0, block, out)
		for j := range out {
			for k := range j {
				v := (block[j*out+k] + block[k*out+j]) / 2
				block[j*out+k], block[k*out+j] = v, v
			}
			if v := math.Abs(block[j*out+j]); !(v <= largest) {
				largest, at = v, i
			}
		}
	}
	if n == 0 {
		return nil
	}
	block := cov[at*out*out : (at+1)*out*out]
	before := slices.Clone(block)
	if err := l.refinedCov(cov, p, at, at+1, out); err != nil {
		return err
	}
	for i, v := range block {
		if !(math.Abs(v-before[i]) <= covTolerance*largest) {
			return l.refinedCov(cov, p, 0, n, out)
		}
	}
	return nil
}

// refinedCov computes it for the samples from ≤ i < to, of out outputs each, by refined
// solves.
func (l *Laplace) refinedCov(cov []float64, p *system.Product, from, to, out int) error {
	order := l.f.SymmetricDim()
	b, x := mat.NewDense(order, out, nil), new(mat.Dense)
	column, unit := make([]float64, order), make([]float64, len(cov)/out)
	for i := from; i < to; i++ {
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
