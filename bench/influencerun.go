package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"costate/bench/internal/prose"
	"costate/bench/internal/protocol"
	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/nn/influence"
	"costate/nn/npz"
	"costate/system"
)

// An influenceResult is what influence reports.
type influenceResult struct {
	Params        int               `json:"params"`
	Train         int               `json:"train"`
	Test          int               `json:"test"`
	Damping       float64           `json:"damping"`
	LeastDamping  float64           `json:"least_damping"` // with which H + εI is definite
	Curvature     string            `json:"curvature"`
	Method        string            `json:"method"`
	Gradient      float64           `json:"gradient_norm"` // of loss + ½ε‖θ‖²
	Inertia       la.Inertia        `json:"inertia"`
	BackwardError float64           `json:"backward_error"`
	Training      *trainingResult   `json:"training,omitempty"`
	LeaveOneOut   []leaveOneOut     `json:"leave_one_out,omitempty"`
	Mislabel      *mislabelResult   `json:"mislabel,omitempty"`
	Seconds       influenceSeconds  `json:"seconds"`
	Extremes      []influenceSample `json:"extremes"` // the most harmful and the most helpful, on average
}

type influenceSeconds struct {
	Train float64 `json:"train"`
	Fit   float64 `json:"fit"`
	Pairs float64 `json:"pairs"` // all test × train
	Self  float64 `json:"self"`
}

// A trainingResult is how training went.
type trainingResult struct {
	Steps          int     `json:"steps"`
	Factorizations int     `json:"factorizations"`
	Loss           float64 `json:"loss"` // with weight decay
}

// A leaveOneOut compares prediction and truth for a part of the weights removed.
type leaveOneOut struct {
	Part     float64 `json:"part"`
	Points   int     `json:"points"`
	Pearson  number  `json:"pearson"`
	Spearman number  `json:"spearman"`
	Error    number  `json:"relative_error"`
	Seconds  float64 `json:"seconds"`

	predicted, truth []float64
}

// A mislabelResult tells where planted wrong labels were found.
type mislabelResult struct {
	Part    float64 `json:"part"`
	Planted []int   `json:"planted"` // samples
	// Ranks of these, from 1: by the greatest self-influence, and by the least
	// mean influence on the test samples.
	BySelf []int `json:"ranks_self"`
	ByMean []int `json:"ranks_mean"`
	// How many of the planted are among as many first ones.
	FoundBySelf int `json:"found_self"`
	FoundByMean int `json:"found_mean"`
}

// An influenceSample is one training sample and its mean influence on the test samples.
type influenceSample struct {
	Sample int     `json:"sample"`
	Label  *int    `json:"label,omitempty"`
	Mean   float64 `json:"mean"`
	Self   float64 `json:"self"`
}

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
func (s *session) influence(ctx context.Context, f *influenceFlags) (printed bool, err error) {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return false, usagef("--backend: %w", err)
	}
	var out *output
	if f.out != "" {
		if out, err = createOutput("out", f.out); err != nil {
			return false, err
		}
	}
	defer out.discard()
	plotFile, err := createPlot("plot", f.plot)
	if err != nil {
		return false, err
	}
	defer plotFile.discard()
	j := &influenceJob{s: s, f: f, options: factor.Options{Backend: backend, MemoryLimit: s.memoryLimit()}}
	if err := j.load(); err != nil {
		return false, err
	}
	j.net.Backend = backend
	j.meter = newMeter(s.stderr, 3+f.leaveOut*len(f.parts))
	closeMeter := closer(j.meter)
	defer closeMeter()
	if err := j.run(ctx); err != nil {
		return false, explainInfluence(err)
	}
	if out != nil {
		if err := out.write(j.write); err != nil {
			return false, err
		}
	}
	if plotFile != nil {
		page, err := j.page()
		if err != nil {
			return false, err
		}
		if err := plotFile.save(page); err != nil {
			return false, err
		}
	}
	closeMeter()
	if s.json {
		return true, printJSON(s.stdout, &j.result)
	}
	j.print(s.stdout)
	return true, nil
}

// explainInfluence says which flag would help.
func explainInfluence(err error) error {
	var memory *factor.MemoryError
	if errors.As(err, &memory) {
		return fmt.Errorf("%w; a smaller --batch or --width, --curvature ggn or a higher --memory would help", err)
	}
	return err
}

// load makes network and sets.
func (j *influenceJob) load() error {
	p, err := j.s.loadProblem(&j.f.problem)
	if err != nil {
		return err
	}
	j.net, j.train, j.what = p.net, p.batch, p.describe()
	switch {
	case j.f.testIn != "":
		file, err := npz.ReadData(j.f.testIn, p.net)
		if err != nil {
			return fmt.Errorf("--test-in: %w", err)
		}
		j.test = file.Batch()
	case j.f.problem.in != "":
		j.test = j.train
	default:
		_, test, err := j.f.problem.net.load(0, j.s.seed)
		if err != nil {
			return err
		}
		if j.f.test > test.N {
			return usagef("--test is %d; --data %s has %d test samples", j.f.test, j.f.problem.net.data, test.N)
		}
		j.test = test.Sample(j.f.test, j.s.seed)
	}
	if j.f.leaveOut > j.train.N {
		return usagef("--leave-one-out is %d; there are %s", j.f.leaveOut, prose.Plural(j.train.N, "training sample"))
	}
	if j.f.mislabel > 0 {
		return j.plant()
	}
	return nil
}

// plant gives some training samples a wrong label.
func (j *influenceJob) plant() error {
	classes := max(2, j.net.Outputs())
	if j.train.Labels == nil {
		return usagef("--mislabel needs labels; the data have targets")
	}
	rng := rand.New(rand.NewPCG(j.s.seed, 0x6c6162656c))
	n := int(math.Round(j.f.mislabel * float64(j.train.N)))
	if n == 0 {
		return usagef("--mislabel %g of %s is none", j.f.mislabel, prose.Plural(j.train.N, "training sample"))
	}
	j.planted = rng.Perm(j.train.N)[:n]
	slices.Sort(j.planted)
	for _, i := range j.planted {
		j.train.Labels[i] = (j.train.Labels[i] + 1 + rng.IntN(classes-1)) % classes
	}
	return nil
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

// trains reports whether the network is trained, here or for the truth.
func (j *influenceJob) trains() bool {
	return j.f.problem.in == "" || j.f.train || j.f.leaveOut > 0
}

// checkCost refuses before anything is factored what would take too long: training
// always factors the exact Hessian.
func (j *influenceJob) checkCost() error {
	var lin nn.Linearization
	if err := j.net.Linearize(&lin, j.train); err != nil {
		return err
	}
	chain, what, cure := &lin.Chain, "training by Newton's method", "a trained network (--in, --leave-one-out 0)"
	if !j.trains() {
		what, cure = "influence", "--curvature ggn"
		if j.f.curvature == "ggn" {
			chain, cure = chain.GaussNewton(), "fewer training samples"
		}
	}
	c := costOf(chain, j.options.MemoryLimit)
	if gflop := float64(c.Point+c.Factor) / 1e9; gflop > j.f.maxGflop {
		return fmt.Errorf("%s takes %.3g Gflop for a factorization, more than --max-gflop %g; %s, or a smaller --batch or --width, would help", what, gflop, j.f.maxGflop, cure)
	}
	return nil
}

// costOf is the cost of the method that is chosen for a chain.
func costOf(c *system.Chain, memory int64) factor.Cost {
	choice := factor.Choose(c, memory)
	switch choice.Method {
	case "gram":
		return choice.Gram
	case "dense":
		return choice.Dense
	}
	return choice.Chain
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

// order is the permutation that sorts x, least first.
func order(x []float64) []int {
	at := make([]int, len(x))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int {
		switch {
		case x[a] < x[b]:
			return -1
		case x[a] > x[b]:
			return 1
		}
		return 0
	})
	return at
}

// found is the ranks, from 1, of what was planted, ascending, and how many of them are
// among as many first ones.
func found(order, planted []int) (ranks []int, first int) {
	for at, i := range order {
		if _, ok := slices.BinarySearch(planted, i); ok {
			ranks = append(ranks, at+1)
			if at < len(planted) {
				first++
			}
		}
	}
	return ranks, first
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

// ranks are the places of the elements in order.
func ranks(x []float64) []float64 {
	r := make([]float64, len(x))
	for at, i := range order(x) {
		r[i] = float64(at)
	}
	return r
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
