package serve

import (
	"errors"
	"math"

	"costate/bench/internal/protocol"
	"costate/nn/train"
)

// train trains a copy of the network on its batch by Levenberg and Marquardt's
// method, and answers with the parameters and the history.
func (k *call) train() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	q := k.request
	for name, v := range map[string]protocol.Number{"seconds": q.Seconds, "target": q.Target, "damping": q.Damping} {
		if v < 0 || finite(name, float64(v)) != nil {
			return nil, inputf("%s is %g; it must be at least 0", name, float64(v))
		}
	}
	if q.Steps < 0 || q.Steps == 0 && q.Seconds == 0 {
		return nil, inputf("a limit of %d steps and %g seconds; one of them must be positive", q.Steps, float64(q.Seconds))
	}
	p.mu.RLock()
	net := p.net.Clone()
	p.mu.RUnlock()
	var steps, losses, dampings, seconds []float64
	stop := &stopper{Backend: p.backend}
	end := stop.until(k.ctx)
	run := &train.Run{
		Net:       net,
		Optimizer: &train.LevenbergMarquardt{Damping: float64(q.Damping), Backend: stop},
		Data:      &train.Sampler{All: p.batch},
		Steps:     q.Steps, Seconds: float64(q.Seconds), Target: float64(q.Target),
		Observe: func(r *train.Record) {
			steps, losses = append(steps, float64(r.Step)), append(losses, r.Loss)
			damping := r.Damping
			if r.Step == 0 {
				damping = math.NaN()
			}
			dampings, seconds = append(dampings, damping), append(seconds, r.Seconds)
		},
	}
	reason, err := run.Do(k.ctx)
	if end() {
		return nil, errCancelled
	}
	if err != nil {
		var diverged *train.DivergedError
		if errors.As(err, &diverged) {
			return nil, &inputError{err}
		}
		return nil, err
	}
	params := net.Params()
	n := len(losses)
	return &answer{
		fields: map[string]any{"reason": string(reason)},
		arrays: map[string]*protocol.Array{
			"params": protocol.Floats(params, len(params)), "step": protocol.Floats(steps, n), "loss": protocol.Floats(losses, n),
			"damping": protocol.Floats(dampings, n), "seconds": protocol.Floats(seconds, n),
		},
	}, nil
}
