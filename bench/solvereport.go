package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"costate/bench/internal/methods"
	"costate/bench/internal/prose"
	"costate/factor"
	"costate/la/blas"
)

// A solveReport is the text that solve prints without --json.
type solveReport struct {
	w       io.Writer
	m       *measurement
	k       *augmentedView // may be nil
	results []solveResult
	others  []otherMethod
	fact    factor.Factorization
	dense   bool // x was compared with a dense solve
	tour    bool // explain more
}

func (p *solveReport) print() error {
	p.problem()
	p.matrix()
	fmt.Fprintln(p.w)
	p.line("method", methodText(p.results[0].Method))
	if _, why := methodUsed(p.fact, p.m.method); why != "" {
		p.line("", "chosen: "+why)
	}
	p.line("", fmt.Sprintf("kernels: %s; best of %d", blas.Describe(p.m.backend), p.m.repeat))
	if len(p.results) == 1 {
		p.single(&p.results[0])
	} else {
		p.sweep()
	}
	if sp := p.results[0].Spectrum; sp != nil {
		sp.print(p.w, "H", p.results[0].Params)
	}
	if len(p.others) > 0 {
		p.comparison()
	}
	if p.tour {
		p.explanation()
	}
	return nil
}

// line prints a line with a heading in the margin.
func (p *solveReport) line(head, text string) { fmt.Fprintf(p.w, "%-11s %s\n", head, text) }

func (p *solveReport) problem() {
	r := &p.results[0]
	what := "the Hessian"
	if r.Curvature == "ggn" {
		what = "the Gauss–Newton matrix"
	}
	pr := p.m.problem
	fmt.Fprintf(p.w, "(H+εI)x = g for H = %s of the loss on one batch, g = %s\n\n", what, pr.rhsName)
	kind := "dense layer"
	if pr.spec != "" {
		kind = "weighted layer"
	}
	p.line("network", fmt.Sprintf("%s, %s: %s", prose.Plural(r.Layers, kind), pr.describe(), prose.Plural(r.Params, "parameter")))
	samples := prose.Plural(r.Batch, "sample")
	if r.Ranks > 0 {
		samples += " shared out among " + prose.Plural(r.Ranks, "rank")
	}
	p.line("data", fmt.Sprintf("%s, %s; loss %.4g, gradient of norm %.3g", pr.source, samples, float64(r.Loss), float64(r.GradientNorm)))
}

func (p *solveReport) matrix() {
	r := &p.results[0]
	if r.Matrix == nil {
		p.line("system K", "not assembled: too large to do so only to describe it (--plot or --mtx-out ask for it)")
		return
	}
	a := r.Matrix
	p.line("system K", fmt.Sprintf("order %s: the parameters x, and a state y and a costate m for each unit and sample", prose.Group(a.Order)))
	p.line("", fmt.Sprintf("%s entries, %s of a full matrix; bandwidth %s", prose.Group(a.NNZ), share(a.NNZ, a.Order), prose.Group(a.Bandwidth)))
	p.line("permuted", fmt.Sprintf("stage by stage: block tridiagonal, %s of order up to %s; bandwidth %s",
		prose.Plural(a.Blocks, "block"), prose.Group(a.BlockMax), prose.Group(a.BandwidthPermuted)))
}

func (p *solveReport) single(r *solveResult) {
	t := r.Seconds
	parts := []string{"linearize " + prose.Duration(t.Linearize)}
	if r.Method == "block" {
		parts = append(parts, "assemble "+prose.Duration(t.Assemble))
	}
	parts = append(parts, "factor "+prose.Duration(t.Factor), "solve "+prose.Duration(t.Solve))
	p.line("time", fmt.Sprintf("%s from weights to x: %s", prose.Duration(t.Total), strings.Join(parts, ", ")))
	once := "once for this shape: analyse " + prose.Duration(t.Analyse)
	if r.Matrix != nil {
		once += "; for display: "
		if r.Method != "block" {
			once += fmt.Sprintf("assemble K %s, ", prose.Duration(t.Assemble))
		}
		once += "permute it " + prose.Duration(t.Permute)
	}
	p.line("", once)
	if !methods.IsIterative(r.Method) {
		p.line("work", fmt.Sprintf("%.3g Gflop at %.3g Gflop/s, %s", float64(r.Flops)/1e9, float64(r.Gflops), formatBytes(r.Bytes)))
	}
	fmt.Fprintln(p.w)
	p.answer(r)
	p.curvature(r)
}

func (p *solveReport) answer(r *solveResult) {
	unit := "refinement"
	if methods.IsIterative(r.Method) {
		unit = "iteration"
	}
	if r.Singular != "" {
		p.line("singular", "H+εI is singular to working accuracy: not every right-hand side has a solution")
	}
	p.line("answer", fmt.Sprintf("backward error %.1e after %s", float64(r.BackwardError), prose.Plural(r.Refinements, unit)))
	if r.Shift != 0 {
		p.line("", fmt.Sprintf("factored at ε%+.1e, away from a singular pivot block, and refined against ε", float64(r.Shift)))
	}
	if r.RelativeErrorDense != nil {
		p.line("", fmt.Sprintf("relative difference from a dense solve: %.1e", float64(*r.RelativeErrorDense)))
	}
}

func (p *solveReport) curvature(r *solveResult) {
	if methods.IsIterative(r.Method) {
		p.line("curvature", "not known to an iterative method")
		return
	}
	p.line("curvature", curvatureText(r))
	p.line("", r.LogDet.text("det(H+εI)"))
}

// curvatureText says what the inertia means.
func curvatureText(r *solveResult) string {
	in := r.Inertia
	below := fmt.Sprintf("below %g", -r.Eps)
	if r.Eps == 0 {
		below = "below 0"
	}
	var s string
	switch {
	case in.Negative == 0 && in.Zero == 0:
		s = fmt.Sprintf("no direction of curvature %s: H+εI is positive definite", below)
	case in.Negative == 0:
		s = fmt.Sprintf("no direction of curvature %s, %d so close to it that rounding hides the sign", below, in.Zero)
	default:
		s = fmt.Sprintf("%s of curvature %s, %s above: H+εI is indefinite, a saddle", prose.Plural(in.Negative, "direction"), below, prose.Group(in.Positive))
	}
	if !in.Certain {
		s += " (counts uncertain: an eigenvalue is closer to it than rounding can tell)"
	}
	return s
}

func (p *solveReport) sweep() {
	fmt.Fprintln(p.w)
	heads := []string{"ε", "seconds", "backward error", "refined", "negative", "log|det|", "sign"}
	if p.dense {
		heads = append(heads, "from dense")
	}
	t := newTable(heads...)
	for i := range p.results {
		r := &p.results[i]
		row := []string{fmt.Sprintf("%g", r.Eps), prose.Duration(r.Seconds.Total), fmt.Sprintf("%.1e", float64(r.BackwardError)),
			fmt.Sprint(r.Refinements), prose.Group(r.Inertia.Negative), fmt.Sprintf("%.8g", float64(r.LogDet.Log)), signSymbol(float64(r.LogDet.Sign))}
		if !r.Inertia.Certain {
			row[4] += " ?"
		}
		if math.IsNaN(float64(r.BackwardError)) { // no solution: the matrix is singular
			row[1], row[2], row[3], row[5], row[6] = "", "singular", "", "", ""
		}
		if r.RelativeErrorDense != nil {
			row = append(row, fmt.Sprintf("%.1e", float64(*r.RelativeErrorDense)))
		}
		t.add(row...)
	}
	t.print(p.w)
	fmt.Fprintf(p.w, "\nnegative: eigenvalues of H below −ε. The first row's seconds are from weights to x,\nthe others' factor and solve: the point is reused.\n")
}

func (p *solveReport) comparison() {
	r := &p.results[0]
	fmt.Fprintf(p.w, "\nThe same by other methods:\n\n")
	t := newTable("method", "weights to x", "backward error", "iterations", "from the answer", "").text(5)
	t.add(r.Method, prose.Duration(r.Seconds.Total), fmt.Sprintf("%.1e", float64(r.BackwardError)), "", "", "")
	for _, o := range p.others {
		row := []string{o.name, "", "", "", "", o.failure}
		if o.seconds.Total > 0 {
			row[1], row[2] = prose.Duration(o.seconds.Total), fmt.Sprintf("%.1e", o.report.BackwardError)
			if methods.IsIterative(o.name) {
				row[3] = prose.Group(o.report.Refinements)
			}
			if !math.IsNaN(o.difference) {
				row[4] = fmt.Sprintf("%.1e", o.difference)
			}
		}
		t.add(row...)
	}
	t.print(p.w)
}

func (p *solveReport) explanation() {
	r := &p.results[0]
	fmt.Fprintf(p.w, `
What this shows. H has %s × %s entries and is full; only the method dense
formed it. The answer comes from a sparse system K with the same solution: the
network's own structure, layer by layer, so that the work is linear in the depth.
The backward error says that x solves the system exactly for an H that differs
from the true one by that much, relatively: about 1e-16 is as good as numbers
of this precision get. It is measured with products H·v alone, so it does not
depend on the factorization. The inertia counts the directions in which
the loss curves down more than ε; an iterative method cannot know them, and where
there are any conjugate gradients has no guarantee.

Next: costate solve --help, costate compare, costate kernels, costate mtx FILE.mtx
`, prose.Group(r.Params), prose.Group(r.Params))
}
