//go:build cgo && mumps

package mumps

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la"
	"costate/la/ranks"
	"costate/la/vec"
)

const (
	// relax is the part, in percent, by which workspaces exceed what is predicted without
	// delayed pivots: MUMPS's default is 20. It is doubled as often as it turns out too
	// small, as far as the memory goes and up to relaxAtMost.
	relax       = 30
	relaxAtMost = 1 << 20
)

// Codes of INFOG(1), section 8 of the users' guide.
const (
	singular      = -10
	badOrder      = -4
	outOfMemory   = -13
	smallReal     = -9
	smallInteger  = -8
	smallBuffer   = -17
	smallBuffer2  = -20
	overTheBuffer = -14
	overTheInts   = -15
)

// An engine is one instance of MUMPS on all ranks.
type engine struct {
	*instance
	n         int
	opts      Options
	rows      []int32 // lower triangle by coordinates from 1, all of the diagonal included
	cols      []int32
	vals      []float64
	stored    int     // entries that come from the matrix; zeros of the diagonal follow
	diag      []int32 // of each unknown, the place of its diagonal
	values    []float64
	scale     []float64
	squares   []float64
	logDet    float64 // log det S²
	size      float64
	even      float64 // added to the diagonal of the scaled matrix
	plan      Plan
	predicted C.costate_result
	relax     int
	err       error
}

// New analyses matrices of the pattern of a, whose values at hand may decide which
// unknowns are eliminated in pairs. It returns ErrNotBuilt in a build without MUMPS and a
// *MemoryError if the plan exceeds the limit.
func New(a *la.Sym, o Options) (Engine, error) {
	ordering, err := number(&o)
	if err != nil {
		return nil, err
	}
	if err := ranks.Start(); err != nil {
		return nil, err
	}
	e := newEngine(a.SymmetricDim(), o)
	if e.n == 0 {
		return e, nil
	}
	e.build(a)
	e.begin()
	if err := e.analyse(ordering); err != nil {
		e.Release()
		return nil, err
	}
	return e, nil
}

func newEngine(n int, o Options) *engine {
	return &engine{n: n, opts: o, relax: relax, plan: Plan{Ranks: ranks.Size(), Ordering: "given"}}
}

// begin makes the instance.
func (e *engine) begin() {
	e.instance = newInstance(&e.opts)
	runtime.AddCleanup(e, func(i *instance) { go i.free() }, e.instance)
}

func (e *engine) Release() {
	if e.instance != nil {
		e.instance.free()
	}
}

// matrix is the matrix of rank 0, or its part of it.
func (e *engine) matrix() C.costate_matrix {
	if e.share != nil {
		return e.instance.matrix()
	}
	return C.costate_matrix{n: C.int(e.n), entries: C.int64_t(len(e.rows)), row: ints(e.rows), col: ints(e.cols), val: doubles(e.vals)}
}

func (e *engine) Threshold() float64     { return e.opts.Threshold }
func (e *engine) SetThreshold(u float64) { e.opts.Threshold = u }

func (e *engine) Plan() Plan       { return e.plan }
func (e *engine) Err() error       { return e.err }
func (e *engine) Scale() []float64 { return e.scale }

func (e *engine) Take(values, scale []float64, size float64) {
	e.values, e.scale, e.size, e.err = values, scale, size, nil
	e.squares, e.logDet = e.squares[:0], logSquares(scale)
	if scale == nil {
		return
	}
	e.squares = space.Resize(e.squares, e.n)
	for i, s := range scale {
		e.squares[i] = math.Min(s*s, math.MaxFloat64)
	}
}

// logSquares is log det S² for powers of two.
func logSquares(scale []float64) float64 {
	exponents := 0
	for _, s := range scale {
		exponents += 2 * math.Ilogb(s)
	}
	return float64(exponents) * math.Ln2
}

func (e *engine) Factor(shift float64) pivot.Stats { return e.FactorEven(shift, 0) }

func (e *engine) FactorEven(shift, even float64) pivot.Stats {
	e.even = even
	if e.n == 0 {
		return pivot.Empty()
	}
	r, ok := e.factor(shift)
	if !ok {
		return pivot.Stats{Block: -1, Row: -1, Scale: e.size}
	}
	return e.stats(r)
}

// factor factors, with more workspace if what is there turns out too small. ok is false
// where there are no factors.
func (e *engine) factor(shift float64) (r C.costate_result, ok bool) {
	if e.err != nil { // another shift would not help
		return r, false
	}
	e.fill(shift)
	for {
		c := command{Step: stepFactor, Instance: e.number, Relax: e.relax, Threshold: e.opts.Threshold, Shift: shift, Even: e.even}
		c.call(func() { C.costate_factor(e.at, e.matrix(), C.double(e.opts.Threshold), C.int(e.relax), &r) })
		switch {
		case r.info >= 0:
			return r, true
		case r.info == singular:
			return r, false
		case !tooSmall(int(r.info)) || 2*e.relax > relaxAtMost:
			e.err = failure(&r)
			return r, false
		}
		e.relax *= 2
		if e.err = e.affordable(); e.err != nil {
			e.relax /= 2 // other values may do with less
			return r, false
		}
	}
}

// fill sets the values on rank 0.
func (e *engine) fill(shift float64) {
	if e.share != nil {
		e.share.shift(shift, e.even)
		return
	}
	copy(e.vals, e.values)
	clear(e.vals[e.stored:])
	if shift == 0 && e.even == 0 {
		return
	}
	for i, at := range e.diag {
		d := shift
		if len(e.squares) > 0 {
			d *= e.squares[i]
		}
		e.vals[at] += d + e.even
	}
}

// tooSmall reports whether a workspace was too small, so that a larger one may do.
func tooSmall(info int) bool {
	return slices.Contains([]int{smallReal, smallInteger, smallBuffer, smallBuffer2, overTheBuffer, overTheInts}, info)
}

// stats puts what MUMPS met into the words of package pivot.
//
// MUMPS does not tell the elements of pivots of order 2, but the root of the
// determinant. Those pivots are taken where the diagonal is below u times the
// off-diagonal element, which is what the factor 1/u of Growth allows for.
func (e *engine) stats(r C.costate_result) pivot.Stats {
	s := pivot.Empty()
	s.Negative, s.Zero = int(r.negative), int(r.null)
	s.Block, s.Row = -1, int(r.row)-1
	s.Growth, s.Scale = float64(r.largest)/e.opts.Threshold, e.size
	s.Spread = float64(r.largest)
	m := math.Abs(float64(r.mantissa))
	s.AddLog(math.Log(m)+float64(r.exponent)*math.Ln2, float64(e.n)/e.opts.Threshold) // as Rounding2 at worst
	s.AddLog(-e.logDet, 0)
	s.Finite = m-m == 0 && r.largest-r.largest == 0
	switch {
	case s.Zero > 0:
		s.LogAbs, s.Tiny = math.Inf(-1), 0
	case s.Finite:
		s.Tiny = e.tiny(&r)
	}
	return s
}

// tiny is the smallest pivot in units of the rounding error of its block. MUMPS tells
// neither the order of the block nor its size, so that the largest of all stand for them, and of
// a pivot of order 2 the root of its determinant, so that an eigenvalue of it may be as small
// as the square of that over the largest element. Where that is near the rounding error, or
// below, it may also be the block that is small: the smallest eigenvalue of the whole matrix,
// measured by inverse iteration, then takes the place of the pivot.
func (e *engine) tiny(r *C.costate_result) float64 {
	big := max(float64(r.largest), e.size)
	unit := float64(e.plan.FrontMax) * pivot.Unit * big
	least := float64(r.smallest)
	if lower := least * (least / big); lower < nearRounding*unit {
		least = max(lower, 1/e.inverseNorm())
	}
	return least / unit
}

// nearRounding is how many times its rounding error a pivot must be not to be looked into:
// as many as the judge asks for.
const nearRounding = 100

// inverseNorm estimates the 2-norm of the inverse of the matrix that was factored, from
// below: by power steps from a few random vectors.
func (e *engine) inverseNorm() float64 {
	const starts, steps = 2, 4
	x := make([]float64, e.n)
	most := 0.0
	for k := range starts {
		rng := rand.New(rand.NewPCG(0x6d756d7073, uint64(k)))
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		for range steps {
			vec.Scale(x, 1/vec.Norm2(x), x)
			e.solve(x, 1)
			norm := vec.Norm2(x)
			if norm-norm != 0 {
				return math.Inf(1)
			}
			most = max(most, norm)
		}
	}
	return most
}

func (e *engine) Solve(x []float64, nrhs int) {
	if e.n == 0 || nrhs == 0 {
		return
	}
	e.scaleRows(x, nrhs)
	e.solve(x, nrhs)
	e.scaleRows(x, nrhs)
}

// solve solves with the factors as they are. Where that fails no number leaves as if it
// were one of a solution.
func (e *engine) solve(x []float64, nrhs int) {
	var r C.costate_result
	(&command{Step: stepSolve, Instance: e.number}).call(func() { C.costate_solve(e.at, C.int(nrhs), doubles(x), &r) })
	if r.info < 0 {
		for i := range x[:nrhs*e.n] {
			x[i] = math.NaN()
		}
	}
}

// scaleRows multiplies rows by S.
func (e *engine) scaleRows(x []float64, nrhs int) {
	for k := range nrhs {
		row := x[k*e.n : (k+1)*e.n]
		for i, s := range e.scale {
			row[i] *= s
		}
	}
}

// failure is the error of a call. Codes of memory carry what was asked for: a number of
// words, or of millions of them if it is negative.
func failure(r *C.costate_result) error {
	switch r.info {
	case outOfMemory, -7, -19:
		return fmt.Errorf("MUMPS could not have the memory that it asked for (INFOG(1) = %d, INFOG(2) = %d)", r.info, r.detail)
	case badOrder:
		return errors.New("MUMPS: the order given is not a permutation")
	case -90:
		return fmt.Errorf("MUMPS could not write or read its factors out of core (INFOG(2) = %d)", r.detail)
	}
	return fmt.Errorf("MUMPS failed with INFOG(1) = %d, INFOG(2) = %d", r.info, r.detail)
}
