package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/bench/internal/methods"
	"costate/la/blas"
	"costate/nn"
)

// namedCases are networks that other programs have been timed on.
var namedCases = map[string]netFlags{
	"demo":   {input: 5, width: 10, classes: 3, layers: 30, batch: 2},
	"wide":   {input: 16, width: 24, classes: 10, layers: 8, batch: 16},
	"mid":    {input: 5, width: 20, classes: 3, layers: 30, batch: 8},
	"deep":   {input: 5, width: 10, classes: 3, layers: 1000, batch: 2},
	"long":   {input: 16, width: 32, classes: 10, layers: 20, batch: 16},
	"anchor": {input: 768, width: 24, classes: 10, layers: 8, batch: 64},
}

// namedCase returns a named network on Gaussian data.
func namedCase(name string) (netFlags, bool) {
	f, ok := namedCases[name]
	f.data, f.act, f.loss, f.gain = "gaussian", "tanh", "ce", 1
	return f, ok
}

// caseNames are the names of the cases, the small ones first.
func caseNames() []string {
	work := func(name string) float64 {
		f := namedCases[name]
		return float64(f.layers) * math.Pow(float64(f.width*f.batch), 3)
	}
	return slices.SortedFunc(maps.Keys(namedCases), func(a, b string) int {
		if work(a) < work(b) {
			return -1
		}
		return 1
	})
}

type compareFlags struct {
	net        netFlags
	cases      []string
	depths     intsFlag
	widths     intsFlag
	methods    []string
	backends   []string
	curvature  string
	eps        float64
	baseline   string
	repeat     int
	maxGflop   float64
	iterations int
	plot       string
}

// A compareRow is one measurement of compare.
type compareRow struct {
	Case      string  `json:"case"`
	Layers    int     `json:"layers"`
	Width     int     `json:"width"`
	Batch     int     `json:"batch"`
	Params    int     `json:"params"`
	StateMax  int     `json:"state_max"`
	Eps       float64 `json:"eps"`
	Curvature string  `json:"curvature"`
	Method    string  `json:"method"`
	Backend   string  `json:"backend"`
	Threads   int     `json:"threads"`

	Seconds       *seconds `json:"seconds"` // null if there is no answer
	Ratio         number   `json:"ratio"`   // total over that of the baseline, null without one
	Gflops        number   `json:"gflops"`
	Bytes         int64    `json:"bytes"`
	BackwardError number   `json:"backward_error"`
	Refinements   int      `json:"refinements"`
	Error         string   `json:"error,omitempty"` // why there is no answer, or none that is good enough
}

func newCompare(s *session) *cobra.Command {
	f := compareFlags{depths: intsFlag{10, 30, 100, 300}, widths: intsFlag{6, 12, 24}}
	c := &cobra.Command{
		Use:   "compare",
		Short: "Time methods and backends against each other, over depth and width",
		Long: `Time every method on every backend on the same networks in one run: named cases,
a sweep over the depth and a sweep over the width of the network that the flags
describe. Seconds are from the weights to x, the best of --repeat; the ratio is to
the baseline method on the first backend. What would take too long or too much
memory is left out, and the table says so. The exit status says whether all exact
methods reached the accuracy. The iterative ones need not: the table shows how far
they come.`,
		RunE: func(c *cobra.Command, _ []string) error {
			fl := c.Flags()
			if err := s.check(fl); err != nil {
				return err
			}
			if err := f.check(fl); err != nil {
				return err
			}
			return s.compare(c.Context(), &f)
		},
	}
	fl := c.Flags()
	f.net.register(fl)
	// A network that is small enough for every method, on random data.
	for flag, value := range map[string]string{"data": "gaussian", "width": "10", "batch": "4", "bias": "false", "layers": "10", "gain": "1.5"} {
		fl.Lookup(flag).DefValue = value
		fl.Set(flag, value)
		fl.Lookup(flag).Changed = false
	}
	fl.StringSliceVar(&f.cases, "cases", []string{"demo", "wide"}, "named cases: "+strings.Join(caseNames(), ", "))
	fl.Var(&f.depths, "depths", "numbers of layers of the sweep over the depth")
	fl.Var(&f.widths, "widths", "widths of the sweep over the width")
	fl.StringSliceVar(&f.methods, "methods", []string{"chain", "block", "dense", "cg", "minres"}, "methods: "+strings.Join(methods.Names(), ", "))
	fl.StringSliceVar(&f.backends, "backend", nil, "backends: "+strings.Join(blas.Names(), ", ")+" (default: native, and openblas if built in)")
	fl.StringVar(&f.curvature, "curvature", "hessian", "hessian, or ggn for Gauss–Newton")
	fl.Float64Var(&f.eps, "eps", 0.1, "damping ε")
	fl.StringVar(&f.baseline, "baseline", "", "method that ratios are to (default: the first of --methods)")
	fl.IntVar(&f.repeat, "repeat", 3, "times to measure; the best are shown")
	fl.Float64Var(&f.maxGflop, "max-gflop", 100, "leave out what needs more Gflop than this")
	fl.IntVar(&f.iterations, "max-iterations", 1000, "iterations after which an iterative method gives up")
	fl.StringVar(&f.plot, "plot", "", "draw time against depth and width in this file (.png, .svg, .pdf)")
	return c
}

func (f *compareFlags) check(fl *pflag.FlagSet) error {
	if err := f.net.check(fl); err != nil {
		return err
	}
	for _, name := range f.cases {
		if _, ok := namedCases[name]; !ok {
			return usagef("--cases %s: the cases are %s", name, strings.Join(caseNames(), ", "))
		}
	}
	for _, list := range []struct {
		flag   string
		values []int
	}{{"depths", f.depths}, {"widths", f.widths}} {
		for _, n := range list.values {
			if n < 1 || n > math.MaxInt32 {
				return usagef("--%s %d: it must be at least 1", list.flag, n)
			}
		}
	}
	for _, name := range f.methods {
		if err := oneOf("methods", name, methods.Names()); err != nil {
			return err
		}
	}
	if f.baseline == "" && len(f.methods) > 0 {
		f.baseline = f.methods[0]
	}
	if err := oneOf("baseline", f.baseline, f.methods); err != nil {
		return err
	}
	if err := oneOf("curvature", f.curvature, []string{"hessian", "ggn"}); err != nil {
		return err
	}
	switch {
	case math.IsNaN(f.eps) || math.IsInf(f.eps, 0):
		return usagef("--eps %g: a damping must be finite", f.eps)
	case f.repeat < 1:
		return usagef("--repeat is %d; it must be at least 1", f.repeat)
	case f.iterations < 1:
		return usagef("--max-iterations is %d; it must be at least 1", f.iterations)
	case !(f.maxGflop > 0):
		return usagef("--max-gflop is %g; it must be positive", f.maxGflop)
	case len(f.cases)+len(f.depths)+len(f.widths) == 0:
		return usagef("nothing to compare: give --cases, --depths or --widths")
	}
	return nil
}

// A compareCase is a network with its name in the table.
type compareCase struct {
	name string
	net  netFlags
}

func (f *compareFlags) all() []compareCase {
	var all []compareCase
	for _, name := range f.cases {
		net, _ := namedCase(name)
		all = append(all, compareCase{name, net})
	}
	for _, n := range f.depths {
		net := f.net
		net.layers = n
		all = append(all, compareCase{fmt.Sprintf("depth=%d", n), net})
	}
	for _, n := range f.widths {
		net := f.net
		net.width = n
		all = append(all, compareCase{fmt.Sprintf("width=%d", n), net})
	}
	return all
}

func (s *session) compare(ctx context.Context, f *compareFlags) error {
	backends := f.backends
	if len(backends) == 0 {
		for _, name := range []string{"native", "openblas"} {
			if _, err := blas.ByName(name, 1); err == nil {
				backends = append(backends, name)
			}
		}
	}
	backends, err := backendList(backends)
	if err != nil {
		return err
	}
	plot, err := createPlot("plot", f.plot)
	if err != nil {
		return err
	}
	defer plot.discard()

	cases := f.all()
	meter := newMeter(s.stderr, len(cases)*len(backends)*len(f.methods))
	closeMeter := closer(meter)
	defer closeMeter()
	rows, failed, err := s.compareAll(ctx, f, cases, backends, meter)
	if err != nil {
		return err
	}
	closeMeter()
	if plot != nil {
		pg, err := comparePlot(rows)
		if err != nil {
			return err
		}
		if err := plot.save(pg); err != nil {
			return err
		}
	}
	if s.json {
		err = printJSON(s.stdout, rows)
	} else {
		reportCompare(s.stdout, rows, f)
	}
	return errors.Join(append(failed, err)...)
}

// compareAll measures all methods on all backends and cases. failed are those that
// should have reached the accuracy.
func (s *session) compareAll(ctx context.Context, f *compareFlags, cases []compareCase, backends []string, meter *meter) (rows []compareRow, failed []error, err error) {
	for _, c := range cases {
		p, err := s.makeProblem(&c.net)
		if err != nil {
			return nil, nil, err
		}
		first := len(rows)
		for _, name := range backends {
			backend, err := blas.ByName(name, s.threads)
			if err != nil {
				return nil, nil, err
			}
			for _, method := range f.methods {
				meter.step(fmt.Sprintf("%s, %s, %s", c.name, method, name))
				row, err := s.compareOne(ctx, f, &c, p, backend, method)
				if ctx.Err() != nil {
					return nil, nil, ctx.Err()
				}
				if err != nil {
					failed = append(failed, fmt.Errorf("%s, %s on %s: %w", c.name, method, name, err))
				}
				rows = append(rows, row)
			}
		}
		setRatios(rows[first:], f.baseline)
	}
	return rows, failed, nil
}

// compareOne measures one method. The error says that a method that should
// have reached the accuracy did not; what is merely left out is in the row.
func (s *session) compareOne(ctx context.Context, f *compareFlags, c *compareCase, p *problem, b blas.Backend, method string) (compareRow, error) {
	m := &measurement{problem: p, curvature: f.curvature, method: method, backend: b, eps: []float64{f.eps},
		repeat: f.repeat, memory: s.memoryLimit(), iterations: f.iterations, maxFlops: f.maxGflop * 1e9}
	lin := new(nn.Linearization)
	row := compareRow{Case: c.name, Layers: c.net.layers, Width: c.net.width, Batch: p.batch.N, Params: p.net.NumParams(),
		Eps: f.eps, Curvature: f.curvature, Method: method, Backend: b.Name(), Threads: b.Threads(),
		BackwardError: number(math.NaN()), Gflops: number(math.NaN())}
	out, _, err := m.run(ctx, lin)
	row.StateMax = mostStates(&lin.Chain)
	if err != nil {
		row.Error = brief(err)
		if isRefusal(err) {
			err = nil
		}
		return row, err
	}
	o := &out[0]
	row.Seconds = &o.seconds
	row.BackwardError, row.Refinements = number(o.report.BackwardError), o.report.Refinements
	row.Bytes = o.report.Bytes
	if o.seconds.Factor > 0 && !methods.IsIterative(method) {
		row.Gflops = number(float64(o.report.Flops) / o.seconds.Factor / 1e9)
	}
	if o.err != nil {
		row.Error = brief(o.err)
		if !methods.IsIterative(method) {
			return row, o.err
		}
	}
	return row, nil
}

// setRatios fills in the ratios of the rows of one case.
func setRatios(rows []compareRow, baseline string) {
	base := math.NaN()
	for _, r := range rows {
		if r.Method == baseline && r.Seconds != nil && r.Error == "" {
			base = r.Seconds.Total
			break
		}
	}
	for i := range rows {
		rows[i].Ratio = number(math.NaN())
		if r := &rows[i]; r.Seconds != nil && r.Error == "" {
			r.Ratio = number(r.Seconds.Total / base)
		}
	}
}
