package race

import (
	"context"
	"errors"
	"math"
	"time"

	"costate/nn"
	"costate/nn/train"
)

// A Job is what optimizers are compared on: each begins with the same weights and is
// dealt the same batches.
type Job struct {
	Net     *nn.Network           // copied for each run
	Sampler func() *train.Sampler // makes one for each run

	// Objective, if it is not nil, makes what each run is trained on in place of a
	// Sampler.
	Objective func() (train.Objective, error)

	// Shards, if they are not nil, evaluate batches on all ranks of MPI.
	Shards *train.Shards

	// L2, if it is not nil, is a relative error of the network, for entries that are
	// kept; a run ends where it is at most TargetL2, unless that is 0.
	L2       func(net *nn.Network) float64
	TargetL2 float64

	// Steps, Seconds and Target are those of train.Run.
	Steps   int
	Seconds float64
	Target  float64

	// Accuracies are taken of these; nil leaves them out.
	TrainSet, TestSet *nn.Batch

	// Checkpoint writes checkpoints, and Resume is the file of the one to begin with;
	// both may be empty.
	Checkpoint *Checkpointer
	Resume     string

	// Inspect adds to the history how many eigenvalues of the Hessian are negative,
	// counted exactly, and how flat the gradient is (train.Inspect), on the first
	// batch that is dealt: at the first steps, at later ones a quarter apart in number, and at
	// the end. The time it takes is not counted. It needs a Sampler.
	Inspect bool

	// ByTest takes the learning rate with the best test accuracy, not the one with the
	// lowest loss.
	ByTest bool
}

// evaluateEvery is the least time between two evaluations of the accuracy.
const evaluateEvery = 300 * time.Millisecond

// Run trains a copy of the network. show, if it is not nil, is called after every
// step.
func (j *Job) Run(ctx context.Context, o train.Optimizer, rate float64, show func(*Entry)) (*Result, error) {
	net := j.Net.Clone()
	res := &Result{Optimizer: o.Name(), Rate: rate, Params: net.NumParams()}
	res.Final.Best, res.Final.Crossings = Number(math.NaN()), []Crossing{}
	r := &train.Run{Net: net, Optimizer: o, Steps: j.Steps, Seconds: j.Seconds, Target: j.Target, Shards: j.Shards}
	if j.Objective != nil {
		var err error
		if r.Objective, err = j.Objective(); err != nil {
			return nil, err
		}
	} else {
		r.Data = j.Sampler()
	}
	res.run, res.Net = r, net
	if j.Resume != "" {
		extra, err := r.Resume(j.Resume)
		if err != nil {
			return nil, err
		}
		res.restore(extra)
	}
	w := &watcher{job: j, net: net, result: res, show: show}
	if j.Inspect && j.Sampler != nil {
		w.batch = j.Sampler().First(net)
		ctx, w.stop = context.WithCancel(ctx)
		defer w.stop()
	}
	r.Observe = w.observe
	if j.L2 != nil && j.TargetL2 > 0 {
		r.Done = func(*train.Record) bool { return w.last.L2 != nil && float64(*w.last.L2) <= j.TargetL2 }
	}
	unwatch := j.Checkpoint.watch(ctx, r, res.extra)
	reason, err := r.Do(ctx)
	unwatch()
	if w.err != nil {
		return nil, w.err
	}
	if err != nil {
		var diverged *train.DivergedError
		if !errors.As(err, &diverged) {
			return nil, err
		}
		res.Err, res.Final.Error = err, err.Error()
		reason = "diverged"
	}
	res.Final.Entry, res.Final.Reason = w.end(), reason
	return res, nil
}

// A watcher makes the history of a run.
type watcher struct {
	job       *Job
	net       *nn.Network
	result    *Result
	show      func(*Entry) // may be nil
	ws        nn.Workspace
	evaluated time.Time
	last      Entry

	batch     *nn.Batch // to inspect the network on, or nil
	inspected int       // step
	stop      func()    // ends the run
	err       error     // of an inspection
}

// observe takes the record of a step.
func (w *watcher) observe(rec *train.Record) {
	e, res := newEntry(rec), w.result
	if rec.Accepted {
		res.Final.Taken++
	}
	res.improve(rec.Loss, rec.Step, rec.Seconds)
	if time.Since(w.evaluated) >= evaluateEvery {
		w.evaluate(&e)
	}
	if w.batch != nil && (e.Step == 0 || e.Step > w.inspected+w.inspected/4) {
		w.inspect(&e)
	}
	kept := worthKeeping(res.History, &e)
	if kept {
		w.measure(&e)
	}
	if e.Flatness != nil || e.TrainAccuracy != nil || e.TestAccuracy != nil || kept {
		res.History = append(res.History, e)
	}
	w.last = e
	if w.show != nil {
		w.show(&e)
	}
}

// evaluate takes the accuracies.
func (w *watcher) evaluate(e *Entry) {
	e.TrainAccuracy, e.TestAccuracy = accuracyOf(w.net, w.job.TrainSet, &w.ws), accuracyOf(w.net, w.job.TestSet, &w.ws)
	w.evaluated = time.Now()
}

// measure takes the relative error.
func (w *watcher) measure(e *Entry) {
	if w.job.L2 == nil {
		return
	}
	l2 := w.job.L2(w.net)
	n := Number(l2)
	e.L2 = &n
	w.result.improveL2(l2, e.Step, e.Seconds)
}

// inspect adds what kind of point the network has come to. An error ends the run.
func (w *watcher) inspect(e *Entry) {
	if w.err != nil {
		return
	}
	in, err := train.Inspect(w.net, w.batch, w.net.Backend)
	if err != nil {
		w.err = err
		w.stop()
		return
	}
	e.Negative, e.Flatness = nil, new(Number)
	if in.Negative >= 0 {
		e.Negative = &in.Negative
	}
	*e.Flatness = Number(in.Flatness)
	w.inspected = e.Step
}

// end completes the history and returns its last entry.
func (w *watcher) end() Entry {
	res := w.result
	if w.last.TrainAccuracy == nil {
		w.evaluate(&w.last)
	}
	w.measure(&w.last)
	if w.batch != nil && w.last.Flatness == nil {
		w.inspect(&w.last)
	}
	switch n := len(res.History); {
	case n > 0 && res.History[n-1].Step == w.last.Step:
		res.History[n-1] = w.last
	case n == 0 || w.last.Step > res.History[n-1].Step:
		res.History = append(res.History, w.last)
	default:
		return res.History[n-1] // nothing was done
	}
	return w.last
}

// improve keeps the best loss and what levels it has come to.
func (r *Result) improve(loss float64, step int, seconds float64) {
	f := &r.Final
	if float64(f.Best) <= loss {
		return
	}
	f.Best = Number(loss)
	for k := len(f.Crossings); k < len(Levels) && loss <= Levels[k]; k++ {
		f.Crossings = append(f.Crossings, Crossing{Levels[k], step, seconds})
	}
}

// improveL2 keeps the best relative error and what levels it has come to.
func (r *Result) improveL2(l2 float64, step int, seconds float64) {
	f := &r.Final
	if f.BestL2 != nil && float64(*f.BestL2) <= l2 || math.IsNaN(l2) {
		return
	}
	n := Number(l2)
	f.BestL2 = &n
	for k := len(f.CrossingsL2); k < len(LevelsL2) && l2 <= LevelsL2[k]; k++ {
		f.CrossingsL2 = append(f.CrossingsL2, CrossingL2{LevelsL2[k], step, seconds})
	}
}

// Grid runs an optimizer with each of the rates and returns the best result, which
// has all of them in its Grid. If one was interrupted, its result is returned.
func (j *Job) Grid(ctx context.Context, make func(rate float64) train.Optimizer, rates []float64, show func(string, float64, *Entry)) (*Result, error) {
	var best *Result
	var trials []Trial
	for _, rate := range rates {
		o := make(rate)
		res, err := j.Run(ctx, o, rate, func(e *Entry) {
			if show != nil {
				show(o.Name(), rate, e)
			}
		})
		if err != nil {
			return nil, err
		}
		trials = append(trials, res.trial())
		better := best == nil || res.better(best)
		if a := res.BestTest(); best != nil && j.ByTest && a != nil {
			better = *a > *best.BestTest()
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
