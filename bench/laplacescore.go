package main

import (
	"context"
	"math"
	"math/rand/v2"

	"costate/nn"
	"costate/nn/laplace"
)

// evaluate predicts the test samples.
func (r *laplaceRun) evaluate(ctx context.Context) (*laplaceTest, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b := r.data.test
	p, err := r.post.Predict(b.X, b.N)
	if err != nil {
		return nil, err
	}
	r.predicted = p
	t := &laplaceTest{N: b.N}
	if !r.data.classes {
		r.regression(t, p, b)
		return t, nil
	}
	r.probs, r.plain = make([]float64, len(p.Mean)), make([]float64, len(p.Mean))
	switch {
	case r.flags.predictive == "mc":
		if err := p.MonteCarlo(r.probs, r.flags.draws, rand.New(rand.NewPCG(r.seed, 0x6d63))); err != nil {
			return nil, err
		}
	case r.flags.predictive == "bridge" && p.Outputs > 1:
		p.Bridge(r.probs)
	default:
		p.Probit(r.probs)
	}
	certain := *p
	certain.Cov = make([]float64, len(p.Cov))
	certain.Probit(r.plain)
	r.classification(t, b)
	return t, nil
}

// regression compares normal predictive distributions with the targets, in their units.
func (r *laplaceRun) regression(t *laplaceTest, p *laplace.Prediction, b *nn.Batch) {
	noise, square := r.post.NoiseVariance(), 0.0
	nll := func(v, e float64) number {
		return number((math.Log(2*math.Pi*v)+e*e/v)/2 + math.Log(r.data.scale))
	}
	for n := range b.N {
		for i := range p.Outputs {
			e := b.T[n*p.Outputs+i] - p.Mean[n*p.Outputs+i]
			t.NLL += nll(noise+p.Variance(n, i), e) / number(b.N)
			t.NLLMap += nll(noise, e) / number(b.N)
			square += e * e
		}
	}
	rmse := number(math.Sqrt(square/float64(len(b.T))) * r.data.scale)
	t.RMSE = &rmse
}

// classification compares class probabilities with the labels.
func (r *laplaceRun) classification(t *laplaceTest, b *nn.Batch) {
	right := 0.0
	for n, label := range b.Labels {
		t.NLL -= number(math.Log(probability(r.probs, r.predicted.Outputs, n, label)) / float64(b.N))
		t.NLLMap -= number(math.Log(probability(r.plain, r.predicted.Outputs, n, label)) / float64(b.N))
		if class, _ := mostLikely(r.probs, r.predicted.Outputs, n); class == label {
			right++
		}
	}
	accuracy := number(right / float64(b.N))
	ece, plain := number(calibrationError(reliability(r.probs, r.predicted.Outputs, b.Labels))), number(calibrationError(reliability(r.plain, r.predicted.Outputs, b.Labels)))
	t.Accuracy, t.ECE, t.ECEMap = &accuracy, &ece, &plain
}

// probability is that of a class for sample n; with one output it is that of class 1.
func probability(probs []float64, outputs, n, class int) float64 {
	if outputs == 1 {
		if class == 0 {
			return 1 - probs[n]
		}
		return probs[n]
	}
	return probs[n*outputs+class]
}

// mostLikely is the class with the greatest probability for sample n, and that.
func mostLikely(probs []float64, outputs, n int) (class int, p float64) {
	for c := range max(outputs, 2) {
		if q := probability(probs, outputs, n, c); q > p {
			class, p = c, q
		}
	}
	return class, p
}

// calibrationBins is the number of bins of a reliability diagram, that of C. Guo and
// others, On calibration of modern neural networks, ICML 2017.
const calibrationBins = 15

// A bin is the samples whose most likely class has a probability in one range.
type bin struct{ count, confidence, right float64 }

func reliability(probs []float64, outputs int, labels []int) []bin {
	bins := make([]bin, calibrationBins)
	for n, label := range labels {
		class, p := mostLikely(probs, outputs, n)
		b := &bins[min(int(p*calibrationBins), calibrationBins-1)]
		b.count++
		b.confidence += p
		if class == label {
			b.right++
		}
	}
	return bins
}

// calibrationError is the mean difference of confidence and accuracy over the samples.
func calibrationError(bins []bin) float64 {
	sum, n := 0.0, 0.0
	for _, b := range bins {
		sum += math.Abs(b.confidence - b.right)
		n += b.count
	}
	return sum / n
}
