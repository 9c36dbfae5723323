package main

import (
	"math"

	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
	"costate/nn/train"
	"costate/nn/train/race"
)

// newOptimizer makes an optimizer by its name, with the settings of the flags.
func (f *trainFlags) newOptimizer(name string, rate float64, backend blas.Backend) train.Optimizer {
	o, err := race.NewOptimizer(name, rate, backend)
	if err != nil {
		panic(err) // the flags have been checked
	}
	switch o := o.(type) {
	case *train.LevenbergMarquardt:
		o.MinDamping = f.floor
		if !f.fixed && f.net.batch > 0 {
			o.Memory = batchMemory
		}
		if f.cg {
			o.CG = &train.ConjugateGradients{}
		}
	case *train.TrustRegion:
		o.Count = f.count
	case *train.CubicNewton:
		o.Count = f.count
	}
	return o
}

// ratesOf are the learning rates to try. Where none are given they are two of those
// that were best in the experiments (see their tables).
func (f *trainFlags) ratesOf(name string) []float64 {
	switch {
	case !race.HasRate(name):
		return []float64{0}
	case len(f.rates) > 0:
		return f.rates
	case name == "adam":
		return []float64{0.003, 0.01}
	}
	return []float64{0.03, 0.3}
}

// layOut makes the network, all parameters zero.
func (f *trainFlags) layOut(set *data.Set) (*nn.Network, error) {
	layers, err := f.net.layersOf(set)
	if err != nil {
		return nil, err
	}
	if f.residual {
		for _, l := range layers[1 : len(layers)-1] {
			l.(*nn.Dense).Skip = true
		}
	}
	return f.net.network(set, layers)
}

// network makes the network, its weights drawn with the seed.
func (f *trainFlags) network(set *data.Set, seed uint64, backend blas.Backend) (*nn.Network, error) {
	net, err := f.layOut(set)
	if err != nil {
		return nil, err
	}
	o := &nn.Init{Gain: f.net.gain, Orthogonal: f.init == "orthogonal", Uniform: f.init == "uniform"}
	if f.residual && f.net.layers > 2 {
		o.SkipGain = 1 / math.Sqrt(float64(f.net.layers-2))
	}
	net.Init(seed, o)
	net.Backend = backend
	return net, nil
}

// checkCurvature refuses second-order training that needs more memory than there is.
func (s *session) checkCurvature(f *trainFlags, net *nn.Network, samples int) error {
	batch := f.net.batch
	if batch == 0 {
		batch = samples
	}
	for _, name := range f.optimizers {
		var err error
		switch {
		case name == "tr", name == "cubic":
			err = s.checkBytes(&f.net, net, batch, false)
		case name == "lm" && f.curvature > 0:
			err = s.checkBytes(&f.net, net, f.curvature, true)
		case name == "lm":
			err = s.checkBytes(&f.net, net, batch, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// job makes what is trained on.
func (s *session) job(f *trainFlags, backend blas.Backend) (*race.Job, error) {
	limit := 0
	if f.fixed {
		limit = max(f.net.batch, drawFrom)
	}
	set, test, err := f.net.load(limit, s.seed)
	if err != nil {
		return nil, err
	}
	if err := f.net.drawBatch(set.N); err != nil {
		return nil, err
	}
	if f.curvature > set.N {
		return nil, usagef("--curvature-batch is %d; --data %s has %d samples to draw from", f.curvature, f.net.data, set.N)
	}
	if err := s.checkMemory("the network and its derivatives", f.net.bytes(set.Width, set.Outputs())); f.net.spec == "" && err != nil {
		return nil, err
	}
	net, err := f.network(set, s.seed, backend)
	if err != nil {
		return nil, err
	}
	restore := keepLengths(net, set, test)
	if f.net.isOwn() && set.Rows == 0 {
		shift, factor := set.StandardizeColumns()
		test.ScaleColumns(shift, factor)
	} else {
		standardize(set, test)
	}
	restore()
	if err := s.checkCurvature(f, net, set.N); err != nil {
		return nil, err
	}
	all := set.Batch(0, set.N)
	seed := s.seed
	j := &race.Job{Net: net, Steps: f.steps, Seconds: f.seconds, Target: f.target, Inspect: f.inertia}
	if f.shard {
		if j.Shards, err = f.shards(set); err != nil {
			return nil, err
		}
	}
	j.Sampler = func() *train.Sampler {
		return &train.Sampler{All: all, Size: f.net.batch, Fixed: f.fixed, Curvature: f.curvature, Seed: seed}
	}
	j.TrainSet, j.TestSet = set.Sample(evaluated, seed), test.Sample(evaluated, seed)
	if f.fixed {
		// The accuracy of what is trained on: the batch itself.
		j.TrainSet = j.Sampler().First(net)
	}
	return j, nil
}

// keepLengths returns what puts the lengths of sequences back that scaling changes: they
// are the first number of a sample where the network begins with nn.Lengths.
func keepLengths(net *nn.Network, sets ...*data.Set) (restore func()) {
	if _, ok := net.Layers()[0].(nn.Lengths); !ok {
		return func() {}
	}
	var kept []float64
	each := func(do func(x *float64)) {
		for _, s := range sets {
			for i := range s.N {
				do(&s.X[i*s.Width])
			}
		}
	}
	each(func(x *float64) { kept = append(kept, *x) })
	return func() {
		each(func(x *float64) { *x, kept = kept[0], kept[1:] })
	}
}

// standardize scales both sets as the first one needs.
func standardize(set, test *data.Set) {
	shift, factor := set.Standardize()
	test.Scale(shift, factor)
}
