package serve

import (
	"math"

	"costate/bench/internal/protocol"
	"costate/factor"
	"costate/nn"
	"costate/nn/laplace"
)

// A posterior is the Laplace approximation of a network at its batch.
type posterior struct {
	spoilable
	laplace *laplace.Laplace
	net     *nn.Network
}

// posterior makes a Laplace approximation. The batch of the network is all of the
// training data.
func (k *call) posterior() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	q := k.request
	l := &laplace.Laplace{PriorPrecision: q.Precision.floats(), NoiseSD: float64(q.Noise), Temperature: float64(q.Temperature)}
	if !p.gaussNewton {
		l.Curvature = laplace.ExactHessian
	}
	if q.Groups != "" {
		if l.Groups, err = laplace.GroupsByName(q.Groups); err != nil {
			return nil, &inputError{err}
		}
	}
	if len(l.PriorPrecision) == 0 {
		l.PriorPrecision = nil
	}
	if k.arrays["prior_mean"] != nil {
		if l.PriorMean, err = k.floats("prior_mean", p.net.NumParams()); err != nil {
			return nil, err
		}
	}
	p.mu.RLock()
	f := &posterior{spoilable: spoilable{stop: &stopper{Backend: p.backend}}, laplace: l, net: p.net.Clone()}
	p.mu.RUnlock()
	o, err := k.options(f.stop)
	if err != nil {
		return nil, err
	}
	var a *answer
	err = f.exclusive(k, func() error {
		if err := l.Fit(f.net, p.batch, o); err != nil {
			return err
		}
		a, err = f.answer()
		return err
	})
	if err != nil {
		return nil, err
	}
	a.object = f
	return a, nil
}

// answer says what a posterior knows.
func (f *posterior) answer() (*answer, error) {
	l := f.laplace
	evidence, err := l.LogMarginal()
	if err != nil {
		return nil, err
	}
	groups := l.GroupNames()
	precision := l.PriorPrecision
	if precision == nil {
		precision = []float64{1}
	}
	if len(precision) == 1 {
		one := precision[0]
		precision = make([]float64, len(groups))
		for i := range precision {
			precision[i] = one
		}
	}
	norm, relative := l.Stationarity()
	return &answer{
		fields: map[string]any{"log_marginal": protocol.Number(evidence), "groups": groups, "noise": protocol.Number(math.Sqrt(l.NoiseVariance())),
			"gradient_norm": protocol.Number(norm), "relative_gradient": protocol.Number(relative), "inertia": l.Inertia()},
		arrays: map[string]*protocol.Array{"precision": protocol.Floats(precision, len(groups))},
	}, nil
}

// evidence maximizes the evidence of a posterior in the prior precisions and the noise.
func (k *call) evidence() (*answer, error) {
	f, err := of[*posterior](k, "posterior")
	if err != nil {
		return nil, err
	}
	if k.request.Steps < 0 {
		return nil, inputf("steps is %d; it must be at least 0", k.request.Steps)
	}
	var a *answer
	err = f.exclusive(k, func() error {
		m, err := f.laplace.MaximizeEvidence(&laplace.Settings{FixedNoise: k.request.FixedNoise, MaxSteps: k.request.Steps, Context: k.ctx})
		if err != nil {
			return err
		}
		if a, err = f.answer(); err == nil {
			a.fields["steps"], a.fields["gradient"] = m.Steps, protocol.Number(m.Gradient)
		}
		return err
	})
	return a, err
}

// effectiveParams answers with the effective number of parameters of each group.
func (k *call) effectiveParams() (*answer, error) {
	f, err := of[*posterior](k, "posterior")
	if err != nil {
		return nil, err
	}
	var x []float64
	err = f.exclusive(k, func() (err error) {
		x, err = f.laplace.EffectiveParamsTo(nil)
		return err
	})
	return vectorAnswer(x, err)
}

// predict answers with means and covariances of the outputs for the inputs X, and with
// class probabilities where the loss has classes.
func (k *call) predict() (*answer, error) {
	f, err := of[*posterior](k, "posterior")
	if err != nil {
		return nil, err
	}
	x, err := k.floats("X", -1, f.net.Inputs())
	if err != nil {
		return nil, err
	}
	n, c := len(x)/f.net.Inputs(), f.net.Outputs()
	if need, limit := 8*float64(n)*float64(c)*float64(c+2), k.conn.server.Memory; limit > 0 && need > float64(limit) {
		return nil, &factor.MemoryError{Needed: int64(need), Limit: limit, What: "the covariances of the outputs", Instead: "predict fewer samples at a time"}
	}
	var p *laplace.Prediction
	noise := 0.0
	err = f.exclusive(k, func() (err error) {
		p, err = f.laplace.Predict(x, n)
		noise = f.laplace.NoiseVariance()
		return err
	})
	if err != nil {
		return nil, err
	}
	arrays := map[string]*protocol.Array{"mean": protocol.Floats(p.Mean, n, c), "cov": protocol.Floats(p.Cov, n, c, c)}
	if probs, err := k.probabilities(f.net, p); err != nil {
		return nil, err
	} else if probs != nil {
		arrays["probabilities"] = protocol.Floats(probs, n, c)
	}
	return &answer{fields: map[string]any{"noise_variance": protocol.Number(noise)}, arrays: arrays}, nil
}

// probabilities returns those of the classes, N×Outputs, by the link of the request; nil
// where the loss has no classes.
func (k *call) probabilities(net *nn.Network, p *laplace.Prediction) ([]float64, error) {
	loss := net.LossFunc()
	_, binary := loss.(*nn.WeightedSigmoidCrossEntropy)
	binary = binary || loss == nn.SigmoidCrossEntropy
	if !(loss == nn.CrossEntropy && p.Outputs > 1 || binary && p.Outputs == 1) {
		return nil, nil
	}
	probs := make([]float64, p.N*p.Outputs)
	switch k.request.Link {
	case "", "probit":
		p.Probit(probs)
	case "bridge":
		if p.Outputs < 2 {
			return nil, inputf("the Laplace bridge needs two outputs at least")
		}
		p.Bridge(probs)
	case "montecarlo":
		if k.request.Count < 1 || k.request.Count > 1<<20 {
			return nil, inputf("count is %d; it must be from 1 to %d", k.request.Count, 1<<20)
		}
		if err := p.MonteCarlo(probs, k.request.Count, k.rng()); err != nil {
			return nil, err
		}
	default:
		return nil, inputf("link is %.80q; it must be probit, bridge or montecarlo", k.request.Link)
	}
	return probs, nil
}
