package serve

import (
	"math"

	"costate/bench/internal/protocol"
	"costate/factor"
	"costate/la"
)

// A sparseMatrix is a sparse symmetric matrix with its factorization.
type sparseMatrix struct {
	factored
	f     factor.Sparse
	a     *la.Sym
	order int // of a, which other values leave as it is

	full     bool    // how it comes
	symmetry float64 // see la.FromFull
}

// sparse factors a sparse symmetric matrix that comes by compressed rows.
func (k *call) sparse() (*answer, error) {
	m := &sparseMatrix{full: k.request.Full, symmetry: float64(k.request.Symmetry)}
	var err error
	if m.a, err = m.read(k); err != nil {
		return nil, err
	}
	m.order = m.a.SymmetricDim()
	m.stop = &stopper{Backend: k.conn.server.backend()}
	o, err := k.options(m.stop)
	if err != nil {
		return nil, err
	}
	end := m.stop.until(k.ctx)
	if err = m.f.Analyse(m.a, o); err == nil {
		err = withInertia(m.f.Factorize(m.a), m.f.Inertia)
	}
	if end() {
		return nil, errCancelled
	}
	if err != nil {
		return nil, err
	}
	m.ready = true
	return &answer{fields: m.fields(), object: m}, nil
}

// read reads the matrix of a request: its lower triangle or, where m was made so,
// both, which are compared.
func (m *sparseMatrix) read(k *call) (*la.Sym, error) {
	ptr, err := k.integers("ptr", -1)
	if err != nil {
		return nil, err
	}
	col, err := k.integers("col", -1)
	if err != nil {
		return nil, err
	}
	val, err := k.floats("val", len(col))
	if err != nil {
		return nil, err
	}
	if !m.full {
		return lowerTriangle(ptr, col, val)
	}
	if !(m.symmetry >= 0) {
		return nil, inputf("symmetry is %g; it must be at least 0", m.symmetry)
	}
	if len(ptr) == 0 || len(ptr) > math.MaxInt32 || len(col) > math.MaxInt32 {
		return nil, inputf("a matrix of order %d with %d entries; both must be below 2³¹", len(ptr)-1, len(col))
	}
	rows, cols := make([]int, len(ptr)), make([]int, len(col))
	for i, v := range ptr {
		rows[i] = int(v)
	}
	for i, v := range col {
		cols[i] = int(v)
	}
	a, err := la.FromFull(len(ptr)-1, rows, cols, val, m.symmetry)
	if err != nil {
		return nil, &inputError{err}
	}
	return a, nil
}

// lowerTriangle checks what la.NewSym would panic at.
func lowerTriangle(ptr, col []int64, val []float64) (*la.Sym, error) {
	n := len(ptr) - 1
	if n < 0 || n > math.MaxInt32 || len(col) > math.MaxInt32 {
		return nil, inputf("a matrix of order %d with %d entries; both must be below 2³¹", n, len(col))
	}
	if ptr[0] != 0 || ptr[n] != int64(len(col)) {
		return nil, inputf("ptr goes from %d to %d; it must go from 0 to the number of entries, %d", ptr[0], ptr[n], len(col))
	}
	rows, cols := make([]int, n+1), make([]int32, len(col))
	for i := range n {
		from, to := ptr[i], ptr[i+1]
		if to < from || to > int64(len(col)) {
			return nil, inputf("ptr[%d] is %d after %d; it must not descend", i+1, to, from)
		}
		rows[i+1] = int(to)
		last := int64(-1)
		for e := from; e < to; e++ {
			if col[e] <= last || col[e] > int64(i) {
				return nil, inputf("col[%d] is %d in row %d; the columns of a row must ascend and be in the lower triangle", e, col[e], i)
			}
			last = col[e]
			cols[e] = int32(last)
		}
	}
	return la.NewSym(n, rows, cols, val), nil
}

// values factors the matrix with other values in the same pattern.
func (k *call) values() (*answer, error) {
	m, err := of[*sparseMatrix](k, "sparse matrix")
	if err != nil {
		return nil, err
	}
	a, err := m.read(k)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := k.cancelled(); err != nil {
		return nil, err
	}
	if !a.SamePattern(m.a) {
		return nil, inputf("values: the matrix has another pattern than the one that was analysed")
	}
	m.ready, m.a = false, a
	end := m.stop.until(k.ctx)
	err = withInertia(m.f.Refactorize(m.a), m.f.Inertia)
	if end() {
		return nil, errCancelled
	}
	if err != nil {
		return nil, err
	}
	m.ready = true
	return &answer{fields: m.fields()}, nil
}

func (m *sparseMatrix) fields() map[string]any {
	tree := m.f.Tree()
	return map[string]any{"report": report(&m.f), "order": m.order, "stored": m.a.Stored(),
		"blocks": tree.Nodes.Blocks(), "block_max": tree.LargestFront()}
}

// condition answers with an estimate of the condition number in the 1-norm.
func (k *call) condition() (*answer, error) {
	var cond float64
	switch f := k.object.(type) {
	case *sparseMatrix:
		f.mu.RLock()
		defer f.mu.RUnlock()
		if !f.ready {
			return nil, errNotFactored
		}
		cond = f.f.Cond()
	case *factorization:
		f.mu.RLock()
		defer f.mu.RUnlock()
		if !f.ready {
			return nil, errNotFactored
		}
		var err error
		if cond, err = f.condition(k); err != nil {
			return nil, err
		}
	default:
		return nil, inputf("condition: the handle %d is not that of a factorization", k.request.Handle)
	}
	return &answer{fields: map[string]any{"condition": protocol.Number(cond)}}, nil
}
