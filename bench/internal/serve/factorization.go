package serve

import (
	"errors"
	"math"
	"strings"
	"sync"

	"gonum.org/v1/gonum/mat"

	"costate/bench/internal/methods"
	"costate/bench/internal/protocol"
	"costate/factor"
	"costate/factor/eigen"
	"costate/la"
)

// A solver is what is common to factorizations of networks and of sparse matrices.
type solver interface {
	SolveTo(dst *mat.Dense, b mat.Matrix) error
	SolveVecTo(dst *mat.VecDense, b mat.Vector) error
	Inertia() la.Inertia
	LogDet() (log, sign float64)
	Report() factor.Report
}

// factored is the state that both kinds share: one may be factored anew while none
// solves, and is unusable after that failed.
type factored struct {
	mu    sync.RWMutex
	stop  *stopper
	ready bool
}

var errNotFactored = &inputError{errors.New("the last factorization failed or was cancelled; factor again before solving")}

// A factorization is one of H + εI.
type factorization struct {
	factored
	point *point
	at    *linearized
	f     factor.Factorization
	asked string // method
	eps   []float64
}

// newFactorization returns a factorization by the name of its method; none is auto.
func newFactorization(name string) (factor.Factorization, error) {
	if name == "" {
		name = "auto"
	}
	if f, ok := methods.New(name); ok && !methods.IsIterative(name) {
		return f, nil
	}
	return nil, inputf("method %.80q; it must be one of %s", name, strings.Join(methods.Direct(), ", "))
}

// options are those of a request.
func (k *call) options(stop *stopper) (*factor.Options, error) {
	t := float64(k.request.Tolerance)
	if math.IsNaN(t) || t < 0 {
		return nil, inputf("tolerance is %g; it must be positive", t)
	}
	return &factor.Options{Backend: stop, Tolerance: t, MemoryLimit: k.conn.server.Memory, Interrupt: stop.stopped}, nil
}

// factor makes a factorization of H + εI.
func (k *call) factor() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	f := &factorization{point: p, at: p.current(), asked: k.request.Method}
	f.stop = &stopper{Backend: p.backend}
	if f.f, err = newFactorization(f.asked); err != nil {
		return nil, err
	}
	if err := f.setEps(k); err != nil {
		return nil, err
	}
	o, err := k.options(f.stop)
	if err != nil {
		return nil, err
	}
	end := f.stop.until(k.ctx)
	err = f.f.Analyse(f.at.chain, o)
	if err == nil {
		err = f.factorize()
	}
	if end() {
		return nil, errCancelled
	}
	if errors.Is(err, factor.ErrNotGaussNewton) {
		err = &inputError{err}
	}
	if err != nil {
		return nil, err
	}
	f.ready = true
	return &answer{fields: f.fields(), object: f}, nil
}

// setEps takes the damping of the request: one, or one for each stage.
func (f *factorization) setEps(k *call) error {
	eps := k.request.Eps.floats()
	if n := len(f.at.chain.Stages); len(eps) != 1 && len(eps) != n {
		return inputf("eps has %d numbers; it must have one, or one for each of the %d stages", len(eps), n)
	}
	for _, e := range eps {
		if err := finite("eps", e); err != nil {
			return err
		}
	}
	f.eps = eps
	return nil
}

func (f *factorization) factorize() error {
	if len(f.eps) == 1 {
		return withInertia(f.f.Factorize(f.eps[0]), f.f.Inertia)
	}
	return withInertia(f.f.FactorizeStages(f.eps), f.f.Inertia)
}

// refactor factors for another damping.
func (k *call) refactor() (*answer, error) {
	f, err := of[*factorization](k, "factorization of a network")
	if err != nil {
		return nil, err
	}
	return f.again(k, false)
}

// update factors at the point where the network is now, with the damping of the
// request, or the same as before.
func (k *call) update() (*answer, error) {
	f, err := of[*factorization](k, "factorization of a network")
	if err != nil {
		return nil, err
	}
	return f.again(k, true)
}

func (f *factorization) again(k *call, move bool) (*answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := k.cancelled(); err != nil {
		return nil, err
	}
	if len(k.request.Eps) > 0 || !move {
		if err := f.setEps(k); err != nil {
			return nil, err
		}
	}
	f.ready = false
	end := f.stop.until(k.ctx)
	var err error
	if move {
		f.at = f.point.current()
		err = f.f.Update(f.at.chain)
	}
	if err == nil {
		err = f.factorize()
	}
	if end() {
		return nil, errCancelled
	}
	if err != nil {
		return nil, err
	}
	f.ready = true
	return &answer{fields: f.fields()}, nil
}

// fields says what a factorization knows.
func (f *factorization) fields() map[string]any {
	return map[string]any{"report": report(f.f), "method": f.method()}
}

// method is the name of the one that was taken.
func (f *factorization) method() string {
	if a, ok := f.f.(*factor.Auto); ok {
		return a.Choice().Method
	}
	return f.asked
}

func report(s solver) map[string]any {
	r := s.Report()
	return map[string]any{
		"eps": protocol.Number(r.Eps), "shift": protocol.Number(r.Shift), "backward_error": protocol.Number(r.BackwardError),
		"refinements": r.Refinements, "growth": protocol.Number(r.Growth), "norm": protocol.Number(r.Norm), "flops": r.Flops, "bytes": r.Bytes,
	}
}

// solver returns what the handle factored, its order, and the state that guards it.
func (k *call) solver() (s solver, n int, state *factored, err error) {
	switch f := k.object.(type) {
	case *factorization:
		return f.f, f.point.net.NumParams(), &f.factored, nil
	case *sparseMatrix:
		return &f.f, f.order, &f.factored, nil
	}
	return nil, 0, nil, inputf("%s: the handle %d is not that of a factorization", k.request.Op, k.request.Handle)
}

// inertia answers with the inertia and the determinant. They are not in the answer of
// the factorization, since to certify them may take as long again.
func (k *call) inertia() (*answer, error) {
	s, _, state, err := k.solver()
	if err != nil {
		return nil, err
	}
	state.mu.RLock()
	defer state.mu.RUnlock()
	if !state.ready {
		return nil, errNotFactored
	}
	log, sign := s.LogDet()
	return &answer{fields: map[string]any{"inertia": s.Inertia(),
		"logdet": map[string]any{"log": protocol.Number(log), "sign": protocol.Number(sign), "error": protocol.Number(s.Report().LogDetError)}}}, nil
}

// solve solves for the columns of b, with any factorization.
func (k *call) solve() (*answer, error) {
	s, n, state, err := k.solver()
	if err != nil {
		return nil, err
	}
	b, err := k.floats("b", n, -1)
	if err != nil {
		return nil, err
	}
	cols := k.arrays["b"].Shape[1]
	if n == 0 || cols == 0 {
		return &answer{arrays: map[string]*protocol.Array{"x": protocol.Floats(b, n, cols)}}, nil
	}
	state.mu.RLock()
	defer state.mu.RUnlock()
	if !state.ready {
		return nil, errNotFactored
	}
	if cols == 1 {
		x := mat.NewVecDense(n, b)
		err = s.SolveVecTo(x, x)
	} else {
		err = k.solveColumns(s, mat.NewDense(n, cols, b))
	}
	if err != nil {
		return nil, err
	}
	return &answer{fields: map[string]any{"report": report(s)}, arrays: map[string]*protocol.Array{"x": protocol.Floats(b, n, cols)}}, nil
}

// solveColumns solves for some columns at a time, so that it can be cancelled.
func (k *call) solveColumns(s solver, b *mat.Dense) error {
	const together = 64
	n, cols := b.Dims()
	for j := 0; j < cols; j += together {
		if err := k.cancelled(); err != nil {
			return err
		}
		part := b.Slice(0, n, j, min(j+together, cols)).(*mat.Dense)
		if err := s.SolveTo(part, part); err != nil {
			var accuracy *factor.AccuracyError
			if errors.As(err, &accuracy) {
				accuracy.Column += j
			}
			return err
		}
	}
	return nil
}

// count counts the eigenvalues of H below each of the shifts.
func (k *call) count() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	shifts, err := k.floats("shifts", -1)
	if err != nil {
		return nil, err
	}
	stop := &stopper{Backend: p.backend}
	o, err := k.options(stop)
	if err != nil {
		return nil, err
	}
	end := stop.until(k.ctx)
	defer end()
	spectrum, err := eigen.NewSpectrum(eigen.OfChain(p.current().chain, o), 1)
	if err != nil {
		return nil, err
	}
	below, certain := make([]int64, len(shifts)), make([]int64, len(shifts))
	for i, shift := range shifts {
		if err := k.cancelled(); err != nil {
			return nil, err
		}
		c, err := spectrum.Below(shift)
		if err != nil {
			return nil, err
		}
		below[i] = int64(c.Below)
		if c.Certain {
			certain[i] = 1
		}
	}
	return &answer{arrays: map[string]*protocol.Array{
		"below": protocol.Integers(below, len(below)), "certain": protocol.Integers(certain, len(certain))}}, nil
}
