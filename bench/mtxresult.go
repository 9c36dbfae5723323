package main

import (
	"fmt"
	"io"

	"costate/bench/internal/prose"
	"costate/factor"
	"costate/la"
)

// A mtxResult is what mtx reports. Where it fails, numbers that it did not come to
// are 0 or null.
type mtxResult struct {
	Order         int         `json:"order"`
	NNZ           int         `json:"nnz"` // of both triangles
	Shift         float64     `json:"shift"`
	Columns       int         `json:"columns"` // right-hand sides
	Engine        string      `json:"engine"`
	Ranks         int         `json:"ranks"` // of MPI
	Ordering      string      `json:"ordering"`
	Fronts        int         `json:"blocks"`    // fronts of the tree
	FrontMax      int         `json:"block_max"` // order of the largest, rows below included
	Backend       string      `json:"backend"`
	Threads       int         `json:"threads"`
	Seconds       mtxSeconds  `json:"seconds"`
	BackwardError number      `json:"backward_error"` // the worst of the columns
	Refinements   int         `json:"refinements"`
	Inertia       *la.Inertia `json:"inertia"` // null if it is not known
	LogDet        logDet      `json:"logdet"`  // of a singular matrix null and 0
	Flops         int64       `json:"flops"`
	Bytes         int64       `json:"bytes"`

	// RightHandSide is file, random, or consistent: A times random numbers, for
	// a matrix that has no solution for all right-hand sides.
	RightHandSide string `json:"right_hand_side"`

	// Singular says that the matrix is singular to working accuracy; it is left
	// out where it is not.
	Singular string `json:"singular,omitempty"`

	// StructuralRank is the largest rank that any values in the pattern could give a
	// singular matrix; it is left out where it is not known.
	StructuralRank int `json:"structural_rank,omitempty"`

	// Those that were asked for.
	InverseDiagonal *inverseDiagonal `json:"inverse_diagonal,omitempty"`
	Spectrum        *spectrum        `json:"spectrum,omitempty"`
	Eigen           *eigenvalues     `json:"eigen,omitempty"`

	// Error says what failed; it is left out where nothing did.
	Error string `json:"error,omitempty"`
}

// mtxSeconds are times; the total is all but reading the file.
type mtxSeconds struct {
	Read   float64 `json:"read"`
	Order  float64 `json:"order"` // the permutation, the tree, and where each entry goes
	Factor float64 `json:"factor"`
	Solve  float64 `json:"solve"`
	Total  float64 `json:"total"`
}

// singularText says that a matrix is singular, and where.
func singularText(e *factor.SingularError, order int) string {
	s := "the matrix is singular to working accuracy"
	if e.Row >= 0 {
		s += fmt.Sprintf(": no pivot for row %d", e.Row+1)
	}
	if e.StructuralRank > 0 && e.StructuralRank < order {
		s += fmt.Sprintf("; whatever its values its rank is at most %s", prose.Group(e.StructuralRank))
	}
	return s
}

func (r *mtxResult) print(w io.Writer, name string, shift float64) {
	line := func(head, text string) { fmt.Fprintf(w, "%-11s %s\n", head, text) }
	line("matrix", fmt.Sprintf("%s: order %s, %s entries, %s of a full matrix", name, prose.Group(r.Order), prose.Group(r.NNZ), share(r.NNZ, r.Order)))
	if r.Shift != 0 {
		line("", fmt.Sprintf("less %g times the identity", r.Shift))
	}
	line("ordered", fmt.Sprintf("by %s: %s of order up to %s", r.Ordering, prose.Plural(r.Fronts, "front"), prose.Group(r.FrontMax)))
	if r.Engine != factor.EngineNative {
		line("engine", fmt.Sprintf("%s on %s", r.Engine, prose.Plural(r.Ranks, "rank")))
	}
	t := r.Seconds
	line("time", fmt.Sprintf("%s: order %s, factor %s, solve %s; reading %s", prose.Duration(t.Total), prose.Duration(t.Order), prose.Duration(t.Factor), prose.Duration(t.Solve), prose.Duration(t.Read)))
	line("work", fmt.Sprintf("%.3g Gflop at %.3g Gflop/s (%s, %s), %s", float64(r.Flops)/1e9, float64(r.Flops)/t.Factor/1e9,
		r.Backend, prose.Plural(r.Threads, "thread"), formatBytes(r.Bytes)))
	r.printAnswer(line, shift)
	r.printInertia(line)
	if d := r.InverseDiagonal; d != nil {
		line("inverse", fmt.Sprintf("trace %.10g; its diagonal in %s", float64(d.Trace), prose.Duration(d.Seconds)))
	}
	if e := r.Eigen; e != nil {
		e.print(line)
	}
	if r.Spectrum != nil {
		r.Spectrum.print(w, "A", r.Order)
	}
}

func (r *mtxResult) printAnswer(line func(head, text string), shift float64) {
	if r.Singular != "" {
		line("singular", r.Singular)
	}
	of := ""
	if r.Columns > 1 {
		of = fmt.Sprintf(", the worst of %s", prose.Plural(r.Columns, "right-hand side"))
	}
	line("answer", fmt.Sprintf("backward error %.1e after %s%s", float64(r.BackwardError), prose.Plural(r.Refinements, "refinement"), of))
	switch r.RightHandSide {
	case "random":
		line("", "the right-hand side is random")
	case "consistent":
		line("", "the right-hand side is the matrix times random numbers, for not every one has a solution")
	}
	if shift != 0 {
		line("", fmt.Sprintf("factored %+.1e off, away from a singular pivot block, and refined", shift))
	}
}

func (r *mtxResult) printInertia(line func(head, text string)) {
	sure := ""
	if !r.Inertia.Certain {
		sure = " (uncertain: an eigenvalue is too close to zero to tell its sign)"
	}
	line("inertia", fmt.Sprintf("%s negative, %s zero, %s positive eigenvalues%s", prose.Group(r.Inertia.Negative), prose.Group(r.Inertia.Zero), prose.Group(r.Inertia.Positive), sure))
	line("", r.LogDet.text("det"))
}

// print lists the eigenvalues.
func (e *eigenvalues) print(line func(head, text string)) {
	line("eigenvalues", fmt.Sprintf("of A, the %d nearest to %g, in %s; residuals up to %.1e ‖A‖", len(e.Values), e.Near, prose.Duration(e.Seconds), e.Residual))
	for _, v := range e.Values {
		line("", fmt.Sprintf("%.15g", v))
	}
	if e.Certain {
		line("", fmt.Sprintf("none is missing between %.6g and %.6g: counted by inertia", e.Interval.Low, e.Interval.High))
	} else {
		line("", "whether one is missing among them is not certain")
	}
}
