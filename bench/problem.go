package main

import (
	"fmt"
	"math/rand/v2"

	"costate/nn"
	"costate/nn/data"
)

// A problem is a network, a batch, and what is to be solved for.
type problem struct {
	net    *nn.Network
	batch  *nn.Batch
	source string // of the data, for the report
	act    string
	loss   string
	spec   string // of --net
	model  bool   // the network is not one that an .npz file holds

	// sharded describes the network to the ranks of MPI; nil where rank 0 is alone with that of a file.
	sharded *shardedNetwork

	// rhs is the right-hand side, nil for the gradient.
	rhs     []float64
	rhsName string
}

// rightHandSide is g, shared.
func (p *problem) rightHandSide(lin *nn.Linearization) []float64 {
	if p.rhs != nil {
		return p.rhs
	}
	return lin.Gradient
}

// layers counts the weight matrices.
func (p *problem) layers() int {
	return weightMatrices(p.net.Layers())
}

// weightMatrices counts the layers with weights.
func weightMatrices(layers []nn.Layer) int {
	n := 0
	for _, l := range layers {
		switch l := l.(type) {
		case *nn.Dense, *nn.Tokens, *nn.Conv2D, *nn.Conv1D:
			n++
		case *nn.Residual:
			n += weightMatrices(l.Layers)
		}
	}
	return n
}

// loadProblem makes the problem that the flags describe.
func (s *session) loadProblem(f *solveFlags) (*problem, error) {
	var p *problem
	var err error
	if f.in != "" {
		p, err = s.readProblem(f)
	} else {
		p, err = s.makeProblem(&f.net)
	}
	if err != nil {
		return nil, err
	}
	if f.rhs == "random" {
		p.rhs = randomSlice(rand.New(rand.NewPCG(s.seed, 0x726873)), p.net.NumParams())
		p.rhsName = fmt.Sprintf("random numbers (seed %d)", s.seed)
	}
	return p, nil
}

// drawFrom is how many of the first samples a batch is drawn from at least, so
// that of a large set only a part is read.
const drawFrom = 2000

// makeProblem makes the problem of the network flags: the weights and the
// choice of the samples come from the seed.
func (s *session) makeProblem(f *netFlags) (*problem, error) {
	set := &data.Set{Width: f.input, Classes: f.classes}
	var train *data.Set
	if f.data != "gaussian" {
		var err error
		if train, _, err = f.load(max(f.batch, drawFrom), s.seed); err != nil {
			return nil, err
		}
		set = train
		if err := f.drawBatch(train.N); err != nil {
			return nil, err
		}
	}
	if err := s.checkMemory(fmt.Sprintf("a network of %d layers of width %d and its derivatives on %d samples", f.layers, f.width, f.batch),
		f.bytes(set.Width, set.Outputs())); f.spec == "" && err != nil {
		return nil, err
	}
	batch := new(nn.Batch)
	if train == nil {
		random, err := data.Gaussian(f.batch, f.input, f.classes, s.seed)
		if err != nil {
			return nil, err
		}
		batch = random.Batch(0, f.batch)
	} else {
		train.Gather(batch, rand.New(rand.NewPCG(s.seed, 0x6261746368)).Perm(train.N)[:f.batch])
	}
	net, err := f.build(set, s.seed)
	if err != nil {
		return nil, err
	}
	if err := s.checkBytes(f, net, f.batch, false); err != nil {
		return nil, err
	}
	d := f.describe(set)
	return &problem{net: net, batch: batch, source: f.data, act: f.act, loss: f.loss, spec: f.spec, model: f.spec != "", rhsName: "the gradient", sharded: &d}, nil
}

// describe says what the network is like between its layers.
func (p *problem) describe() string {
	if p.spec != "" {
		return fmt.Sprintf("%s, %s, %s", p.spec, p.act, p.loss)
	}
	widths := []int{p.net.Inputs()}
	bias := false
	for _, l := range p.net.Layers() {
		if d, ok := l.(*nn.Dense); ok {
			widths = append(widths, d.Out)
			bias = bias || d.Bias
		}
	}
	s := fmt.Sprintf("%d", widths[0])
	for i := 1; i < len(widths); {
		n := i
		for n < len(widths) && widths[n] == widths[i] {
			n++
		}
		if n-i > 2 {
			s += fmt.Sprintf(" → %d × %d", n-i, widths[i])
		} else {
			for range n - i {
				s += fmt.Sprintf(" → %d", widths[i])
			}
		}
		i = n
	}
	if !bias {
		s += ", no bias"
	}
	return fmt.Sprintf("%s, %s, %s", s, p.act, p.loss)
}
