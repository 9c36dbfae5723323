package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"costate/bench/internal/figure"
	"costate/bench/internal/prose"
	"costate/bench/internal/protocol"
	"costate/factor"
	"costate/factor/eigen"
	"costate/la/blas"
	"costate/nn"
)

// An eigenResult is what eigen reports.
type eigenResult struct {
	Params      int           `json:"params"`
	Batch       int           `json:"batch"`
	Curvature   string        `json:"curvature"`
	Which       string        `json:"which"`
	Eigenvalues []float64     `json:"eigenvalues"`
	Residuals   []float64     `json:"residuals"` // over ‖H‖
	Complete    bool          `json:"complete"`  // proved, by the counts of below
	Below       []eigen.Count `json:"below"`
	Solves      int           `json:"solves"` // or products
	Seconds     float64       `json:"seconds"`
}

// eigen does the whole subcommand.
func (s *session) eigen(ctx context.Context, f *eigenFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	vectors, err := createOutput("vectors", f.vectors)
	if err != nil {
		return err
	}
	defer vectors.discard()
	plotFile, err := createPlot("plot", f.plot)
	if err != nil {
		return err
	}
	defer plotFile.discard()
	p, err := s.loadProblem(&f.problem)
	if err != nil {
		return err
	}
	if f.k > p.net.NumParams() {
		return usagef("--k is %d; there are %s", f.k, prose.Plural(p.net.NumParams(), "parameter"))
	}
	meter := newMeter(s.stderr, 3)
	closeMeter := closer(meter)
	defer closeMeter()
	meter.step("linearize")
	m := &measurement{problem: p, curvature: f.curvature, backend: backend, memory: s.memoryLimit(), meter: meter}
	p.net.Backend = backend
	lin := new(nn.Linearization)
	if _, err := m.point(lin); err != nil {
		return err
	}
	source := eigen.OfChain(m.chain(lin), &factor.Options{Backend: backend, MemoryLimit: m.memory, Interrupt: ended(ctx)})
	var l eigen.Lanczos
	r, err := f.compute(ctx, &l, source, m)
	if err != nil {
		return err
	}
	if err := vectors.write(func(w io.Writer) error { return writeVectors(w, &l, r) }); err != nil {
		return err
	}
	if plotFile != nil {
		meter.step("density")
		page, err := eigenPage(source, r, backend, s.seed)
		if err != nil {
			return err
		}
		if err := plotFile.save(page); err != nil {
			return err
		}
	}
	closeMeter()
	if s.json {
		return printJSON(s.stdout, r)
	}
	fmt.Fprintf(s.stdout, "%s, %s\n\n", p.describe(), prose.Plural(r.Params, "parameter"))
	r.print(s.stdout, f)
	return nil
}

// compute finds the eigenvalues.
func (f *eigenFlags) compute(ctx context.Context, l *eigen.Lanczos, source eigen.Source, m *measurement) (*eigenResult, error) {
	m.meter.step("eigenvalues")
	l.Observe = func(solves int) error {
		if solves > 0 {
			m.meter.note(fmt.Sprintf("eigenvalues, %s", prose.Plural(solves, "solve")))
		}
		return ctx.Err()
	}
	start := time.Now()
	if err := f.find(l, source, m.backend); err != nil {
		return nil, explainEigen(err)
	}
	p := m.problem
	r := &eigenResult{Params: p.net.NumParams(), Batch: p.batch.N, Curvature: f.curvature, Which: f.which,
		Eigenvalues: l.Values(nil), Residuals: l.Residuals(nil), Complete: l.Report().Certain,
		Below: append([]eigen.Count{}, l.Report().Counts...), Solves: l.Report().Solves, Seconds: time.Since(start).Seconds()}
	if f.products && f.which == "negative" {
		r.cut(eigen.Negligible * source.Norm())
	}
	return r, ctx.Err()
}

// find runs Lanczos' method.
func (f *eigenFlags) find(l *eigen.Lanczos, source eigen.Source, backend blas.Backend) error {
	end := eigen.Smallest
	if f.which == "largest" {
		end = eigen.Largest
	}
	switch {
	case f.products:
		return l.FactorizeProducts(source, end, f.k, backend)
	case f.which == "near":
		return l.Factorize(source, f.near, f.k)
	case f.which == "negative":
		return l.FactorizeNegative(source, f.k)
	}
	return l.FactorizeEnd(source, end, f.k)
}

// explainEigen is explain, with what helps here.
func explainEigen(err error) error {
	var memory *factor.MemoryError
	if errors.As(err, &memory) {
		return fmt.Errorf("%w; a smaller --batch or --width, a higher --memory, or --products, which factors nothing, would help", err)
	}
	return err
}

// cut keeps the eigenvalues below −size.
func (r *eigenResult) cut(size float64) {
	n := 0
	for n < len(r.Eigenvalues) && r.Eigenvalues[n] < -size {
		n++
	}
	r.Eigenvalues, r.Residuals = r.Eigenvalues[:n], r.Residuals[:n]
}

// print is the report.
func (r *eigenResult) print(w io.Writer, f *eigenFlags) {
	name := "the Hessian"
	if r.Curvature == "ggn" {
		name = "the Gauss–Newton matrix"
	}
	what := map[string]string{"negative": "most negative", "smallest": "smallest", "largest": "largest", "near": fmt.Sprintf("nearest to %g", f.near)}[r.Which]
	if len(r.Eigenvalues) == 0 {
		fmt.Fprintf(w, "No eigenvalue of %s is negative", name)
	} else {
		fmt.Fprintf(w, "The %s eigenvalues of %s, %d of them", what, name, len(r.Eigenvalues))
	}
	fmt.Fprintf(w, ", in %s and %s.\n", prose.Duration(r.Seconds), prose.Plural(r.Solves, map[bool]string{true: "product", false: "solve"}[f.products]))
	switch {
	case f.products:
		fmt.Fprintln(w, "Found by products alone: each is right to its residual, but others may be missing.")
	case r.Complete:
		fmt.Fprintln(w, "None is missing: as many were counted by inertia.")
	default:
		fmt.Fprintln(w, "Not proved complete: eigenvalues are too close to the ends of an interval to be counted.")
	}
	for _, c := range r.Below {
		fmt.Fprintf(w, "  %s of %s below %+.6g\n", prose.Group(c.Below), prose.Group(r.Params), c.Shift)
	}
	if len(r.Eigenvalues) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := newTable("", "eigenvalue", "residual")
	for i, v := range r.Eigenvalues {
		t.add(fmt.Sprint(i+1), fmt.Sprintf("%+.12g", v), fmt.Sprintf("%.1e", r.Residuals[i]))
	}
	t.print(w)
}

// writeVectors writes what was found.
func writeVectors(w io.Writer, l *eigen.Lanczos, r *eigenResult) error {
	var v mat.Dense
	l.VectorsTo(&v)
	k := len(r.Eigenvalues)
	flat := make([]float64, 0, r.Params*k)
	for i := range r.Params {
		if k > 0 {
			flat = append(flat, v.RawRowView(i)[:k]...)
		}
	}
	raw, err := protocol.FormatArchive(map[string]*protocol.Array{
		"eigenvalues": protocol.Floats(r.Eigenvalues, k),
		"residuals":   protocol.Floats(r.Residuals, k),
		"vectors":     protocol.Floats(flat, r.Params, k),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}

// The density is drawn from so many random vectors and products each, smoothed by a
// hundredth of the spectrum.
const (
	densityProbes   = 8
	densityProducts = 80
	densityPoints   = 300
)

// eigenPage draws the eigenvalues that were found and the density of all.
func eigenPage(source eigen.Source, r *eigenResult, backend blas.Backend, seed uint64) (*figure.Page, error) {
	found := figure.NewPanel(r.Which+" eigenvalues", "number", "eigenvalue", false, false)
	xys := plotter.XYs{}
	for i, v := range r.Eigenvalues {
		xys = append(xys, plotter.XY{X: float64(i + 1), Y: v})
	}
	if len(xys) > 0 {
		if err := figure.AddLine(found, "", 0, 0, xys); err != nil {
			return nil, err
		}
	}
	norm := source.Norm()
	if norm == 0 {
		norm = 1
	}
	low, high := -1.1*norm, 1.1*norm
	for _, v := range r.Eigenvalues {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	points := make([]float64, densityPoints)
	for i := range points {
		points[i] = low + (high-low)*float64(i)/(densityPoints-1)
	}
	d, _, err := eigen.Density(source, points, (high-low)/100, densityProbes, densityProducts, seed, backend)
	if err != nil {
		return nil, err
	}
	all := figure.NewPanel("all eigenvalues, density smoothed", "eigenvalue", "density", false, true)
	xys = plotter.XYs{}
	for i, x := range points {
		xys = append(xys, plotter.XY{X: x, Y: math.Max(d[i], 1e-5/norm)})
	}
	if err := figure.AddCurve(all, "", 0, xys); err != nil {
		return nil, err
	}
	return &figure.Page{Width: 420, Height: 320, Panels: [][]*plot.Plot{{found, all}}}, nil
}
