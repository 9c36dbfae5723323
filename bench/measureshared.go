package main

import (
	"costate/bench/internal/methods"
	"costate/factor"
	"costate/factor/mumps"
	"costate/nn"
	"costate/nn/train"
	"costate/system"
)

// A sharedMethod solves with products that come from elsewhere: those that iterate.
type sharedMethod interface {
	AnalyseProducts(p factor.Products, opts *factor.Options) error
}

// share deals the batch out among the ranks of MPI, if there are several and the method needs
// nothing but products with the curvature.
func (m *measurement) share() error {
	if !m.sharing || mumps.Ranks() == 1 || !methods.IsIterative(m.method) || m.problem.sharded == nil {
		return nil
	}
	var err error
	m.shards, err = m.problem.sharded.shards()
	return err
}

// sharedPoint is point where the ranks share the batch: lin gets loss and gradient alone.
func (m *measurement) sharedPoint(lin *nn.Linearization) (err error) {
	var grad []float64
	lin.Loss, grad, err = m.shards.Linearize(m.problem.net, m.problem.batch, m.curvature != "ggn")
	lin.Gradient = append(lin.Gradient[:0], grad...)
	return err
}

// describePoint leaves in lin what rank 0 alone has to say of a point where the ranks share
// the batch: all of it if whole is true, at the cost of a linearization. It reports whether lin
// has the chain.
func (m *measurement) describePoint(lin *nn.Linearization, whole bool) (bool, error) {
	if m.shards == nil {
		return true, nil
	}
	one := &nn.Linearization{GaussNewton: m.curvature == "ggn"}
	if err := m.problem.net.Linearize(one, firstSample(m.problem.batch, m.problem.net)); err != nil {
		return false, err
	}
	m.stateMax = mostStates(&one.Chain) * m.problem.batch.N
	if !whole {
		return false, nil
	}
	chain, err := m.point(lin)
	if err == nil && m.before != nil {
		err = m.before(chain)
	}
	return true, err
}

// firstSample is a batch of one sample, which shares the arrays of b.
func firstSample(b *nn.Batch, net *nn.Network) *nn.Batch {
	one := &nn.Batch{N: 1, X: b.X[:net.Inputs()]}
	if b.Labels != nil {
		one.Labels = b.Labels[:1]
	}
	if b.T != nil {
		one.T = b.T[:net.Targets()]
	}
	return one
}

var _ factor.Products = (*train.Shards)(nil)

// analyse analyses for the point of lin, by its chain or by the products of all ranks.
func (m *measurement) analyse(f factor.Factorization, chain *system.Chain) error {
	if m.shards != nil {
		return f.(sharedMethod).AnalyseProducts(m.shards, &m.options)
	}
	return f.Analyse(chain, &m.options)
}
