package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"costate/bench/internal/protocol"
	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/nn/influence"
)

// An influenceJob computes influences.
type influenceJob struct {
	s       *session
	f       *influenceFlags
	meter   *meter
	net     *nn.Network
	train   *nn.Batch
	test    *nn.Batch
	what    string
	options factor.Options
	planted []int
	model   influence.Influence
	pairs   mat.Dense
	self    []float64
	mean    []float64
	result  influenceResult
}

// influence does the whole subcommand.
func (s *session) influence(ctx context.Context, f *influenceFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	out, err := createOutput("out", f.out)
	if err != nil {
		return err
	}
	defer out.discard()
	plotFile, err := createPlot("plot", f.plot)
	if err != nil {
		return err
	}
	defer plotFile.discard()
	j := &influenceJob{s: s, f: f, options: factor.Options{Backend: backend, MemoryLimit: s.memoryLimit(), Interrupt: ended(ctx)}}
	if err := j.load(); err != nil {
		return err
	}
	j.net.Backend = backend
	j.meter = newMeter(s.stderr, 3+f.leaveOut*len(f.parts))
	closeMeter := closer(j.meter)
	defer closeMeter()
	if err := j.run(ctx); err != nil {
		return explainInfluence(err)
	}
	if err := out.write(j.write); err != nil {
		return err
	}
	if plotFile != nil {
		page, err := j.page()
		if err != nil {
			return err
		}
		if err := plotFile.save(page); err != nil {
			return err
		}
	}
	closeMeter()
	if s.json {
		return printJSON(s.stdout, &j.result)
	}
	j.print(s.stdout)
	return nil
}

// explainInfluence says which flag would help.
func explainInfluence(err error) error {
	var memory *factor.MemoryError
	if errors.As(err, &memory) {
		return fmt.Errorf("%w; a smaller --batch or --width, --curvature ggn or a higher --memory would help", err)
	}
	return err
}

// run trains, and answers.
func (j *influenceJob) run(ctx context.Context) error {
	r := &j.result
	*r = influenceResult{Params: j.net.NumParams(), Train: j.train.N, Test: j.test.N, Damping: j.f.damping, Curvature: j.f.curvature}
	start := time.Now()
	lap := func() float64 {
		s := time.Since(start).Seconds()
		start = time.Now()
		return s
	}
	if err := j.checkCost(); err != nil {
		return err
	}
	j.meter.step("training")
	if j.f.problem.in == "" || j.f.train {
		m, err := influence.Minimize(ctx, j.net, j.train, j.f.damping, &j.options, func(m influence.Minimum) {
			j.meter.note(fmt.Sprintf("training, step %d, gradient %.1e", m.Steps, m.Gradient))
		})
		if err != nil {
			return err
		}
		r.Training = &trainingResult{m.Steps, m.Factorizations, m.Value}
	}
	r.Seconds.Train = lap()
	j.meter.step("influence")
	j.model = influence.Influence{Damping: j.f.damping, GaussNewton: j.f.curvature == "ggn", Options: &j.options,
		Observe: func(done, all int) error {
			j.meter.note(fmt.Sprintf("influence, %d of %d", done, all))
			return ctx.Err()
		}}
	if err := j.model.Fit(j.net, j.train); err != nil {
		return err
	}
	r.Seconds.Fit = lap()
	if err := j.model.PairsTo(&j.pairs, j.test); err != nil {
		return err
	}
	r.Seconds.Pairs = lap()
	j.self = make([]float64, j.train.N)
	if err := j.model.SelfTo(j.self); err != nil {
		return err
	}
	r.Seconds.Self = lap()
	var err error
	if r.LeastDamping, err = j.model.LeastDamping(); err != nil {
		return err
	}
	rep := j.model.Report()
	r.Method, r.Gradient, r.Inertia, r.BackwardError = rep.Method, rep.Gradient, rep.Inertia, rep.BackwardError
	j.rank()
	return j.leaveOneOut(ctx)
}

// rank finds the samples that stand out, and the planted ones.
func (j *influenceJob) rank() {
	j.mean = make([]float64, j.train.N)
	for t := range j.test.N {
		vec.Axpy(j.mean, 1/float64(j.test.N), j.pairs.RawRowView(t))
	}
	byMean := order(j.mean)
	const shown = 3
	for at, i := range byMean {
		if at < shown || at >= len(byMean)-shown {
			e := influenceSample{Sample: i, Mean: j.mean[i], Self: j.self[i]}
			if j.train.Labels != nil {
				e.Label = &j.train.Labels[i]
			}
			j.result.Extremes = append(j.result.Extremes, e)
		}
	}
	if j.f.mislabel == 0 {
		return
	}
	bySelf := order(j.self)
	slices.Reverse(bySelf)
	m := &mislabelResult{Part: j.f.mislabel, Planted: j.planted}
	m.BySelf, m.FoundBySelf = found(bySelf, j.planted)
	m.ByMean, m.FoundByMean = found(byMean, j.planted)
	j.result.Mislabel = m
}

// leaveOneOut trains again without some samples, which are chosen by the seed.
func (j *influenceJob) leaveOneOut(ctx context.Context) error {
	if j.f.leaveOut == 0 {
		return nil
	}
	removed := rand.New(rand.NewPCG(j.s.seed, 0x6c6f6f)).Perm(j.train.N)[:j.f.leaveOut]
	slices.Sort(removed)
	change := make([]float64, j.test.N)
	for _, part := range j.f.parts {
		start := time.Now()
		l := leaveOneOut{Part: part, Points: len(removed)}
		for at, i := range removed {
			j.meter.step(fmt.Sprintf("training again, %d of %d", at+1, len(removed)))
			if _, err := j.model.RemovalTo(ctx, change, i, part, j.test); err != nil {
				return fmt.Errorf("without sample %d: %w", i, err)
			}
			w := part / float64(j.train.N)
			if j.train.Weights != nil {
				w *= j.train.Weights[i]
			}
			for t, v := range change {
				l.truth = append(l.truth, v)
				l.predicted = append(l.predicted, w*j.pairs.At(t, i))
			}
		}
		l.Pearson = number(stat.Correlation(l.predicted, l.truth, nil))
		l.Spearman = number(stat.Correlation(ranks(l.predicted), ranks(l.truth), nil))
		l.Error = number(relativeDifference(l.predicted, l.truth))
		l.Seconds = time.Since(start).Seconds()
		j.result.LeaveOneOut = append(j.result.LeaveOneOut, l)
	}
	return nil
}

// write writes the file of --out.
func (j *influenceJob) write(w io.Writer) error {
	t, n := j.pairs.Dims()
	flat := make([]float64, 0, t*n)
	for i := range t {
		flat = append(flat, j.pairs.RawRowView(i)...)
	}
	arrays := map[string]*protocol.Array{
		"influence": protocol.Floats(flat, t, n),
		"self":      protocol.Floats(j.self, n),
		"params":    protocol.Floats(j.net.Params(), j.net.NumParams()),
	}
	if j.train.Labels != nil {
		labels := make([]int64, n)
		for i, v := range j.train.Labels {
			labels[i] = int64(v)
		}
		arrays["labels"] = protocol.Integers(labels, n)
	}
	raw, err := protocol.FormatArchive(arrays)
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}
