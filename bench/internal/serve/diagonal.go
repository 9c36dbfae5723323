package serve

import (
	"runtime"
	"sync"
	"sync/atomic"

	"costate/bench/internal/protocol"
	"costate/la/blas"
	"costate/system"
)

// diagonal answers with the diagonal of H.
func (k *call) diagonal() (*answer, error) {
	p, err := of[*point](k, "network")
	if err != nil {
		return nil, err
	}
	l := p.current()
	d := make([]float64, l.chain.Params())
	if !diagonalByLayers(d, l.chain) {
		if err := k.diagonalByProducts(d, l.chain); err != nil {
			return nil, err
		}
	}
	return &answer{arrays: map[string]*protocol.Array{"x": protocol.Floats(d, len(d))}}, nil
}

// diagonalByLayers stores the diagonal of H in dst, in one pass back through the
// layers, if each of them treats samples by themselves, as one row each; otherwise it
// reports false.
//
// The weights of a layer reach the loss through its pre-activations u = W z + b
// alone, and its inputs z do not depend on them. So with R_k the second derivative
// of the loss in the outputs of layer k, for each sample,
//
//	S_k = JᵀR_kJ + Q              ∂²ℓ/∂u²
//	diag of W[i,j] = Σ_n z_nj² S_n,ii,     of b[i] = Σ_n S_n,ii
//	R_{k-1} = WᵀS_kW              and with Skip (I+JW)ᵀR_k(I+JW) + WᵀQW
func diagonalByLayers(dst []float64, c *system.Chain) bool {
	batch := c.Loss.Batch
	for _, s := range c.Stages {
		switch s := s.(type) {
		case *system.DenseStage:
			if s.Batch != batch || s.SampleRows() > 1 || s.Gather != nil || s.Ones != nil || s.Pass != nil {
				return false
			}
		case *system.BlockStage:
			if s.P != 0 || s.NIn%batch != 0 || s.NOut%batch != 0 || !isBlockDiagonal(s.F, batch) || s.Q != nil && !isBlockDiagonal(s.Q, batch) {
				return false
			}
		}
	}
	for n := range batch {
		r := blockOf(&c.Loss, n)
		end := len(dst)
		for k := len(c.Stages) - 1; k >= 0; k-- {
			switch s := c.Stages[k].(type) {
			case *system.DenseStage:
				end -= s.Params()
				r = denseBack(dst[end:end+s.Params()], s, n, r)
			case *system.BlockStage:
				if k > 0 {
					f := sampleBlock(s.F, batch, n)
					r = congruence(f, r)
					if s.Q != nil {
						r.add(sampleBlock(s.Q, batch, n))
					}
				}
			}
		}
	}
	return true
}

// denseBack adds the part of sample n to the diagonal of a layer, and returns the
// second derivative in the layer's inputs from that in its outputs.
func denseBack(dst []float64, s *system.DenseStage, n int, r matrix) matrix {
	w := matrix{s.Out, s.In, s.W}
	inner := r
	if !s.J.IsZero() {
		inner = congruence(blockOf(&s.J, n), r)
	}
	q := matrix{s.Out, s.Out, nil}
	if !s.Q.IsZero() {
		q = blockOf(&s.Q, n)
		inner = inner.clone()
		inner.add(q)
	}
	z := s.Z[n*s.In : (n+1)*s.In]
	for i := range s.Out {
		v := inner.x[i*s.Out+i]
		for j, zj := range z {
			dst[i*s.In+j] += v * zj * zj
		}
		if s.Bias {
			dst[s.Out*s.In+i] += v
		}
	}
	if !s.Skip {
		return congruence(w, inner)
	}
	m := w
	if !s.J.IsZero() {
		m = blockOf(&s.J, n).mul(w)
	} else {
		m = m.clone()
	}
	for i := range s.In {
		m.x[i*s.In+i]++
	}
	out := congruence(m, r)
	if q.x != nil {
		out.add(congruence(w, q))
	}
	return out
}

// diagonalByProducts stores the diagonal in dst by a product with each unit vector.
func (k *call) diagonalByProducts(dst []float64, c *system.Chain) error {
	backend, err := blas.ByName("native", 1)
	if err != nil {
		return err
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			p := system.NewProduct(c, backend)
			v := make([]float64, len(dst))
			for k.ctx.Err() == nil {
				i := int(next.Add(1) - 1)
				if i >= len(dst) {
					return
				}
				clear(v)
				v[i] = 1
				p.HessVec(v, v)
				dst[i] = v[i]
			}
		})
	}
	wg.Wait()
	return k.cancelled()
}
