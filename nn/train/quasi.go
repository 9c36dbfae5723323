package train

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"

	"costate/la/vec"
	"costate/nn"
)

// Quasi runs a method of gonum.org/v1/gonum/optimize step by step: LBFGS or
// NonlinearCG. Such methods compare losses between steps, so that they need one and
// the same batch in all of them; a new batch starts them again.
//
// What such a method remembers is its own. A State therefore holds where it was
// started and how many steps it made, and going on from it repeats these. Where
// gonum gives up a line search the method is started again there; where it gives
// up at once, Step returns a *StalledError.
//
// Close ends the goroutines of a method that is not needed any more.
type Quasi struct {
	name string
	make func() optimize.Method

	owner   owner
	start   []float64 // parameters at the start of the method
	made    int       // steps since
	replay  int       // steps to repeat
	version int
	run     *quasiRun
}

// lbfgsStore is how many steps L-BFGS remembers: the upper end of the 3 to 20 that J.
// Nocedal and S. J. Wright recommend (Numerical optimization, 2nd ed., 2006, section 7.2),
// as memory is no matter for small networks.
const lbfgsStore = 20

// NewLBFGS returns the method of J. Nocedal, Updating quasi-Newton matrices with
// limited storage, Math. Comp. 35 (1980), with gonum's line search. Its name is
// "lbfgs".
func NewLBFGS() *Quasi {
	return &Quasi{name: "lbfgs", make: func() optimize.Method { return &optimize.LBFGS{Store: lbfgsStore} }}
}

// NewNonlinearCG returns nonlinear conjugate gradients, as gonum has them. Its
// name is "cg".
func NewNonlinearCG() *Quasi {
	return &Quasi{name: "cg", make: func() optimize.Method { return &optimize.CG{} }}
}

// Name implements Optimizer.
func (o *Quasi) Name() string { return o.name }

// Step implements Optimizer.
func (o *Quasi) Step(t *Task) (Info, error) {
	info := unknown()
	theta := t.Net.Params()
	fresh := false
	if o.owner.changes(t.Net) {
		o.Close()
		o.made, o.replay = 0, 0
	}
	if o.run == nil || o.version != t.Version || !o.run.task.same(t) || !slices.Equal(o.run.x, theta) {
		replay := o.replay
		if o.version != t.Version {
			replay = 0
		}
		if o.run != nil {
			replay = 0 // another batch or place
			o.Close()
		}
		if replay == 0 {
			o.start, o.made, fresh = clone(theta), 0, true
		}
		o.version, o.replay = t.Version, 0
		run, err := startQuasi(t, o.start, o.make())
		if err != nil {
			return info, err
		}
		o.run = run
		for range replay {
			if !run.next() {
				return info, badState(o.name)
			}
		}
		if !slices.Equal(run.x, theta) {
			return info, badState(o.name)
		}
	}
	r := o.run
	info.Loss, info.After, info.Gradient = r.loss, r.loss, vec.Norm2(r.grad)
	if !r.next() {
		t.Net.SetParams(theta)
		o.Close()
		o.start, o.made, o.replay = clone(theta), 0, 0
		if fresh {
			return info, &StalledError{Optimizer: o.name, Gradient: info.Gradient}
		}
		return info, nil // started again by the next step
	}
	o.made++
	t.Net.SetParams(r.x)
	info.After, info.Accepted = r.loss, true
	for i, v := range r.x {
		theta[i] -= v
	}
	info.Length = vec.Norm2(theta)
	return info, nil
}

// State implements Optimizer.
func (o *Quasi) State() State {
	return State{"start": clone(o.start), "made": {float64(o.made), float64(o.version)}}
}

// SetState implements Optimizer.
func (o *Quasi) SetState(s State) error {
	start, made := s["start"], s["made"]
	if len(s) != 2 || len(made) != 2 || !(made[0] >= 0) {
		return badState(o.name)
	}
	o.Close()
	o.owner.release()
	o.start, o.made, o.replay, o.version = clone(start), int(made[0]), int(made[0]), int(made[1])
	return nil
}

// Close ends the method's goroutines. It may be called at any time; the next
// step on the same batch repeats what was made and goes on.
func (o *Quasi) Close() error {
	if o.run != nil {
		o.run.end()
		o.run = nil
		o.replay = o.made
	}
	return nil
}

// quasiRun is one call of optimize.Minimize on its own goroutine, which waits
// after every step.
type quasiRun struct {
	task Task
	work *nn.Network // a copy that is evaluated
	ws   nn.Workspace

	x, grad  []float64 // after the last step
	loss     float64
	atX, atG []float64 // the last evaluation
	atLoss   float64
	err      error

	resume chan bool // true: another step; false: end
	paused chan bool // true: a step was made; false: the method has ended
	ended  bool
}

var errEnd = errors.New("train: end of the method")

func startQuasi(t *Task, start []float64, method optimize.Method) (*quasiRun, error) {
	n := t.Net.NumParams()
	if len(start) != n {
		return nil, badState("a method of optimize")
	}
	r := &quasiRun{task: *t, work: t.Net.Clone(), x: clone(start),
		grad: make([]float64, n), atX: make([]float64, n), atG: make([]float64, n),
		resume: make(chan bool), paused: make(chan bool)}
	r.atX[0] = math.NaN()
	r.evaluate(r.x)
	if r.err != nil {
		return nil, r.err
	}
	r.loss = r.atLoss
	copy(r.grad, r.atG)
	go r.minimize(method)
	return r, nil
}

// minimize runs until the method ends or is ended.
func (r *quasiRun) minimize(method optimize.Method) {
	if !<-r.resume {
		r.paused <- false
		return
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 { r.evaluate(x); return r.atLoss },
		Grad: func(grad, x []float64) { r.evaluate(x); copy(grad, r.atG) },
	}
	optimize.Minimize(problem, r.x, &optimize.Settings{
		Recorder: r, Converger: optimize.NeverTerminate{}, GradientThreshold: math.NaN(),
		InitValues: &optimize.Location{F: r.loss, Gradient: clone(r.grad)},
	}, method)
	r.paused <- false
}

// evaluate computes loss and gradient, unless they are those of the last call.
func (r *quasiRun) evaluate(x []float64) {
	if slices.Equal(x, r.atX) {
		return
	}
	copy(r.atX, x)
	r.work.SetParams(x)
	r.atLoss, r.err = r.task.gradient(r.atG, r.work, &r.ws)
	if r.err != nil { // a line search steps back from there
		r.atLoss = math.Inf(1)
		clear(r.atG)
	}
}

// Init implements optimize.Recorder.
func (r *quasiRun) Init() error { return nil }

// Record implements optimize.Recorder: it waits after a step.
func (r *quasiRun) Record(l *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op != optimize.MajorIteration || slices.Equal(l.X, r.x) {
		return nil
	}
	copy(r.x, l.X)
	copy(r.grad, l.Gradient)
	r.loss, r.err = l.F, nil
	r.paused <- true
	if !<-r.resume {
		return errEnd
	}
	return nil
}

// next lets the method make a step, and reports whether it did.
func (r *quasiRun) next() bool {
	if r.ended {
		return false
	}
	r.resume <- true
	r.ended = !<-r.paused
	return !r.ended
}

// end ends the method where it waits.
func (r *quasiRun) end() {
	if r.ended {
		return
	}
	r.resume <- false
	for <-r.paused {
		r.resume <- false
	}
	r.ended = true
}

var _ Optimizer = (*Quasi)(nil)
