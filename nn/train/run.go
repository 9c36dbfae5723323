package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"costate/internal/space"
	"costate/nn"
)

// A Run is the training of one network by one optimizer.
type Run struct {
	Net       *nn.Network
	Optimizer Optimizer
	Data      *Sampler

	// Objective, if it is not nil, is trained on in place of Data.
	Objective Objective

	// Shards, if it is not nil, evaluates the batches of Data on all ranks of MPI.
	Shards *Shards

	// Steps and Seconds are where the run ends; 0 is no limit, but not for both.
	// Only the time spent in steps counts.
	Steps   int
	Seconds float64

	// Target ends the run where the loss of a batch is at most this; 0 is no
	// target.
	Target float64

	// Done, if it is not nil, ends the run as Target does where it is true of the record
	// of a step. It is asked after Observe; the network must not be changed.
	Done func(r *Record) bool

	// Bound is the loss that counts as divergence; 0 is a thousand times one plus the
	// first loss: far above the peaks that a run of a large learning rate comes back from.
	Bound float64

	// Observe, if it is not nil, is called after every step with its record, to
	// which it may add; the time it takes is not counted. The network must not
	// be changed.
	Observe func(r *Record)

	// Between, if it is not nil, is called before every step, where the run can be
	// saved (Save, Checkpoint); the time it takes is not counted.
	Between func()

	taken    int // steps taken
	rejected int // in a row
	seconds  float64
	first    float64 // loss
	open     bool
	pending  *Record
	good     []float64 // parameters before the step that is made
	before   []float64 // those before the step before
	task     Task
	from     source
	ws       nn.Workspace
}

// A Record is the state of a run after a step; that of step 0 is the start.
// Numbers that are not known are NaN, and Negative −1.
type Record struct {
	Step    int
	Seconds float64
	Loss    float64 // of the batch of the step
	Info            // of the step; nothing in the record of step 0
}

// A Reason says why a run ended.
type Reason string

// Reasons.
const (
	ReachedTarget  Reason = "target"      // Run.Target, or Done
	ReachedSteps   Reason = "steps"       // Run.Steps
	ReachedSeconds Reason = "seconds"     // Run.Seconds
	Stalled        Reason = "stalled"     // no step lowers the loss
	Interrupted    Reason = "interrupted" // the context was cancelled
	Failed         Reason = "failed"      // see the error
)

// triesPerBatch is how many steps not taken in a row end the work on a batch of
// many: the damping is then 2⁸ times what it was, and the step that much shorter.
const triesPerBatch = 8

// Do trains until one of the ends is reached, and says which. The network then
// has the parameters of the last record. A *DivergedError names the step that
// led out of bounds; the parameters are those before it. A cancelled context is
// no error. Do may be called again to go on, with other limits.
func (r *Run) Do(ctx context.Context) (Reason, error) {
	if err := r.check(); err != nil {
		return Failed, err
	}
	defer func() {
		if c, ok := r.Optimizer.(io.Closer); ok {
			c.Close()
		}
	}()
	r.task.Net, r.task.Shards = r.Net, r.Shards
	for {
		switch {
		case ctx.Err() != nil:
			return Interrupted, r.settle()
		case r.Steps > 0 && r.taken >= r.Steps:
			return ReachedSteps, r.settle()
		case r.Seconds > 0 && r.seconds >= r.Seconds:
			return ReachedSeconds, r.settle()
		}
		if r.Between != nil {
			r.Between()
		}
		end, err := r.step()
		if end != "" || err != nil {
			return end, err
		}
	}
}

func (r *Run) check() error {
	switch {
	case r.Net == nil || r.Optimizer == nil || r.Data == nil && r.Objective == nil:
		return errors.New("train: a run needs a network, an optimizer and data or an objective")
	case r.Steps < 0 || !(r.Seconds >= 0):
		return fmt.Errorf("train: limits of %d steps and %g seconds; they cannot be negative", r.Steps, r.Seconds)
	case r.Steps == 0 && r.Seconds == 0:
		return errors.New("train: a run without a limit of steps or seconds never ends")
	}
	return r.source().check()
}

// source is what the run is trained on.
func (r *Run) source() source {
	if r.Objective == nil {
		return r.Data
	}
	if s, ok := r.from.(*objectiveSource); !ok || s.Objective != r.Objective {
		r.from = &objectiveSource{Objective: r.Objective}
	}
	return r.from
}

// step makes one step and its record.
func (r *Run) step() (Reason, error) {
	r.good, r.before = space.Resize(r.before, r.Net.NumParams()), r.good
	r.Net.ParamsTo(r.good)
	if err := r.deal(); err != nil {
		return Failed, err
	}
	start := time.Now()
	info, err := r.Optimizer.Step(&r.task)
	took := time.Since(start).Seconds()
	if err != nil {
		return r.fail(err)
	}
	if r.taken == 0 {
		r.first = info.Loss
		rec := &Record{Loss: info.Loss, Info: unknown()}
		r.record(rec)
		if r.reached(rec) {
			r.Net.SetParams(r.good)
			return ReachedTarget, nil
		}
	}
	if p := r.pending; p != nil {
		// What the last step came to is known only now.
		if end, err := r.close(info.Loss, nil); end != "" {
			return end, err
		}
	}
	r.taken++
	r.seconds += took
	if info.Accepted {
		r.rejected = 0
	} else {
		r.rejected++
	}
	r.open = r.rejected > 0 && r.rejected < triesPerBatch
	rec := &Record{Step: r.taken, Seconds: r.seconds, Loss: info.After, Info: info}
	if math.IsNaN(info.After) {
		r.pending = rec
		return "", nil
	}
	r.record(rec)
	if r.reached(rec) {
		return ReachedTarget, nil
	}
	return "", nil
}

// deal deals the next batch, or the last one again after a step not taken.
func (r *Run) deal() error {
	from := r.source()
	n := from.dealt()
	if n == 0 || !r.open {
		n++
		r.rejected = 0
	}
	return from.deal(&r.task, n, r.Net.Inputs(), r.Net.Targets())
}

// close completes the record of the last step with the loss that it led to. The
// reason is empty if the run goes on; otherwise the network is where the record
// says, or, after divergence, where it was before that step.
func (r *Run) close(loss float64, err error) (Reason, error) {
	p := r.pending
	r.pending = nil
	bound := r.Bound
	if bound == 0 {
		bound = 1000 * (1 + math.Abs(r.first))
	}
	if err != nil || !(loss <= bound) {
		r.Net.SetParams(r.before)
		return Failed, &DivergedError{Optimizer: r.Optimizer.Name(), Step: p.Step, Loss: loss, Err: err}
	}
	p.Loss = loss
	if r.Target > 0 && loss <= r.Target {
		r.Net.SetParams(r.good)
	}
	r.record(p)
	if !r.reached(p) {
		return "", nil
	}
	r.Net.SetParams(r.good)
	return ReachedTarget, nil
}

// settle evaluates what the last step came to, where the run ends after it, on
// the batch that the next step would have.
func (r *Run) settle() error {
	if r.pending == nil {
		return nil
	}
	r.before, r.good = r.good, space.Resize(r.before, r.Net.NumParams()) // good had the parameters before the step
	r.Net.ParamsTo(r.good)
	at := r.source().dealt()
	if err := r.deal(); err != nil {
		return err
	}
	loss, err := r.task.loss(r.Net, &r.ws)
	r.source().rewind(at)
	_, err = r.close(loss, err)
	return err
}

// fail sorts out the error of a step.
func (r *Run) fail(err error) (Reason, error) {
	var stalled *StalledError
	if errors.As(err, &stalled) {
		return Stalled, r.settle()
	}
	if r.pending != nil {
		// Either the last step led where nothing can be evaluated, or this
		// batch is at fault: then it is so with the parameters before, too.
		r.Net.SetParams(r.before)
		if _, e := r.task.loss(r.Net, &r.ws); e == nil {
			return r.close(math.NaN(), err)
		}
		r.Net.SetParams(r.good)
	}
	return Failed, err
}

// reached reports whether the record is of where the run is to end.
func (r *Run) reached(rec *Record) bool {
	return r.Target > 0 && rec.Loss <= r.Target || r.Done != nil && r.Done(rec)
}

func (r *Run) record(rec *Record) {
	if r.Observe != nil {
		r.Observe(rec)
	}
}
