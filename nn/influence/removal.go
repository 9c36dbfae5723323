package influence

import (
	"context"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
)

// backendOf is the backend of options.
func backendOf(o *factor.Options) blas.Backend {
	if o != nil && o.Backend != nil {
		return o.Backend
	}
	return blas.Native()
}

// Retrain trains a copy of the network again, from its parameters to the nearest
// minimum by Minimize, with the part removed of the weight of training sample i
// taken away: all of it for 1. It panics with factor.ErrShape if i is out of range or
// removed is not between 0 and 1. The errors are those of Minimize.
func (f *Influence) Retrain(ctx context.Context, i int, removed float64) (*nn.Network, Minimum, error) {
	f.check()
	if i < 0 || i >= f.train.N || !(removed >= 0 && removed <= 1) {
		panic(factor.ErrShape)
	}
	batch := *f.train
	batch.Weights = make([]float64, batch.N)
	for j := range batch.Weights {
		batch.Weights[j] = 1
	}
	if f.train.Weights != nil {
		copy(batch.Weights, f.train.Weights)
	}
	batch.Weights[i] *= 1 - removed
	net := f.net.Clone()
	m, err := Minimize(ctx, net, &batch, f.Damping, f.Options, nil)
	return net, m, err
}

// RemovalTo is the ground truth for PairsTo: it stores in dst, of length test.N, by
// how much the loss of each test sample changes when the network is trained again
// with the part removed of training sample i's weight taken away. Divided by the weight
// taken and times N it tends to I[·,i] as removed tends to 0. Panics and errors are
// those of Retrain.
func (f *Influence) RemovalTo(ctx context.Context, dst []float64, i int, removed float64, test *nn.Batch) (Minimum, error) {
	f.check()
	before := make([]float64, test.N)
	if err := f.net.SampleLosses(before, nil, test, &f.ws); err != nil {
		return Minimum{}, err
	}
	net, m, err := f.Retrain(ctx, i, removed)
	if err != nil {
		return m, err
	}
	if err := net.SampleLosses(dst, nil, test, &f.ws); err != nil {
		return m, err
	}
	vec.Axpy(dst, -1, before)
	return m, nil
}
