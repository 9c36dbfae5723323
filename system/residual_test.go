package system_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"costate/internal/alloctest"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// precision of the reference, in bits: enough that the sums of the small chains
// here are exact, or as good as.
const precision = 700

func number(v float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(v) }

// bigs is a vector of the reference.
type bigs []*big.Float

func newBigs(n int) bigs {
	b := make(bigs, n)
	for i := range b {
		b[i] = number(0)
	}
	return b
}

// add adds v x to element i, or the product of the absolute values.
func (b bigs) add(i int, v float64, x *big.Float, absolute bool) {
	if v == 0 || x.Sign() == 0 {
		return
	}
	p := number(v)
	p.Mul(p, x)
	if absolute {
		p.Abs(p)
	}
	b[i].Add(b[i], p)
}

// addMap adds M x, or Mᵀ x, sample by sample; a map without numbers is zero times
// the identity.
func (b bigs) addMap(m *system.SampleMap, zero float64, x bigs, trans, absolute bool) {
	if m.Rows == 0 { // the zero value: one block of everything
		m = &system.SampleMap{Batch: 1, Rows: len(x), Cols: len(x)}
		if zero == 0 {
			return
		}
	}
	for n := range m.Batch {
		for i := range m.Rows {
			for j := range m.Cols {
				if v := element(m, n, i, j, zero); trans {
					b.add(n*m.Cols+j, v, x[n*m.Rows+i], absolute)
				} else {
					b.add(n*m.Rows+i, v, x[n*m.Cols+j], absolute)
				}
			}
		}
	}
}

// gatherBigs is A y, scatterBigs adds Aᵀ g to y.
func gatherBigs(s *system.DenseStage, y bigs, absolute bool) bigs {
	a := s.Gather
	if a == nil {
		return y
	}
	g := newBigs(s.BatchRows() * s.In)
	for i := range g {
		n, r := i/a.Rows, i%a.Rows
		for p := a.Ptr[r]; p < a.Ptr[r+1]; p++ {
			g.add(i, a.Val[p], y[n*a.Cols+a.Col[p]], absolute)
		}
	}
	return g
}

func scatterBigs(s *system.DenseStage, y, g bigs, absolute bool) {
	a := s.Gather
	for i, v := range g {
		if a == nil {
			y.add(i, 1, v, absolute)
			continue
		}
		n, r := i/a.Rows, i%a.Rows
		for p := a.Ptr[r]; p < a.Ptr[r+1]; p++ {
			y.add(n*a.Cols+a.Col[p], a.Val[p], v, absolute)
		}
	}
}

// reference is H x in many digits, element by element along the chain, or the same
// with absolute values throughout.
func reference(c *system.Chain, x []float64, absolute bool) bigs {
	v := make(bigs, len(x))
	for i := range v {
		v[i] = number(x[i])
		if absolute {
			v[i].Abs(v[i])
		}
	}
	var ys, ss []bigs // ys[k] enters stage k
	y := newBigs(c.Stages[0].Inputs())
	off := 0
	matrix := func(dst bigs, m *system.Matrix, x bigs, trans bool) {
		if m == nil {
			return
		}
		for i := range m.Rows {
			for t := m.Ptr[i]; t < m.Ptr[i+1]; t++ {
				if j := m.Col[t]; trans {
					dst.add(j, m.Val[t], x[i], absolute)
				} else {
					dst.add(i, m.Val[t], x[j], absolute)
				}
			}
		}
	}
	for _, s := range c.Stages {
		ys = append(ys, y)
		next, pre := newBigs(s.Outputs()), bigs(nil)
		xk := v[off : off+s.Params()]
		off += s.Params()
		switch s := s.(type) {
		case *system.DenseStage:
			pre = newBigs(s.BatchRows() * s.Out)
			g := gatherBigs(s, y, absolute)
			for n := range s.BatchRows() {
				for o := range s.Out {
					for b := range s.In {
						pre.add(n*s.Out+o, s.W[o*s.In+b], g[n*s.In+b], absolute)
						pre.add(n*s.Out+o, s.Z[n*s.In+b], xk[o*s.In+b], absolute)
					}
					if s.Bias {
						pre.add(n*s.Out+o, one(s, n), xk[s.Out*s.In+o], absolute)
					}
				}
			}
			next.addMap(&s.J, 1, pre, false, absolute)
			if s.Skip {
				next.addMap(&system.SampleMap{Batch: 1, Rows: len(y), Cols: len(y)}, 1, y, false, absolute)
			}
			if s.Pass != nil {
				next.addMap(&s.Pass.J, 0, y, false, absolute)
			}
		case *system.BlockStage:
			matrix(next, s.G, xk, false)
			if s.NIn > 0 {
				matrix(next, s.F, y, false)
			}
		}
		ss = append(ss, pre)
		y = next
	}
	lambda := newBigs(len(y))
	for n := range c.Loss.Batch {
		for i := range c.Loss.Rows {
			for j := range c.Loss.Rows {
				lambda.add(n*c.Loss.Rows+i, element(&c.Loss, n, i, j, 0), y[n*c.Loss.Rows+j], absolute)
			}
		}
	}
	h := newBigs(len(x))
	for k := len(c.Stages) - 1; k >= 0; k-- {
		y, pre := ys[k], ss[k]
		prev := newBigs(len(y))
		off -= c.Stages[k].Params()
		xk, hk := v[off:off+c.Stages[k].Params()], h[off:off+c.Stages[k].Params()]
		switch s := c.Stages[k].(type) {
		case *system.DenseStage:
			nu := newBigs(len(pre))
			nu.addMap(&s.J, 1, lambda, true, absolute)
			nu.addMap(&s.Q, 0, pre, false, absolute)
			if s.Skip {
				prev.addMap(&system.SampleMap{Batch: 1, Rows: len(y), Cols: len(y)}, 1, lambda, false, absolute)
			}
			if p := s.Pass; p != nil {
				nu.addMap(&p.Cross, 0, y, false, absolute)
				prev.addMap(&p.J, 0, lambda, true, absolute)
				prev.addMap(&p.Cross, 0, pre, true, absolute)
				prev.addMap(&p.Q, 0, y, false, absolute)
			}
			g, back := gatherBigs(s, y, absolute), newBigs(s.BatchRows()*s.In)
			for n := range s.BatchRows() {
				for o := range s.Out {
					for b := range s.In {
						back.add(n*s.In+b, s.W[o*s.In+b], nu[n*s.Out+o], absolute)
						hk.add(o*s.In+b, s.Z[n*s.In+b], nu[n*s.Out+o], absolute)
						if s.Delta != nil {
							back.add(n*s.In+b, s.Delta[n*s.Out+o], xk[o*s.In+b], absolute)
							hk.add(o*s.In+b, s.Delta[n*s.Out+o], g[n*s.In+b], absolute)
						}
					}
					if s.Bias {
						hk.add(s.Out*s.In+o, one(s, n), nu[n*s.Out+o], absolute)
					}
				}
			}
			scatterBigs(s, prev, back, absolute)
		case *system.BlockStage:
			matrix(hk, s.A, xk, false)
			matrix(hk, s.G, lambda, true)
			if s.NIn > 0 {
				matrix(hk, s.C, y, false)
				matrix(prev, s.C, xk, true)
				matrix(prev, s.Q, y, false)
				matrix(prev, s.F, lambda, true)
			}
		}
		lambda = prev
	}
	return h
}

// checkResidual compares ResidualTo with the reference.
func checkResidual(t *testing.T, c *system.Chain, p *system.Product, b, x, eps []float64) {
	t.Helper()
	const u = 0x1p-53
	n := c.Params()
	r := make([]float64, n)
	p.ResidualTo(r, b, x, eps)
	h, scale := reference(c, x, false), reference(c, x, true)
	i := 0
	for k, s := range c.Stages {
		for range s.Params() {
			want := number(b[i])
			want.Sub(want, h[i])
			size := scale[i]
			size.Add(size, number(math.Abs(b[i])))
			if eps != nil {
				e := number(eps[k])
				e.Mul(e, number(x[i]))
				want.Sub(want, e)
				size.Add(size, e.Abs(e))
			}
			diff := number(r[i])
			d, _ := diff.Sub(diff, want).Float64()
			w, _ := want.Float64()
			bound, _ := size.Float64()
			if !(math.Abs(d) <= 4*u*math.Abs(w)+1e-28*bound) {
				t.Fatalf("element %d of stage %d: %v is off by %.3g, of %.3g", i, k+1, r[i], d, bound)
			}
			i++
		}
	}
	// In place.
	for _, overwriteX := range []bool{false, true} {
		b2, x2 := append([]float64(nil), b...), append([]float64(nil), x...)
		dst := b2
		if overwriteX {
			dst = x2
		}
		p.ResidualTo(dst, b2, x2, eps)
		for i := range r {
			if dst[i] != r[i] {
				t.Fatalf("in place: element %d is %v, not %v", i, dst[i], r[i])
			}
		}
	}
}

// variants of a chain: as it is, scaled stage by stage, and with products that
// cancel inside it.
func forResiduals(t *testing.T, f func(t *testing.T, c *system.Chain, x, eps []float64, rng *rand.Rand)) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		for seed := range uint64(4) {
			rng := rand.New(rand.NewPCG(9, seed))
			for _, s := range c.Stages {
				if seed == 0 {
					break
				}
				scale := func(a []float64) {
					f := math.Pow(10, 16*rng.Float64()-8)
					for i := range a {
						a[i] *= f
					}
				}
				switch s := s.(type) {
				case *system.DenseStage:
					for _, a := range [][]float64{s.W, s.Z, s.Delta, s.J.Diag, s.J.Full, s.J.Sparse, s.Q.Diag, s.Q.Full} {
						scale(a)
					}
					if g := s.Gather; g != nil {
						scale(g.Val)
					}
					if p := s.Pass; p != nil {
						for _, m := range []*system.SampleMap{&p.J, &p.Cross, &p.Q} {
							scale(m.Diag)
							scale(m.Full)
							scale(m.Sparse)
						}
					}
				case *system.BlockStage:
					for _, m := range []*system.Matrix{s.F, s.G, s.A, s.C, s.Q} {
						if m != nil {
							scale(m.Val)
						}
					}
				}
			}
			x, eps := make([]float64, c.Params()), make([]float64, len(c.Stages))
			for i := range x {
				x[i] = rng.NormFloat64()
				if i%2 == 1 && seed == 2 {
					x[i] = -x[i-1] * (1 + 1e-12*rng.NormFloat64())
				}
			}
			for k := range eps {
				eps[k] = math.Pow(10, 16*rng.Float64()-8) * (0.5 - float64(rng.IntN(2)))
			}
			if d, ok := c.Stages[0].(*system.DenseStage); ok && seed == 2 {
				for i := range d.Z {
					d.Z[i] = d.Z[0] * (1 + 1e-10*rng.NormFloat64())
				}
			}
			if seed == 3 {
				eps = nil
			}
			f(t, c, x, eps, rng)
		}
	})
}

func TestResidual(t *testing.T) {
	forResiduals(t, func(t *testing.T, c *system.Chain, x, eps []float64, rng *rand.Rand) {
		p := system.NewProduct(c, blas.Native())
		b := make([]float64, len(x))
		for i := range b {
			b[i] = rng.NormFloat64()
		}
		checkResidual(t, c, p, b, x, eps)
		// b close to (H + E) x: the residual is rounding errors of b only.
		h := reference(c, x, false)
		i := 0
		for k, s := range c.Stages {
			for range s.Params() {
				b[i], _ = h[i].Float64()
				if eps != nil {
					b[i] += eps[k] * x[i]
				}
				i++
			}
		}
		checkResidual(t, c, p, b, x, eps)
		// Against HessVec.
		clear(b)
		r, v := make([]float64, len(x)), make([]float64, len(x))
		p.ResidualTo(r, b, x, nil)
		p.HessVec(v, x)
		scale := reference(c, x, true)
		for i := range r {
			if s, _ := scale[i].Float64(); !(math.Abs(r[i]+v[i]) <= 1e-14*s) {
				t.Fatalf("element %d: −H x is %v, HessVec gives %v", i, r[i], v[i])
			}
		}
		for i := range x {
			x[i] *= 0x1p-700
		}
		p.ResidualTo(v, b, x, nil)
		for i := range r {
			if v[i] != r[i]*0x1p-700 {
				t.Fatalf("element %d for a tiny x: %v, want %v", i, v[i], r[i]*0x1p-700)
			}
		}
	})
}

// A large x and a small H, or the other way round, do not overflow on the way.
func TestResidualRange(t *testing.T) {
	for _, e := range []int{1000, -1000} {
		c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), 2, 3, chaintest.Stage{Out: 2}, chaintest.Stage{Out: 2, Bias: true})
		for i := range c.Loss.Full {
			c.Loss.Full[i] = math.Ldexp(c.Loss.Full[i], -e/2)
		}
		c = c.GaussNewton()
		for i, z := range c.Stages[0].(*system.DenseStage).Z {
			c.Stages[0].(*system.DenseStage).Z[i] = math.Ldexp(z, e/10)
		}
		x := make([]float64, c.Params())
		for i := range x {
			x[i] = math.Ldexp(float64(i%5-2), e)
		}
		p := system.NewProduct(c, blas.Native())
		checkResidual(t, c, p, make([]float64, len(x)), x, nil)
	}
}

func TestResidualAllocatesNothing(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(3, 3)), 3, 4, chains[4].stages...)
	p := system.NewProduct(c, blas.Native())
	v := make([]float64, c.Params())
	eps := make([]float64, len(c.Stages))
	if n := alloctest.PerRun(5, func() { p.Reset(c); p.ResidualTo(v, v, v, eps) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Residuals and diagonals against a product.
func BenchmarkProducts(b *testing.B) {
	for _, tc := range []struct {
		name                              string
		in, width, classes, layers, batch int
	}{
		{"demo", 5, 10, 3, 30, 2},
		{"deep", 5, 10, 3, 1000, 2},
		{"anchor", 768, 24, 10, 8, 64},
	} {
		stages := make([]chaintest.Stage, tc.layers)
		for k := range stages {
			stages[k].Out = tc.width
		}
		stages[tc.layers-1].Out = tc.classes
		c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), tc.batch, tc.in, stages...)
		p := system.NewProduct(c, blas.NativeThreads(1))
		v, r, eps := make([]float64, c.Params()), make([]float64, c.Params()), make([]float64, tc.layers)
		for i := range v {
			v[i] = float64(i%7) - 3
		}
		b.Run(tc.name+"/ResidualTo", func(b *testing.B) {
			for b.Loop() {
				p.ResidualTo(r, r, v, eps)
			}
		})
		b.Run(tc.name+"/Diag", func(b *testing.B) {
			for b.Loop() {
				system.NewStageBlocks(c, blas.NativeThreads(1)).DiagTo(r)
			}
		})
		b.Run(tc.name+"/HessVec", func(b *testing.B) {
			for b.Loop() {
				p.HessVec(r, v)
			}
		})
	}
}
