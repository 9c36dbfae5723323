package serve

import (
	"gonum.org/v1/gonum/mat"

	"costate/bench/internal/protocol"
	"costate/factor/eigen"
)

// eigenpairs answers with eigenvalues of H and their vectors, and whether it is proved
// that none of those asked for is missing.
func (k *call) eigenpairs() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	q, n := k.request, p.net.NumParams()
	if q.Count < 1 || q.Count > n {
		return nil, inputf("count is %d; it must be from 1 to the order, %d", q.Count, n)
	}
	stop := &stopper{Backend: p.backend}
	o, err := k.options(stop)
	if err != nil {
		return nil, err
	}
	o.Tolerance = 0 // that of the request is for residuals
	l := &eigen.Lanczos{Tolerance: float64(q.Tolerance), Observe: func(int) error { return k.cancelled() }}
	end := stop.until(k.ctx)
	err = k.findPairs(l, eigen.OfChain(p.current().chain, o), stop)
	if end() {
		return nil, errCancelled
	}
	if err != nil {
		return nil, err
	}
	values, report := l.Values(nil), l.Report()
	m := len(values)
	vectors := mat.NewDense(n, max(m, 1), nil)
	flat := []float64{}
	if m > 0 {
		l.VectorsTo(vectors)
		flat = vectors.RawMatrix().Data
	}
	below := []map[string]any{}
	for _, c := range report.Counts {
		below = append(below, map[string]any{"shift": protocol.Number(c.Shift), "below": c.Below, "certain": c.Certain})
	}
	return &answer{
		fields: map[string]any{"complete": report.Certain, "counts": below, "solves": report.Solves},
		arrays: map[string]*protocol.Array{"values": protocol.Floats(values, m), "vectors": protocol.Floats(flat, n, m), "residuals": protocol.Floats(l.Residuals(nil), m)},
	}, nil
}

// findPairs finds the pairs that the request asks for.
func (k *call) findPairs(l *eigen.Lanczos, a eigen.Source, stop *stopper) error {
	q := k.request
	outer := eigen.Smallest
	switch q.Which {
	case "near":
		if err := finite("near", float64(q.Near)); err != nil {
			return err
		}
		if !q.Products {
			return l.Factorize(a, float64(q.Near), q.Count)
		}
	case "negative":
		if !q.Products {
			return l.FactorizeNegative(a, q.Count)
		}
	case "largest", "smallest":
		if q.Which == "largest" {
			outer = eigen.Largest
		}
		if !q.Products {
			return l.FactorizeEnd(a, outer, q.Count)
		}
		return l.FactorizeProducts(a, outer, q.Count, stop)
	default:
		return inputf("which is %.80q; it must be near, negative, smallest or largest", q.Which)
	}
	return inputf("products find the smallest and the largest eigenvalues only, not which = %s", q.Which)
}

// function answers with f(H)·v for one vector.
func (k *call) function() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	n := p.net.NumParams()
	v, err := k.floats("v", n, 1)
	if err != nil {
		return nil, err
	}
	q := k.request
	eps := q.Eps.floats()
	if len(eps) != 1 || !(eps[0] > 0) || finite("eps", eps[0]) != nil {
		return nil, inputf("eps is %v; it must be one positive number", eps)
	}
	if err := finite("near", float64(q.Near)); err != nil {
		return nil, err
	}
	var f eigen.Func
	switch q.Function {
	case "inverse_abs":
		f = eigen.InverseAbs(eps[0])
	case "sign":
		f = eigen.Sign(eps[0])
	case "projector":
		f = eigen.Projector(float64(q.Near), eps[0])
	default:
		return nil, inputf("function is %.80q; it must be inverse_abs, sign or projector", q.Function)
	}
	o, err := k.options(&stopper{Backend: p.backend})
	if err != nil {
		return nil, err
	}
	m := &eigen.MatFunc{Tolerance: o.Tolerance, Backend: p.backend}
	if err := m.ApplyTo(v, stopping{eigen.OfChain(p.current().chain, o), k}, f, v); err != nil {
		return nil, err
	}
	if err := k.cancelled(); err != nil {
		return nil, err
	}
	r := m.Report()
	return &answer{fields: map[string]any{"products": r.Products, "error": protocol.Number(r.Error), "bounded": r.Bounded},
		arrays: map[string]*protocol.Array{"x": protocol.Floats(v, n, 1)}}, nil
}

// stopping is an operator that multiplies by zero once the call is cancelled, so that
// what uses it comes to an end; the result is thrown away.
type stopping struct {
	eigen.Operator
	call *call
}

func (s stopping) MulVecTo(dst, x []float64) {
	if s.call.ctx.Err() != nil {
		clear(dst)
		return
	}
	s.Operator.MulVecTo(dst, x)
}
