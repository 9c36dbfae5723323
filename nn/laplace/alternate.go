package laplace

import (
	"context"
	"math"

	"costate/factor"
	"costate/nn"
)

// An Alternation says how Alternate alternates; nil and zero values mean the defaults.
type Alternation struct {
	Training Training
	Evidence Settings

	// MaxRounds bounds the rounds; the default is 20.
	MaxRounds int

	// Tolerance is the change of the log evidence in a round at which it ends; the
	// default is 1e-3, far below what makes a difference between models.
	Tolerance float64

	// Observe, if not nil, is called after each round.
	Observe func(*Round)
}

// A Round is one retraining and one maximization.
type Round struct {
	Round        int // from 1
	Training     *Trained
	Before       float64 // log evidence of the new parameters with the old prior
	LogEvidence  float64 // and with the new one
	NewtonSteps  int
	Stationarity float64 // relative, of the last parameters with the last prior
}

// Alternate trains and maximizes the evidence in turn, since the minimum moves with the
// prior and with the noise: until the evidence of the minimum of the posterior stays. It
// changes the network's parameters, and ends as Fit does at the last ones: trained once
// more with the last prior. The error of a training that missed its tolerance ends it.
// It needs GaussNewton.
func (l *Laplace) Alternate(ctx context.Context, net *nn.Network, data *nn.Batch, opts *factor.Options, a *Alternation) ([]*Round, error) {
	var set Alternation
	if a != nil {
		set = *a
	}
	if set.MaxRounds <= 0 {
		set.MaxRounds = 20
	}
	if !(set.Tolerance > 0) {
		set.Tolerance = 1e-3
	}
	if l.Curvature != GaussNewton {
		return nil, ErrExact
	}
	set.Evidence.Context = ctx
	var rounds []*Round
	last := math.Inf(-1)
	for i := range set.MaxRounds {
		r := &Round{Round: i + 1}
		var err error
		if r.Training, err = l.Retrain(ctx, net, data, opts, &set.Training); err != nil {
			return rounds, err
		}
		if err := l.Fit(net, data, opts); err != nil {
			return rounds, err
		}
		if r.Before, err = l.LogMarginal(); err != nil {
			return rounds, err
		}
		r.LogEvidence, r.Stationarity = r.Before, l.residual
		rounds = append(rounds, r)
		if math.Abs(r.Before-last) <= set.Tolerance {
			if set.Observe != nil {
				set.Observe(r)
			}
			break // at the minimum of this prior
		}
		last = r.Before
		if i+1 == set.MaxRounds {
			break // leave it trained with the prior that it has
		}
		m, err := l.MaximizeEvidence(&set.Evidence)
		if err != nil {
			return rounds, err
		}
		r.LogEvidence, r.NewtonSteps, r.Stationarity = m.LogEvidence, m.Steps, l.residual
		if set.Observe != nil {
			set.Observe(r)
		}
	}
	return rounds, nil
}
