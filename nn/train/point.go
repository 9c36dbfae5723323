package train

import (
	"slices"

	"costate/internal/space"
	"costate/nn"
	"costate/system"
)

// A point is a network linearized on a batch, kept while neither changes, so
// that after a step not taken nothing is computed again.
type point struct {
	lin     nn.Linearization
	theta   []float64 // parameters
	trial   []float64
	ws      nn.Workspace
	version int
	valid   bool
	plan    *nn.Network // network, batch and its size of lin's arrays
	batch   *nn.Batch
	n       int
}

// at takes t's network and batch. moved reports whether anything is new, and
// reshaped whether the chain has other shapes than at the last call.
func (p *point) at(net *nn.Network, batch *nn.Batch, version int) (moved, reshaped bool, err error) {
	reshaped = p.plan != net || p.n != batch.N
	p.theta = space.Resize(p.theta, net.NumParams())
	p.trial = space.Resize(p.trial, net.NumParams())
	if p.valid && !reshaped && p.version == version && p.batch == batch {
		net.ParamsTo(p.trial)
		if slices.Equal(p.trial, p.theta) {
			return false, false, nil
		}
	}
	net.ParamsTo(p.theta)
	p.valid = false
	if err := net.Linearize(&p.lin, batch); err != nil {
		return true, reshaped, err
	}
	p.valid, p.version, p.plan, p.batch, p.n = true, version, net, batch, batch.N
	return true, reshaped, nil
}

// move moves net to θ + s.
func (p *point) move(net *nn.Network, s []float64) {
	for i, v := range p.theta {
		p.trial[i] = v + s[i]
	}
	net.SetParams(p.trial)
}

// tryLoss moves net to θ + s and returns the loss there. Where that cannot be
// evaluated, because numbers overflow, ok is false.
func (p *point) tryLoss(net *nn.Network, batch *nn.Batch, s []float64) (loss float64, ok bool) {
	p.move(net, s)
	loss, err := net.Loss(batch, &p.ws)
	return loss, err == nil && loss-loss == 0
}

// back returns net to θ.
func (p *point) back(net *nn.Network) { net.SetParams(p.theta) }

// gaussNewton is the chain of the Gauss–Newton matrix at the point.
func (p *point) gaussNewton() *system.Chain { return p.lin.Chain.GaussNewton() }
