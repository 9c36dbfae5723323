package serve

import (
	"gonum.org/v1/gonum/mat"

	"costate/bench/internal/protocol"
	"costate/nn/influence"
)

// An influences is what answers about the training samples of a network.
type influences struct {
	spoilable
	f       *influence.Influence
	call    *call // that is computed now
	samples int
	params  int
	point   *point
}

// influence factors the curvature for influences of the training samples, those of the
// network's batch.
func (k *call) influence() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	if err := finite("damping", float64(k.request.Damping)); err != nil {
		return nil, err
	}
	f := &influences{spoilable: spoilable{stop: &stopper{Backend: p.backend}}, samples: p.batch.N, params: p.net.NumParams(), point: p}
	o, err := k.options(f.stop)
	if err != nil {
		return nil, err
	}
	f.f = &influence.Influence{Damping: float64(k.request.Damping), GaussNewton: p.gaussNewton, Options: o,
		Observe: func(int, int) error { return f.call.cancelled() }}
	p.mu.RLock()
	net := p.net.Clone()
	p.mu.RUnlock()
	if err := f.do(k, func() error { return f.f.Fit(net, p.batch) }); err != nil {
		return nil, err
	}
	return &answer{fields: f.fields(), object: f}, nil
}

// do calls fn beside no other request for f.
func (f *influences) do(k *call, fn func() error) error {
	return f.exclusive(k, func() error {
		f.call = k
		return fn()
	})
}

func (f *influences) fields() map[string]any {
	r := f.f.Report()
	return map[string]any{"gradient_norm": protocol.Number(r.Gradient), "inertia": r.Inertia, "method": r.Method,
		"backward_error": protocol.Number(r.BackwardError), "samples": f.samples}
}

// result answers with an array and what is known of the solves.
func (f *influences) result(k *call, name string, x []float64, shape []int, fn func() error) (*answer, error) {
	var facts map[string]any
	err := f.do(k, func() error {
		err := fn()
		facts = f.fields()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &answer{fields: facts, arrays: map[string]*protocol.Array{name: protocol.Floats(x, shape...)}}, nil
}

// pairs answers with the influence of each training sample on the loss of each sample of
// the request.
func (k *call) pairs() (*answer, error) {
	f, err := of[*influences](k, "influence")
	if err != nil {
		return nil, err
	}
	test, err := k.batch(f.point.net)
	if err != nil {
		return nil, err
	}
	if test.N == 0 {
		return nil, inputf("X has no samples")
	}
	x := mat.NewDense(test.N, f.samples, nil)
	return f.result(k, "pairs", x.RawMatrix().Data, []int{test.N, f.samples}, func() error { return f.f.PairsTo(x, test) })
}

// selfInfluence answers with the influence of each training sample on its own loss.
func (k *call) selfInfluence() (*answer, error) {
	f, err := of[*influences](k, "influence")
	if err != nil {
		return nil, err
	}
	x := make([]float64, f.samples)
	return f.result(k, "x", x, []int{f.samples}, func() error { return f.f.SelfTo(x) })
}

// paramInfluence answers with how the trained parameters follow the weight of a training
// sample.
func (k *call) paramInfluence() (*answer, error) {
	f, err := of[*influences](k, "influence")
	if err != nil {
		return nil, err
	}
	if i := k.request.Index; i < 0 || i >= f.samples {
		return nil, inputf("index is %d; it must be from 0 to %d", i, f.samples-1)
	}
	x := make([]float64, f.params)
	return f.result(k, "x", x, []int{f.params}, func() error { return f.f.OnParamsTo(x, k.request.Index) })
}

// scalarInfluence answers with the influence of each training sample on a scalar with
// the gradient v.
func (k *call) scalarInfluence() (*answer, error) {
	f, err := of[*influences](k, "influence")
	if err != nil {
		return nil, err
	}
	v, err := k.floats("v", f.params)
	if err != nil {
		return nil, err
	}
	x := make([]float64, f.samples)
	return f.result(k, "x", x, []int{f.samples}, func() error { return f.f.OnScalarTo(x, v) })
}
