package serve

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"costate/bench/internal/protocol"
	"costate/factor"
)

// inverseDiagonal answers with the diagonal of A⁻¹.
func (k *call) inverseDiagonal() (*answer, error) {
	switch f := k.object.(type) {
	case *sparseMatrix:
		f.mu.RLock()
		defer f.mu.RUnlock()
		if !f.ready {
			return nil, errNotFactored
		}
		d, err := f.f.InverseDiagTo(nil)
		return vectorAnswer(d, err)
	case *factorization:
		var d []float64
		err := f.exclusive(k, func(z factor.Inverter) (err error) {
			d, err = z.InverseDiagTo(nil)
			return err
		})
		return vectorAnswer(d, err)
	case *posterior:
		var d []float64
		err := f.exclusive(k, func() (err error) {
			d, err = f.laplace.VarianceTo(nil)
			return err
		})
		return vectorAnswer(d, err)
	}
	return nil, inputf("inverse_diagonal: the handle %d is not that of a factorization", k.request.Handle)
}

func vectorAnswer(x []float64, err error) (*answer, error) {
	if err != nil {
		return nil, err
	}
	return &answer{arrays: map[string]*protocol.Array{"x": protocol.Floats(x, len(x))}}, nil
}

// exclusive calls fn with a factorization that has an inverse, beside no other request
// for it. Where it was cancelled what the factorization holds means nothing.
func (f *factorization) exclusive(k *call, fn func(factor.Inverter) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ready {
		return errNotFactored
	}
	if err := k.cancelled(); err != nil {
		return err
	}
	inner := f.f
	if a, ok := inner.(*factor.Auto); ok {
		inner = a.Method()
	}
	var z factor.Inverter
	switch inner := inner.(type) {
	case *factor.Chain:
		z = inner
	case *factor.Gram:
		z = inner
	case *factor.Dense:
		z = inner
	default: // factor.Block has the methods too, but not what they need
		return inputf("%s: the method %s gives solutions only; chain, gram and dense give the inverse", k.request.Op, f.method())
	}
	end := f.stop.until(k.ctx)
	err := fn(z)
	if end() {
		f.ready = false
		return errCancelled
	}
	return err
}

// sample answers with samples of N(0, A⁻¹), or of a posterior, as columns.
func (k *call) sample() (*answer, error) {
	switch f := k.object.(type) {
	case *factorization:
		var x []float64
		n := f.point.net.NumParams()
		err := f.exclusive(k, func(z factor.Inverter) (err error) {
			x, err = k.samples(n, z.Normals(), func(dst, normals []float64) error {
				return z.SampleTo(mat.NewVecDense(n, dst), normals)
			})
			return err
		})
		return k.samplesAnswer(x, n, err)
	case *posterior:
		var x []float64
		n := f.laplace.Params()
		err := f.exclusive(k, func() (err error) {
			x, err = k.samples(n, f.laplace.Normals(), f.laplace.SampleTo)
			return err
		})
		return k.samplesAnswer(x, n, err)
	}
	return nil, inputf("sample: the handle %d is not that of a factorization of a network, or of a posterior", k.request.Handle)
}

func (k *call) samplesAnswer(x []float64, n int, err error) (*answer, error) {
	if err != nil {
		return nil, err
	}
	return &answer{arrays: map[string]*protocol.Array{"x": protocol.Floats(x, n, k.request.Count)}}, nil
}

// samples draws the columns of the answer, each from so many standard normal numbers.
func (k *call) samples(n, normals int, draw func(dst, normals []float64) error) ([]float64, error) {
	q := k.request
	if q.Count < 1 || q.Count > 1<<20 {
		return nil, inputf("count is %d; it must be from 1 to %d", q.Count, 1<<20)
	}
	if need, limit := 8*int64(n)*int64(q.Count), k.conn.server.Memory; limit > 0 && need > limit {
		return nil, &factor.MemoryError{Needed: need, Limit: limit, What: "the samples"}
	}
	rng := k.rng()
	x, column, z := make([]float64, n*q.Count), make([]float64, n), make([]float64, normals)
	for j := range q.Count {
		if err := k.cancelled(); err != nil {
			return nil, err
		}
		for i := range z {
			z[i] = rng.NormFloat64()
		}
		if err := draw(column, z); err != nil {
			return nil, err
		}
		for i, v := range column {
			x[i*q.Count+j] = v
		}
	}
	return x, nil
}

// rng is the generator of the request's seed.
func (k *call) rng() *rand.Rand { return rand.New(rand.NewPCG(uint64(k.request.Seed), 0)) }
