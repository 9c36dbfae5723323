package laplace

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Probit writes class probabilities into dst, N×Outputs, with MacKay's approximation of
// the integral over normal logits,
//
//	softmax(f/√(1 + π/8 var f))
//
// or of a sigmoid for one output. Source: D. J. C. MacKay, The evidence framework applied
// to classification networks, Neural Computation 4 (1992); for several classes as in
// laplace-torch.
func (p *Prediction) Probit(dst []float64) {
	p.check(dst)
	for n := range p.N {
		row := dst[n*p.Outputs : (n+1)*p.Outputs]
		for i := range row {
			row[i] = p.Mean[n*p.Outputs+i] / math.Sqrt(1+math.Pi/8*p.Variance(n, i))
		}
		probabilities(row)
	}
}

// MonteCarlo writes class probabilities into dst, N×Outputs: the mean of the softmax, or
// of the sigmoid for one output, of so many logits drawn from the functional posterior
// with rng.
func (p *Prediction) MonteCarlo(dst []float64, samples int, rng *rand.Rand) error {
	p.check(dst)
	c := p.Outputs
	z, f := make([]float64, c), make([]float64, c)
	for n := range p.N {
		root, err := squareRoot(p.Cov[n*c*c:(n+1)*c*c], c)
		if err != nil {
			return err
		}
		row := dst[n*c : (n+1)*c]
		clear(row)
		for range samples {
			for i := range z {
				z[i] = rng.NormFloat64()
			}
			for i := range f {
				f[i] = p.Mean[n*c+i]
				for j, v := range z {
					f[i] += root.At(i, j) * v
				}
			}
			probabilities(f)
			for i, v := range f {
				row[i] += v / float64(samples)
			}
		}
	}
	return nil
}

// squareRoot is V Λ^½ of a positive semidefinite matrix.
func squareRoot(a []float64, c int) (*mat.Dense, error) {
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(c, a), true) {
		return nil, errNotFinite
	}
	v := new(mat.Dense)
	e.VectorsTo(v)
	for j, l := range e.Values(nil) {
		for i := range c {
			v.Set(i, j, v.At(i, j)*math.Sqrt(max(l, 0))) // below zero by rounding
		}
	}
	return v, nil
}

// Bridge writes class probabilities into dst, N×Outputs, by the Laplace bridge: the
// Dirichlet distribution whose density in the logits has mode and curvature of the normal
// one, after the normal one has been restricted to logits of sum zero,
//
//	α_i = (1 − 2/c + exp(f_i)/c² Σ_j exp(−f_j)) / var f_i
//
// It needs at least two outputs. Source: M. Hobbhahn, A. Kristiadi and P. Hennig, Fast
// predictive uncertainty for classification with Bayesian deep networks, UAI 2022.
func (p *Prediction) Bridge(dst []float64) {
	p.check(dst)
	c := p.Outputs
	if c < 2 {
		panic(ErrShape)
	}
	f := make([]float64, c)
	for n := range p.N {
		cov, row := p.Cov[n*c*c:(n+1)*c*c], dst[n*c:(n+1)*c]
		sum, total := 0.0, 0.0
		for i := range c {
			row[i] = 0 // Σ_j cov_ij
			for j := range c {
				row[i] += cov[i*c+j]
			}
			total += row[i]
			sum += p.Mean[n*c+i]
		}
		if total == 0 { // the sum of the logits is certain
			total = math.Inf(1)
		}
		for i := range c {
			f[i] = p.Mean[n*c+i] - row[i]*sum/total
		}
		for i := range c {
			v := cov[i*c+i] - row[i]*row[i]/total
			// log α_i; exp(f_i − f_j) may be large.
			big := 0.0
			for _, g := range f {
				big = max(big, f[i]-g)
			}
			s := (1 - 2/float64(c)) * math.Exp(-big)
			for _, g := range f {
				s += math.Exp(f[i]-g-big) / float64(c*c)
			}
			row[i] = math.Log(s) + big - math.Log(v)
		}
		softmax(row)
	}
}

func (p *Prediction) check(dst []float64) {
	if len(dst) != p.N*p.Outputs {
		panic(ErrShape)
	}
}

// probabilities turns logits into probabilities.
func probabilities(f []float64) {
	if len(f) == 1 {
		f[0] = 1 / (1 + math.Exp(-f[0]))
		return
	}
	softmax(f)
}

func softmax(f []float64) {
	big := math.Inf(-1)
	for _, v := range f {
		big = max(big, v)
	}
	sum := 0.0
	for i, v := range f {
		f[i] = math.Exp(v - big)
		sum += f[i]
	}
	for i := range f {
		f[i] /= sum
	}
}
