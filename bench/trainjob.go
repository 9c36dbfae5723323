package main

import (
	"context"
	"errors"
	"math"
	"time"

	"costate/nn"
	"costate/nn/train"
)

// A trainJob is what optimizers are compared on: each begins with the same
// weights and is dealt the same batches.
type trainJob struct {
	net     *nn.Network
	sampler func() *train.Sampler
	steps   int
	seconds float64
	target  float64

	// Accuracies are taken of these; nil leaves them out.
	trainSet, testSet *nn.Batch

	// checkpoint writes checkpoints, and resume is the one to begin with; both may be
	// empty.
	checkpoint *checkpointer
	resume     string

	// byTest takes the learning rate with the best test accuracy, not the one
	// with the lowest loss.
	byTest bool
}

// trainLevels are the losses whose first crossing a result tells.
var trainLevels = []float64{1e-2, 1e-4, 1e-6}

// A trainEntry is one step in the history of a result.
type trainEntry struct {
	Step          int      `json:"step"`
	Seconds       float64  `json:"seconds"`
	Loss          number   `json:"loss"`
	TrainAccuracy *float64 `json:"train_accuracy,omitempty"`
	TestAccuracy  *float64 `json:"test_accuracy,omitempty"`
	Damping       *number  `json:"damping,omitempty"`
	Radius        *number  `json:"radius,omitempty"`
	Accepted      *bool    `json:"accepted,omitempty"`
	Negative      *int     `json:"negative,omitempty"`
}

// A trainFinal is the end of a run.
type trainFinal struct {
	trainEntry
	Reason    train.Reason    `json:"reason"`
	Best      number          `json:"best_loss"`
	Taken     int             `json:"accepted_steps"`
	Crossings []trainCrossing `json:"reached"`
	Error     string          `json:"error,omitempty"`
}

// A trainCrossing is the first step after which the loss was at most a level.
type trainCrossing struct {
	Loss    float64 `json:"loss"`
	Step    int     `json:"step"`
	Seconds float64 `json:"seconds"`
}

// A trainResult is one optimizer on one job.
type trainResult struct {
	Optimizer string       `json:"optimizer"`
	Rate      float64      `json:"learning_rate,omitempty"`
	Params    int          `json:"params"`
	History   []trainEntry `json:"history"`
	Final     trainFinal   `json:"final"`
	Grid      []trainTrial `json:"grid,omitempty"`

	err error
	run *train.Run
}

// A trainTrial is one learning rate of a grid.
type trainTrial struct {
	Rate      float64         `json:"learning_rate"`
	Loss      number          `json:"loss"`
	Steps     int             `json:"steps"`
	Seconds   float64         `json:"seconds"`
	Crossings []trainCrossing `json:"reached"`
	Error     string          `json:"error,omitempty"`
}

// evaluateEvery is the least time between two evaluations of the accuracy.
const evaluateEvery = 300 * time.Millisecond

// run trains a copy of the network. show, if it is not nil, is called after every
// step.
func (j *trainJob) run(ctx context.Context, o train.Optimizer, rate float64, show func(*trainEntry)) (*trainResult, error) {
	net := j.net.Clone()
	res := &trainResult{Optimizer: o.Name(), Rate: rate, Params: net.NumParams()}
	res.Final.Best, res.Final.Crossings = number(math.NaN()), []trainCrossing{}
	r := &train.Run{Net: net, Optimizer: o, Data: j.sampler(), Steps: j.steps, Seconds: j.seconds, Target: j.target}
	res.run = r
	if j.resume != "" {
		extra, err := r.Resume(j.resume)
		if err != nil {
			return nil, err
		}
		res.restore(extra)
	}
	var ws nn.Workspace
	var evaluated time.Time
	var last trainEntry
	accuracy := func(e *trainEntry) {
		e.TrainAccuracy, e.TestAccuracy = accuracyOf(net, j.trainSet, &ws), accuracyOf(net, j.testSet, &ws)
		evaluated = time.Now()
	}
	r.Observe = func(rec *train.Record) {
		e := newTrainEntry(rec)
		if rec.Accepted {
			res.Final.Taken++
		}
		if !(float64(res.Final.Best) <= rec.Loss) {
			res.Final.Best = number(rec.Loss)
			for k := len(res.Final.Crossings); k < len(trainLevels) && rec.Loss <= trainLevels[k]; k++ {
				res.Final.Crossings = append(res.Final.Crossings, trainCrossing{trainLevels[k], rec.Step, rec.Seconds})
			}
		}
		if time.Since(evaluated) >= evaluateEvery {
			accuracy(&e)
		}
		if e.TrainAccuracy != nil || e.TestAccuracy != nil || worthKeeping(res.History, &e) {
			res.History = append(res.History, e)
		}
		last = e
		if show != nil {
			show(&e)
		}
	}
	unwatch := j.checkpoint.watch(ctx, r, res.extra)
	reason, err := r.Do(ctx)
	unwatch()
	if err != nil {
		var diverged *train.DivergedError
		if !errors.As(err, &diverged) {
			return nil, err
		}
		res.err, res.Final.Error = err, oneLine(err)
		reason = "diverged"
	}
	if last.TrainAccuracy == nil {
		accuracy(&last)
	}
	if n := len(res.History); n > 0 && res.History[n-1].Step == last.Step {
		res.History[n-1] = last
	} else if n == 0 || last.Step > res.History[n-1].Step {
		res.History = append(res.History, last)
	} else {
		last = res.History[n-1] // nothing was done
	}
	res.Final.trainEntry, res.Final.Reason = last, reason
	return res, nil
}

func newTrainEntry(rec *train.Record) trainEntry {
	e := trainEntry{Step: rec.Step, Seconds: rec.Seconds, Loss: number(rec.Loss)}
	if !math.IsNaN(rec.Damping) {
		d := number(rec.Damping)
		e.Damping = &d
	}
	if !math.IsNaN(rec.Radius) {
		d := number(rec.Radius)
		e.Radius = &d
	}
	if rec.Step > 0 && (e.Damping != nil || e.Radius != nil) {
		a := rec.Accepted
		e.Accepted = &a
	}
	if rec.Negative >= 0 {
		n := rec.Negative
		e.Negative = &n
	}
	return e
}

// worthKeeping thins a history: all of the first steps, later ones a percent
// apart in number, and every one of those that take long.
func worthKeeping(h []trainEntry, e *trainEntry) bool {
	if e.Step <= 200 || len(h) == 0 {
		return true
	}
	last := &h[len(h)-1]
	return e.Step-last.Step >= e.Step/100 || e.Seconds-last.Seconds > 0.05
}

// accuracyOf is the accuracy on a set, nil if there is none.
func accuracyOf(net *nn.Network, set *nn.Batch, ws *nn.Workspace) *float64 {
	if set == nil {
		return nil
	}
	a, err := net.Accuracy(set, ws)
	if err != nil {
		return nil
	}
	return &a
}

// reached is the crossing of a level, nil if it was not reached.
func (r *trainResult) reached(level float64) *trainCrossing {
	for i := range r.Final.Crossings {
		if r.Final.Crossings[i].Loss == level {
			return &r.Final.Crossings[i]
		}
	}
	return nil
}

// better orders results: more levels first, then the time to the last of them,
// then the loss.
func (r *trainResult) better(o *trainResult) bool {
	a, b := r.Final.Crossings, o.Final.Crossings
	switch {
	case (r.err == nil) != (o.err == nil):
		return r.err == nil
	case len(a) != len(b):
		return len(a) > len(b)
	case len(a) == len(trainLevels):
		return a[len(a)-1].Seconds < b[len(b)-1].Seconds
	}
	return float64(r.Final.Best) < float64(o.Final.Best)
}

// trial is the short form of a result in a grid.
func (r *trainResult) trial() trainTrial {
	return trainTrial{Rate: r.Rate, Loss: r.Final.Loss, Steps: r.Final.Step, Seconds: r.Final.Seconds, Crossings: r.Final.Crossings, Error: r.Final.Error}
}

// grid runs an optimizer with each of the rates and returns the best result, which
// has all of them in its Grid. If one was interrupted, its result is returned.
func (j *trainJob) grid(ctx context.Context, make func(rate float64) train.Optimizer, rates []float64, show func(string, float64, *trainEntry)) (*trainResult, error) {
	var best *trainResult
	var trials []trainTrial
	for _, rate := range rates {
		o := make(rate)
		res, err := j.run(ctx, o, rate, func(e *trainEntry) {
			if show != nil {
				show(o.Name(), rate, e)
			}
		})
		if err != nil {
			return nil, err
		}
		trials = append(trials, res.trial())
		better := best == nil || res.better(best)
		if a := bestTest(res); best != nil && j.byTest && a != nil {
			better = *a > *bestTest(best)
		}
		if better {
			best = res
		}
		if ctx.Err() != nil {
			best = res
			break
		}
	}
	if len(trials) > 1 {
		best.Grid = trials
	}
	return best, nil
}

// extra packs the history for a checkpoint.
func (r *trainResult) extra() map[string][]float64 {
	var steps, seconds, loss, damping []float64
	for i := range r.History {
		e := &r.History[i]
		steps, seconds, loss = append(steps, float64(e.Step)), append(seconds, e.Seconds), append(loss, float64(e.Loss))
		d := math.NaN()
		if e.Damping != nil {
			d = float64(*e.Damping)
		}
		damping = append(damping, d)
	}
	return map[string][]float64{"step": steps, "seconds": seconds, "loss": loss, "damping": damping, "taken": {float64(r.Final.Taken)}}
}

// restore unpacks it. What does not fit together is left out.
func (r *trainResult) restore(extra map[string][]float64) {
	steps, seconds, loss, damping, taken := extra["step"], extra["seconds"], extra["loss"], extra["damping"], extra["taken"]
	if len(seconds) != len(steps) || len(loss) != len(steps) || len(damping) != len(steps) || len(taken) != 1 {
		return
	}
	r.Final.Taken = int(taken[0])
	for i := range steps {
		e := trainEntry{Step: int(steps[i]), Seconds: seconds[i], Loss: number(loss[i])}
		if d := number(damping[i]); !math.IsNaN(damping[i]) {
			e.Damping = &d
		}
		r.History = append(r.History, e)
		if !(float64(r.Final.Best) <= loss[i]) {
			r.Final.Best = e.Loss
			for k := len(r.Final.Crossings); k < len(trainLevels) && loss[i] <= trainLevels[k]; k++ {
				r.Final.Crossings = append(r.Final.Crossings, trainCrossing{trainLevels[k], e.Step, e.Seconds})
			}
		}
	}
}
