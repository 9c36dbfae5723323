package experiments

import (
	_ "embed"
	"strings"

	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
	"costate/nn/train"
	"costate/nn/train/race"
)

const (
	// drawFrom is how many of the first samples a batch of 64 is drawn from.
	drawFrom = 2000
	// evaluated is how many samples an accuracy is taken of: with that its standard
	// error is at most √(¼/2000), about a percent.
	evaluated = 2000
)

// contenders makes contenders of names, each first-order one with a grid of rates.
func (x *Results) contenders(names string, rates map[string][]float64) []contender {
	var list []contender
	for name := range strings.FieldsSeq(names) {
		c := contender{name: name, rates: rates[name]}
		c.make = func(rate float64) train.Optimizer { return optimizer(name, rate, x.o.Backend) }
		list = append(list, c)
	}
	return list
}

// optimizer makes one by a name that is known.
func optimizer(name string, rate float64, backend blas.Backend) train.Optimizer {
	o, err := race.NewOptimizer(name, rate, backend)
	if err != nil {
		panic(err)
	}
	return o
}

// mlp makes a plain network with one activation.
func (x *Results) mlp(inputs, outputs, layers, width int, act nn.Activation, loss nn.Loss, bias bool, seed uint64, o *nn.Init) (*nn.Network, error) {
	widths := make([]int, layers+1)
	for i := range widths {
		widths[i] = width
	}
	widths[0], widths[layers] = inputs, outputs
	net, err := nn.New(inputs, loss, nn.MLP(widths, act, bias)...)
	if err != nil {
		return nil, err
	}
	net.Init(seed, o)
	net.Backend = x.o.Backend
	return net, nil
}

// fixedBatch is the job of the experiments fixed and newton.
func (x *Results) fixedBatch(act nn.Activation, set *data.Set, batch int, seed uint64, seconds, target float64) (*race.Job, error) {
	net, err := x.mlp(set.Width, set.Classes, 8, 24, act, nn.CrossEntropy, true, seed, &nn.Init{Orthogonal: true, ByActivation: act == nn.ReLU})
	if err != nil {
		return nil, err
	}
	all := set.Batch(0, set.N)
	return &race.Job{Net: net, Seconds: seconds, Target: target, Sampler: func() *train.Sampler {
		return &train.Sampler{All: all, Size: batch, Fixed: true, Seed: seed}
	}}, nil
}

// standardize scales both sets as the first one needs.
func standardize(set, test *data.Set) {
	shift, factor := set.Standardize()
	test.Scale(shift, factor)
}

func fashion16() (*data.Set, error) {
	set, test, err := data.Load("fashion", &data.Options{Side: 16, Limit: drawFrom})
	if err != nil {
		return nil, err
	}
	standardize(set, test)
	return set, nil
}
