package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/nn/laplace"
)

// A laplaceResult is the JSON document of laplace.
type laplaceResult struct {
	LogEvidence    number       `json:"log_evidence"`
	PriorPrecision []number     `json:"prior_precision"`
	Groups         []string     `json:"groups"`
	Noise          *number      `json:"noise,omitempty"` // in the units of the target
	Effective      []number     `json:"effective_parameters"`
	Inertia        la.Inertia   `json:"inertia"`
	Steps          int          `json:"steps"` // of Newton's method on the evidence, the last time
	Seconds        float64      `json:"seconds"`
	Test           *laplaceTest `json:"test,omitempty"`

	Params        int     `json:"params"`
	Samples       int     `json:"samples"`
	Curvature     string  `json:"curvature"`
	Rounds        int     `json:"rounds"`
	TrainingSteps int     `json:"training_steps"`
	Loss          number  `json:"loss"`
	Gradient      number  `json:"gradient"`          // ‖g + Λw‖
	Relative      number  `json:"gradient_relative"` // over √(‖g‖² + ‖Λw‖²)
	before        float64 // evidence of the first round
}

// laplaceTest is what the test samples say; what does not apply is left out.
type laplaceTest struct {
	N        int     `json:"n"`
	NLL      number  `json:"nll"`     // mean negative log-likelihood of the predictive distribution
	NLLMap   number  `json:"nll_map"` // and of the weights w* alone
	RMSE     *number `json:"rmse,omitempty"`
	Accuracy *number `json:"accuracy,omitempty"`
	ECE      *number `json:"ece,omitempty"` // expected calibration error, 15 bins
	ECEMap   *number `json:"ece_map,omitempty"`
}

// stationary is the relative gradient above which the result is warned of.
const stationary = 1e-3

// trainingTolerance is the relative gradient that training goes to: a hundredth of what is
// warned of, since the evidence is off by the square of it.
const trainingTolerance = 1e-5

// laplace does the whole subcommand.
func (s *session) laplace(ctx context.Context, f *laplaceFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	plotFile, err := createPlot("plot", f.plot)
	if err != nil {
		return err
	}
	defer plotFile.discard()
	d, err := s.laplaceData(f)
	if err != nil {
		return err
	}
	d.net.Backend = backend
	groups, err := laplace.GroupsByName(f.prior)
	if err != nil {
		return err
	}
	r := &laplaceRun{session: s, flags: f, data: d, opts: &factor.Options{Backend: backend, MemoryLimit: s.memoryLimit(), Interrupt: ended(ctx)}}
	r.post = &laplace.Laplace{Groups: groups, PriorPrecision: []float64{f.precision}, Temperature: f.temperature, NoiseSD: f.noise / d.scale}
	start := time.Now()
	if err := r.fit(ctx); err != nil {
		return r.explain(err)
	}
	res, err := r.result(ctx)
	if err != nil {
		return r.explain(err)
	}
	res.Seconds = time.Since(start).Seconds()
	if plotFile != nil {
		pg, err := r.plot()
		if err != nil {
			return err
		}
		if err := plotFile.save(pg); err != nil {
			return err
		}
	}
	if s.json {
		return printJSON(s.stdout, res)
	}
	r.print(res)
	return nil
}

// laplaceRun is one run of laplace.
type laplaceRun struct {
	*session
	flags *laplaceFlags
	data  *laplaceData
	opts  *factor.Options
	post  *laplace.Laplace

	rounds []*laplace.Round
	newton int // steps of the last maximization

	predicted *laplace.Prediction // of the test samples
	probs     []float64           // classes by the predictive distribution
	plain     []float64           // and by w* alone
}

// fit trains and maximizes the evidence in turn.
func (r *laplaceRun) fit(ctx context.Context) error {
	m := newMeter(r.stderr, r.flags.rounds)
	defer m.close()
	evidence := laplace.Settings{FixedNoise: r.flags.noise != 0, Context: ctx}
	if !r.flags.train {
		m.step("factoring")
		if err := r.post.Fit(r.data.net, r.data.train, r.opts); err != nil {
			return err
		}
		if r.flags.rounds > 1 {
			m.step("maximizing the evidence")
			if err := r.maximize(&evidence); err != nil {
				return err
			}
		}
		return r.exact(ctx)
	}
	round := 1
	a := &laplace.Alternation{Evidence: evidence, MaxRounds: r.flags.rounds}
	a.Training.Tolerance = trainingTolerance
	a.Training.Observe = func(step int, loss, relative float64) {
		m.note(fmt.Sprintf("round %d, step %d: loss %.3g, gradient %.1e", round, step, loss, relative))
	}
	a.Observe = func(*laplace.Round) {
		round++
		m.step(fmt.Sprintf("round %d", round))
	}
	m.step("round 1")
	var err error
	r.rounds, err = r.post.Alternate(ctx, r.data.net, r.data.train, r.opts, a)
	var late *laplace.TrainingError
	switch {
	case errors.As(err, &late):
		// The point is what it is: Stationarity tells.
		if err := r.post.Fit(r.data.net, r.data.train, r.opts); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	for _, x := range r.rounds {
		if x.NewtonSteps > 0 {
			r.newton = x.NewtonSteps
		}
	}
	return r.exact(ctx)
}

func (r *laplaceRun) maximize(s *laplace.Settings) error {
	max, err := r.post.MaximizeEvidence(s)
	if err == nil {
		r.newton = max.Steps
	}
	return err
}

// exact takes the exact Hessian at the point and the prior that were found, if asked for.
func (r *laplaceRun) exact(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.flags.curvature != "hessian" {
		return nil
	}
	r.post.Curvature = laplace.ExactHessian
	return r.post.Fit(r.data.net, r.data.train, r.opts)
}

// explain adds which flag would help.
func (r *laplaceRun) explain(err error) error {
	var memory *factor.MemoryError
	var not *laplace.NotMinimumError
	switch {
	case errors.As(err, &memory):
		return fmt.Errorf("%w (--samples; the limit is --memory)", err)
	case errors.As(err, &not):
		return fmt.Errorf("%w (--curvature ggn, or --precision %.3g with --rounds 1)", err, not.MinPrecision*1.01)
	}
	return err
}

// result asks for everything that the document has.
func (r *laplaceRun) result(ctx context.Context) (*laplaceResult, error) {
	l := r.post
	log, err := l.LogMarginal()
	if err != nil {
		return nil, err
	}
	d := r.data
	targets := 0.0 // numbers that were scaled
	if !d.classes {
		targets = float64(len(d.train.T))
	}
	gamma, err := l.EffectiveParamsTo(nil)
	if err != nil {
		return nil, err
	}
	norm, relative := l.Stationarity()
	loss, err := d.net.Loss(d.train, nil)
	if err != nil {
		return nil, err
	}
	res := &laplaceResult{
		LogEvidence: number(log - targets*math.Log(d.scale)), Groups: l.GroupNames(), Inertia: l.Inertia(), Steps: r.newton,
		Params: l.Params(), Samples: d.train.N, Curvature: r.flags.curvature, Rounds: len(r.rounds),
		Loss: number(loss), Gradient: number(norm), Relative: number(relative),
	}
	for i, g := range gamma {
		res.Effective = append(res.Effective, number(g))
		p := l.PriorPrecision[0]
		if len(l.PriorPrecision) > 1 {
			p = l.PriorPrecision[i]
		}
		res.PriorPrecision = append(res.PriorPrecision, number(p))
	}
	if v := l.NoiseVariance(); v > 0 {
		n := number(math.Sqrt(v) * d.scale)
		res.Noise = &n
	}
	for i, x := range r.rounds {
		res.TrainingSteps += x.Training.Steps
		if i == 0 {
			res.before = x.Evidence - targets*math.Log(d.scale)
		}
	}
	if relative > stationary {
		r.notef("not at a stationary point: ‖g + Λw‖ is %.3g, %.2g of its parts; the posterior and the evidence are those of another problem", norm, relative)
	}
	if d.test != nil {
		if res.Test, err = r.evaluate(ctx); err != nil {
			return nil, err
		}
	}
	return res, nil
}
