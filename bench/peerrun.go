package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/atomicfile"
	"costate/la/blas"
	"costate/la/mtx"
)

// A peerRow is one matrix in the table of peer.
type peerRow struct {
	Matrix string `json:"matrix"`
	Order  int    `json:"order"`
	NNZ    int    `json:"nnz"`
	// Class is definite; saddle, where elements of the diagonal are zero; or indefinite.
	Class  string     `json:"class"`
	Own    *peerSide  `json:"costate"` // null without an answer; see Errors
	Peer   *peerSide  `json:"peer"`
	Ratio  *peerRatio `json:"ratio"` // null unless both have an answer
	Errors []string   `json:"errors,omitempty"`
}

// A peerSide is what one of both took. Memory is what costate holds, and for the other
// program its entries of L.
type peerSide struct {
	Ordering      string  `json:"ordering"`
	Order         float64 `json:"order_seconds"`
	Factor        float64 `json:"factor_seconds"`
	Solve         float64 `json:"solve_seconds"`
	Total         float64 `json:"total_seconds"`
	Refactor      float64 `json:"refactor_seconds"`
	Flops         number  `json:"flops"`
	Fill          number  `json:"nnz_l"`
	Bytes         number  `json:"bytes"`
	Negative      int     `json:"negative"`
	Certain       *bool   `json:"certain,omitempty"` // of costate
	BackwardError number  `json:"backward_error"`
}

// A peerRatio is costate over the other program.
type peerRatio struct {
	Total    number `json:"total"`
	Order    number `json:"order"`
	Factor   number `json:"factor"`
	Solve    number `json:"solve"`
	Refactor number `json:"refactor"`
	Flops    number `json:"flops"`
	Fill     number `json:"nnz_l"`
	Bytes    number `json:"bytes"`
}

// A peerJob measures one matrix.
type peerJob struct {
	session *session
	flags   *peerFlags
	backend blas.Backend
	program string
	dir     string // for files that the program reads
	meter   *meter

	a *la.Sym
	b []float64
}

// run measures both sides. The row says what had no answer; the error that costate had
// none, or that both do not count the same.
func (j *peerJob) run(ctx context.Context, name string) (*peerRow, error) {
	a, short, err := j.session.namedMatrix(name)
	if err != nil {
		return nil, err
	}
	n := a.SymmetricDim()
	if n == 0 {
		return nil, fmt.Errorf("%s: a matrix of order 0 has nothing to solve", name)
	}
	j.a = a
	j.b = randomSlice(rand.New(rand.NewPCG(j.session.seed, 0x70656572)), n)
	paths := [2]string{filepath.Join(j.dir, "A.mtx"), filepath.Join(j.dir, "b.mtx")}
	if err := errors.Join(
		atomicfile.Write(paths[0], func(w io.Writer) error { return mtx.Write(w, a) }),
		atomicfile.Write(paths[1], func(w io.Writer) error { return mtx.WriteVector(w, j.b) })); err != nil {
		return nil, err
	}
	row := &peerRow{Matrix: short, Order: n, NNZ: a.NNZ()}
	var own *peerSide
	others := make([]*peerSide, len(j.flags.orderings))
	var ownErr, peerErr error
	for k := range j.flags.repeat {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		j.meter.step(fmt.Sprintf("%s, round %d", short, k+1))
		if k == 0 || own != nil {
			ownErr = j.own(&own)
		}
		for i, ordering := range j.flags.orderings {
			if k > 0 && others[i] == nil {
				continue
			}
			if err := j.other(ctx, &others[i], paths, ordering); err != nil {
				peerErr = err
			}
		}
	}
	row.Own = own
	for _, side := range others {
		if side != nil && (row.Peer == nil || side.Total < row.Peer.Total) {
			row.Peer = side
		}
	}
	row.Class = classOf(a, own, row.Peer)
	return row, row.finish(name, ownErr, peerErr)
}

// finish compares both sides.
func (r *peerRow) finish(name string, ownErr, peerErr error) error {
	if r.Peer != nil {
		peerErr = nil // an ordering that fails is no loss if another one does not
	}
	var err error
	if ownErr != nil {
		if !isSingular(ownErr) {
			err = fmt.Errorf("%s: %w", name, ownErr)
		}
		r.Errors = append(r.Errors, "costate: "+brief(ownErr))
	}
	if peerErr != nil {
		r.Errors = append(r.Errors, "peer: "+brief(peerErr))
	}
	if r.Own == nil || r.Peer == nil {
		return err
	}
	o, p := r.Own, r.Peer
	over := func(a, b float64) number { return number(a / b) }
	r.Ratio = &peerRatio{Total: over(o.Total, p.Total), Order: over(o.Order, p.Order), Factor: over(o.Factor, p.Factor),
		Solve: over(o.Solve, p.Solve), Refactor: over(o.Refactor, p.Refactor), Flops: o.Flops / p.Flops, Fill: o.Fill / p.Fill, Bytes: o.Bytes / p.Bytes}
	if o.Negative != p.Negative {
		r.Errors = append(r.Errors, fmt.Sprintf("negative eigenvalues: %d by costate, %d by the peer", o.Negative, p.Negative))
		if *o.Certain {
			return err
		}
		return fmt.Errorf("%s: the counts of negative eigenvalues differ, and that of costate is not certain", name)
	}
	return err
}

// isSingular reports whether a matrix has no inverse: then there is nothing to time.
func isSingular(err error) bool {
	var singular *factor.SingularError
	return errors.As(err, &singular)
}

// classOf names the kind of a matrix by the first side that knows its inertia.
func classOf(a *la.Sym, sides ...*peerSide) string {
	i := slices.IndexFunc(sides, func(s *peerSide) bool { return s != nil })
	if i >= 0 && sides[i].Negative == 0 {
		return "definite"
	}
	for i := range a.SymmetricDim() {
		if a.At(i, i) == 0 {
			return "saddle"
		}
	}
	return "indefinite"
}

// own factors and solves from the matrix, and again with the values as new ones. With an
// *factor.AccuracyError there are times all the same.
func (j *peerJob) own(best **peerSide) error {
	runtime.GC() // of the round before
	var f factor.Sparse
	x, b := new(mat.VecDense), mat.NewVecDense(len(j.b), j.b)
	start := time.Now()
	if err := f.Analyse(j.a, &factor.Options{Backend: j.backend, MemoryLimit: j.session.memoryLimit()}); err != nil {
		return err
	}
	ordered := time.Now()
	if err := f.Factorize(j.a); err != nil {
		return err
	}
	factored := time.Now()
	err := f.SolveVecTo(x, b)
	var accuracy *factor.AccuracyError
	if err != nil && !errors.As(err, &accuracy) {
		return err
	}
	solved := time.Now()
	s := &peerSide{Order: ordered.Sub(start).Seconds(), Factor: factored.Sub(ordered).Seconds(), Solve: solved.Sub(factored).Seconds(),
		Refactor: math.Inf(1)}
	for range peerRepeats - 1 {
		start := time.Now()
		if err := f.Refactorize(j.a); err != nil {
			return err
		}
		s.Refactor = min(s.Refactor, time.Since(start).Seconds())
	}
	t, rep, in := f.Tree(), f.Report(), f.Inertia()
	fill := 0.0
	for k := range t.Parent {
		p, q := float64(t.Nodes.Size(k)), float64(len(t.Rows[k]))
		fill += p*(p+1)/2 + p*q
	}
	s.Ordering, s.Flops, s.Fill, s.Bytes = f.Plan().Ordering, number(f.Cost().Factor), number(fill), number(rep.Bytes)
	s.Negative, s.Certain, s.BackwardError = in.Negative, &in.Certain, number(rep.BackwardError)
	s.least(*best)
	*best = s
	return err
}

// least takes the times of another run, nil for none, where they are less.
func (s *peerSide) least(o *peerSide) {
	if o != nil {
		s.Order, s.Factor, s.Solve = min(s.Order, o.Order), min(s.Factor, o.Factor), min(s.Solve, o.Solve)
		s.Refactor = min(s.Refactor, o.Refactor)
	}
	s.Total = s.Order + s.Factor + s.Solve
}

// peerLine is what the other program prints.
type peerLine struct {
	Error         *json.Number `json:"error"`
	Analyse       float64      `json:"analyse"`
	Factor        float64      `json:"factor"`
	Solve         float64      `json:"solve"`
	Negative      int          `json:"negative"`
	Flops         float64      `json:"flops"`
	NNZL          float64      `json:"nnzL"`
	BackwardError number       `json:"backward_error"`
}

// peerRepeats is how often the other program factors and solves in the run that times new
// values: a first time, and as often as costate.
const peerRepeats = 4

// other runs the other program from the matrix, once and with repeats, of which Refactor is the
// least factor time, and keeps the least of its times.
func (j *peerJob) other(ctx context.Context, best **peerSide, paths [2]string, ordering string) error {
	first, err := j.line(ctx, paths, ordering, 1)
	if err != nil {
		return err
	}
	again, err := j.line(ctx, paths, ordering, peerRepeats)
	if err != nil {
		return err
	}
	s := &peerSide{Ordering: ordering, Order: min(first.Analyse, again.Analyse), Factor: first.Factor, Solve: first.Solve, Refactor: again.Factor,
		Flops: number(first.Flops), Fill: number(first.NNZL), Bytes: number(8 * first.NNZL), Negative: first.Negative, BackwardError: first.BackwardError}
	s.least(*best)
	*best = s
	return nil
}

// line runs the other program and reads what it prints.
func (j *peerJob) line(ctx context.Context, paths [2]string, ordering string, repeats int) (*peerLine, error) {
	cmd := exec.CommandContext(ctx, j.program, paths[0], paths[1], ordering, fmt.Sprint(repeats))
	threads := fmt.Sprint(j.backend.Threads())
	cmd.Env = append(os.Environ(), "OPENBLAS_NUM_THREADS="+threads, "OMP_NUM_THREADS="+threads)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var p peerLine
	if bad := json.Unmarshal(out, &p); bad != nil {
		if err == nil {
			err = fmt.Errorf("not the JSON that was expected: %w", bad)
		}
		return nil, fmt.Errorf("%s: %w %s", j.program, err, strings.TrimSpace(errs.String()))
	}
	if p.Error != nil {
		return nil, fmt.Errorf("error %s", *p.Error)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", j.program, err)
	}
	return &p, nil
}
