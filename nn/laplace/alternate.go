package laplace

import (
	"context"

	"costate/factor"
	"costate/nn"
)

// An Alternation says how Alternate alternates; nil and zero values mean the defaults.
type Alternation struct {
	Training Training
	Evidence Settings

	// MaxRounds bounds the rounds; the default is 20.
	MaxRounds int

	// Tolerance is the gain of log evidence in a round below which it ends; the
	// default is 0.1, far below what makes a difference between models.
	Tolerance float64

	// Observe, if not nil, is called after each round.
	Observe func(*Round)
}

// A Round is one training and one maximization.
type Round struct {
	Round        int // from 1
	Training     *Trained
	Evidence     float64 // log evidence of the minimum with the prior that it was trained with
	Maximum      float64 // and of the same weights with the best prior; Evidence in the last round
	NewtonSteps  int
	Stationarity float64 // relative, of the minimum with its own prior
}

// best is a minimum with its prior.
type best struct {
	evidence           float64
	weights, precision []float64
	noise              float64
}

// Alternate trains and maximizes the evidence in turn, since the minimum moves with the
// prior and with the noise, as long as the evidence of the minimum grows by Tolerance. It
// need not grow: training changes the curvature, too, and layers can trade the sizes of
// their weights. So it ends, as Fit does, at the minimum with the greatest evidence that
// was met and the prior that this was trained with, and leaves the network there. It
// returns the rounds made. The error of a training that missed its tolerance ends it at
// once, and leaves the network and the prior where that began. It needs GaussNewton.
func (l *Laplace) Alternate(ctx context.Context, net *nn.Network, data *nn.Batch, opts *factor.Options, a *Alternation) ([]*Round, error) {
	var set Alternation
	if a != nil {
		set = *a
	}
	if set.MaxRounds <= 0 {
		set.MaxRounds = 20
	}
	if !(set.Tolerance > 0) {
		set.Tolerance = 0.1
	}
	if l.Curvature != GaussNewton {
		return nil, ErrExact
	}
	l.opts = factor.Options{}
	if opts != nil {
		l.opts = *opts
	}
	if data != nil { // before it trains for nothing
		if err := l.place(net, data.N); err != nil {
			return nil, err
		}
	}
	set.Evidence.Context = ctx
	var rounds []*Round
	var top *best
	for {
		r := &Round{Round: len(rounds) + 1}
		grown, err := l.round(ctx, net, data, opts, &set, r, top)
		if err != nil {
			return rounds, err
		}
		rounds = append(rounds, r)
		if top == nil || r.Evidence > top.evidence {
			top = &best{r.Evidence, net.Params(), append([]float64(nil), l.PriorPrecision...), l.NoiseSD}
		}
		last := !grown || r.Round == set.MaxRounds
		if !last {
			m, err := l.MaximizeEvidence(&set.Evidence)
			if err != nil {
				return rounds, err
			}
			r.Maximum, r.NewtonSteps = m.LogEvidence, m.Steps
		}
		if set.Observe != nil {
			set.Observe(r)
		}
		if last {
			break
		}
	}
	if r := rounds[len(rounds)-1]; top.evidence == r.Evidence {
		return rounds, nil // it is where Fit is
	}
	net.SetParams(top.weights)
	l.PriorPrecision, l.NoiseSD = top.precision, top.noise
	return rounds, l.Fit(net, data, opts)
}

// round trains with the prior at hand and fits, and reports whether the evidence has
// grown.
func (l *Laplace) round(ctx context.Context, net *nn.Network, data *nn.Batch, opts *factor.Options, set *Alternation, r *Round, top *best) (grown bool, err error) {
	if r.Training, err = l.Retrain(ctx, net, data, opts, &set.Training); err != nil {
		return false, err
	}
	if err := l.Fit(net, data, opts); err != nil {
		return false, err
	}
	if r.Evidence, err = l.LogMarginal(); err != nil {
		return false, err
	}
	r.Maximum, r.Stationarity = r.Evidence, l.residual
	return top == nil || r.Evidence > top.evidence+set.Tolerance, nil
}
