package main

import (
	"fmt"
	"math"

	"costate/bench/internal/prose"
	"costate/factor"
	"costate/la"
	"costate/la/vec"
)

// A solveResult is what solve reports for one damping.
type solveResult struct {
	Params   int     `json:"params"`
	Layers   int     `json:"layers"` // weight matrices
	Batch    int     `json:"batch"`
	StateMax int     `json:"state_max"` // most states of a stage
	Eps      float64 `json:"eps"`

	Curvature    string  `json:"curvature"`
	Method       string  `json:"method"`
	Backend      string  `json:"backend"`
	Threads      int     `json:"threads"`
	Ranks        int     `json:"ranks,omitempty"` // of MPI, where they share the batch
	Loss         number  `json:"loss"`
	GradientNorm number  `json:"gradient_norm"`
	Matrix       *matrix `json:"matrix"` // null if K was not assembled
	Seconds      seconds `json:"seconds"`

	Flops         int64      `json:"flops"`
	Gflops        number     `json:"gflops"` // of the factorization
	Bytes         int64      `json:"bytes"`
	BackwardError number     `json:"backward_error"`
	Refinements   int        `json:"refinements"`
	Growth        number     `json:"growth"`
	Shift         number     `json:"shift"`
	Inertia       la.Inertia `json:"inertia"`
	LogDet        logDet     `json:"logdet"`

	// RelativeErrorDense is ‖x − x_d‖/‖x_d‖ for x_d from a dense solve, null
	// without --check-dense.
	RelativeErrorDense *number `json:"relative_error_dense"`

	// Singular says that H+εI is singular to working accuracy; it is left out
	// where it is not. A consistent system is solved all the same.
	Singular string `json:"singular,omitempty"`

	// Error says why the accuracy was not reached, or in a sweep that there is
	// no solution at this damping; it is left out where all went well.
	Error string `json:"error,omitempty"`

	// Spectrum is there with --spectrum only, in the first result of a sweep.
	Spectrum *spectrum `json:"spectrum,omitempty"`
}

// matrix describes the augmented system K.
type matrix struct {
	Order             int `json:"order"`
	NNZ               int `json:"nnz"`
	Bandwidth         int `json:"bandwidth"`          // unknowns by kind: all x, all y, all m
	BandwidthPermuted int `json:"bandwidth_permuted"` // unknowns stage by stage
	Blocks            int `json:"blocks"`
	BlockMax          int `json:"block_max"` // order of the largest block
}

// seconds are times. Those of work that was not done again are 0.
type seconds struct {
	Linearize float64 `json:"linearize"` // the network to its chain, and what the method prepares for a point
	Assemble  float64 `json:"assemble"`  // K; part of the total for the method block, else for display only
	Permute   float64 `json:"permute"`   // K to block-tridiagonal form, found once for a shape; not part of the total
	Analyse   float64 `json:"analyse"`   // once for a shape; not part of the total
	Factor    float64 `json:"factor"`
	Solve     float64 `json:"solve"` // with refinement
	Total     float64 `json:"total"`
}

type logDet struct {
	Log   number `json:"log"`
	Sign  number `json:"sign"`
	Error number `json:"error"` // a bound of that of Log, null where nothing is known
}

// logDetOf asks a factorization.
func logDetOf(s interface {
	LogDet() (log, sign float64)
	Report() factor.Report
}) logDet {
	log, sign := s.LogDet()
	return logDet{number(log), number(sign), number(s.Report().LogDetError)}
}

// text is "log|det(of)| = …" with the digits that are known.
func (d *logDet) text(of string) string {
	if math.IsInf(float64(d.Log), -1) {
		return "determinant 0 to working accuracy"
	}
	return fmt.Sprintf("log|%s| = %s, determinant %s", of, prose.Within(float64(d.Log), float64(d.Error)), signText(float64(d.Sign)))
}

// A failure is what is printed with --json where there is no result.
type failure struct {
	Error string `json:"error"`
}

// setReport takes over what the factorization says about itself.
func (r *solveResult) setReport(rep factor.Report) {
	r.Flops, r.Bytes = rep.Flops, rep.Bytes
	r.BackwardError, r.Refinements = number(rep.BackwardError), rep.Refinements
	r.Growth, r.Shift = number(rep.Growth), number(rep.Shift)
	r.Gflops = 0
	if r.Seconds.Factor > 0 {
		r.Gflops = number(float64(rep.Flops) / r.Seconds.Factor / 1e9)
	}
}

// relativeDifference is ‖x − y‖/‖y‖.
func relativeDifference(x, y []float64) float64 {
	d := make([]float64, len(x))
	for i := range d {
		d[i] = x[i] - y[i]
	}
	ny := vec.Norm2(y)
	if ny == 0 {
		return vec.Norm2(d)
	}
	return vec.Norm2(d) / ny
}
