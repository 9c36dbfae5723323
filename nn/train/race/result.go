package race

import (
	"math"

	"costate/nn"
	"costate/nn/train"
)

// Levels are the losses whose first crossing a result tells.
var Levels = []float64{1e-2, 1e-4, 1e-6}

// LevelsL2 are the relative errors whose first crossing a result tells.
var LevelsL2 = []float64{1e-2, 1e-3, 1e-4, 1e-5, 1e-6}

// An Entry is one step in the history of a result.
type Entry struct {
	Step          int      `json:"step"`
	Seconds       float64  `json:"seconds"`
	Loss          Number   `json:"loss"`
	L2            *Number  `json:"l2,omitempty"`
	TrainAccuracy *float64 `json:"train_accuracy,omitempty"`
	TestAccuracy  *float64 `json:"test_accuracy,omitempty"`
	Damping       *Number  `json:"damping,omitempty"`
	Radius        *Number  `json:"radius,omitempty"`
	Accepted      *bool    `json:"accepted,omitempty"`
	Negative      *int     `json:"negative,omitempty"` // eigenvalues of the Hessian
	Flatness      *Number  `json:"flatness,omitempty"` // see train.Inspection
}

// A Final is the end of a run.
type Final struct {
	Entry
	Reason    train.Reason `json:"reason"`
	Best      Number       `json:"best_loss"`
	Taken     int          `json:"accepted_steps"`
	Crossings []Crossing   `json:"reached"`
	Error     string       `json:"error,omitempty"`

	BestL2      *Number      `json:"best_l2,omitempty"`
	CrossingsL2 []CrossingL2 `json:"reached_l2,omitempty"`
}

// A CrossingL2 is the first step after which the relative error was at most a level.
type CrossingL2 struct {
	L2      float64 `json:"l2"`
	Step    int     `json:"step"`
	Seconds float64 `json:"seconds"`
}

// A Crossing is the first step after which the loss was at most a level.
type Crossing struct {
	Loss    float64 `json:"loss"`
	Step    int     `json:"step"`
	Seconds float64 `json:"seconds"`
}

// A Result is one optimizer on one job.
type Result struct {
	Optimizer string  `json:"optimizer"`
	Rate      float64 `json:"learning_rate,omitempty"`
	Params    int     `json:"params"`
	History   []Entry `json:"history"`
	Final     Final   `json:"final"`
	Grid      []Trial `json:"grid,omitempty"`

	// Err is what ended the run, if it diverged.
	Err error `json:"-"`

	// Net is the network at the end of the run.
	Net *nn.Network `json:"-"`

	run *train.Run
}

// A Trial is one learning rate of a grid.
type Trial struct {
	Rate      float64    `json:"learning_rate"`
	Loss      Number     `json:"loss"`
	Steps     int        `json:"steps"`
	Seconds   float64    `json:"seconds"`
	Crossings []Crossing `json:"reached"`
	Error     string     `json:"error,omitempty"`
}

// newEntry is the entry of a record, with what is known.
func newEntry(rec *train.Record) Entry {
	e := Entry{Step: rec.Step, Seconds: rec.Seconds, Loss: Number(rec.Loss)}
	if !math.IsNaN(rec.Damping) {
		d := Number(rec.Damping)
		e.Damping = &d
	}
	if !math.IsNaN(rec.Radius) {
		d := Number(rec.Radius)
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

// worthKeeping thins a history: all of the first steps, later ones a percent apart in
// number, and every one that takes long. So curves on a logarithmic axis are smooth, and a
// million steps are a thousand entries.
func worthKeeping(h []Entry, e *Entry) bool {
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

// Reached is the crossing of a level, nil if it was not reached.
func (r *Result) Reached(level float64) *Crossing {
	for i := range r.Final.Crossings {
		if r.Final.Crossings[i].Loss == level {
			return &r.Final.Crossings[i]
		}
	}
	return nil
}

// ReachedL2 is the crossing of a level of the relative error, nil if it was not reached.
func (r *Result) ReachedL2(level float64) *CrossingL2 {
	for i := range r.Final.CrossingsL2 {
		if r.Final.CrossingsL2[i].L2 == level {
			return &r.Final.CrossingsL2[i]
		}
	}
	return nil
}

// better orders results: more levels first, then the time to the last of them,
// then the loss. Where there are relative errors, they count in its place.
func (r *Result) better(o *Result) bool {
	a, b := r.Final.Crossings, o.Final.Crossings
	switch {
	case (r.Err == nil) != (o.Err == nil):
		return r.Err == nil
	case r.Final.BestL2 != nil && o.Final.BestL2 != nil:
		return float64(*r.Final.BestL2) < float64(*o.Final.BestL2)
	case len(a) != len(b):
		return len(a) > len(b)
	case len(a) == len(Levels):
		return a[len(a)-1].Seconds < b[len(b)-1].Seconds
	}
	return float64(r.Final.Best) < float64(o.Final.Best)
}

// trial is the short form of a result in a grid.
func (r *Result) trial() Trial {
	return Trial{Rate: r.Rate, Loss: r.Final.Loss, Steps: r.Final.Step, Seconds: r.Final.Seconds, Crossings: r.Final.Crossings, Error: r.Final.Error}
}

// extra packs the history for a checkpoint.
func (r *Result) extra() map[string][]float64 {
	var steps, seconds, loss, damping, l2 []float64
	for i := range r.History {
		e := &r.History[i]
		steps, seconds, loss = append(steps, float64(e.Step)), append(seconds, e.Seconds), append(loss, float64(e.Loss))
		d := math.NaN()
		if e.Damping != nil {
			d = float64(*e.Damping)
		}
		damping = append(damping, d)
		d = math.NaN()
		if e.L2 != nil {
			d = float64(*e.L2)
		}
		l2 = append(l2, d)
	}
	return map[string][]float64{"l2": l2, "step": steps, "seconds": seconds, "loss": loss, "damping": damping, "taken": {float64(r.Final.Taken)}}
}

// restore unpacks it. What does not fit together is left out.
func (r *Result) restore(extra map[string][]float64) {
	steps, seconds, loss, damping, taken := extra["step"], extra["seconds"], extra["loss"], extra["damping"], extra["taken"]
	if len(seconds) != len(steps) || len(loss) != len(steps) || len(damping) != len(steps) || len(taken) != 1 {
		return
	}
	r.Final.Taken = int(taken[0])
	for i := range steps {
		e := Entry{Step: int(steps[i]), Seconds: seconds[i], Loss: Number(loss[i])}
		if d := Number(damping[i]); !math.IsNaN(damping[i]) {
			e.Damping = &d
		}
		if l2 := extra["l2"]; len(l2) == len(steps) && !math.IsNaN(l2[i]) {
			d := Number(l2[i])
			e.L2 = &d
			r.improveL2(l2[i], e.Step, e.Seconds)
		}
		r.History = append(r.History, e)
		r.improve(loss[i], e.Step, e.Seconds)
	}
}

// BestTest is the best test accuracy that was met, nil if none was taken.
func (r *Result) BestTest() *float64 {
	var best *float64
	for i := range r.History {
		if t := r.History[i].TestAccuracy; t != nil && (best == nil || *t > *best) {
			best = t
		}
	}
	return best
}

// Save writes a checkpoint of the end of the run.
func (r *Result) Save(file string) error { return r.run.Save(file, r.extra()) }
