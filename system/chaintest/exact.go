package chaintest

import (
	"math"
	"math/big"

	"costate/system"
)

// prec is the precision in bits of Exact: products of a chain of a few stages
// are exact in it, unless their exponents lie very far apart.
const prec = 2000

func number(v float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(v) }

// sum adds products.
type sum struct{ s, p big.Float }

func newSum() *sum {
	s := new(sum)
	s.s.SetPrec(prec)
	s.p.SetPrec(prec)
	return s
}

func (s *sum) add(f ...*big.Float) {
	s.p.Set(f[0])
	for _, v := range f[1:] {
		s.p.Mul(&s.p, v)
	}
	s.s.Add(&s.s, &s.p)
}

func (s *sum) value() *big.Float { return new(big.Float).SetPrec(prec).Set(&s.s) }

// Exact forms H of a chain from its definition, with the numbers of the chain
// as they are and no rounding: the chain is run on unit directions and the
// results are paired.
func Exact(c *system.Chain) [][]*big.Float {
	n := c.Params()
	dirs := make([]trace, n)
	for i := range n {
		v := make([]*big.Float, n)
		for j := range v {
			v[j] = number(0)
		}
		v[i] = number(1)
		dirs[i] = run(c, v)
	}
	h := make([][]*big.Float, n)
	for i := range n {
		h[i] = make([]*big.Float, n)
		for j := range n {
			if j < i {
				h[i][j] = h[j][i]
			} else {
				h[i][j] = pairing(c, &dirs[i], &dirs[j])
			}
		}
	}
	return h
}

// A trace is a chain run on a direction.
type trace struct {
	x, y, s [][]*big.Float // y[k] enters stage k
	out     []*big.Float
}

func zeros(n int) []*big.Float {
	z := make([]*big.Float, n)
	for i := range z {
		z[i] = number(0)
	}
	return z
}

func run(c *system.Chain, v []*big.Float) trace {
	var t trace
	var y []*big.Float
	for k, s := range c.Stages {
		if k == 0 {
			y = zeros(s.Inputs())
		}
		x := v[:s.Params()]
		v = v[s.Params():]
		t.x, t.y = append(t.x, x), append(t.y, y)
		var pre []*big.Float
		switch s := s.(type) {
		case *system.DenseStage:
			pre, y = runDense(s, x, y)
		case *system.BlockStage:
			y = runBlock(s, x, y)
		}
		t.s = append(t.s, pre)
	}
	t.out = y
	return t
}

func runDense(s *system.DenseStage, x, y []*big.Float) (pre, out []*big.Float) {
	rows, in, states := s.SampleOutputs(), s.SampleInputs(), s.SampleStates()
	g := gathered(s, y)
	for n := range s.BatchRows() {
		for o := range s.Out {
			a := newSum()
			for b := range s.In {
				a.add(g[n*s.In+b], number(s.W[o*s.In+b]))
				a.add(x[o*s.In+b], number(s.Z[n*s.In+b]))
			}
			if s.Bias {
				a.add(number(one(s, n)), x[s.Out*s.In+o])
			}
			pre = append(pre, a.value())
		}
	}
	for n := range s.Batch {
		for r := range rows {
			a := newSum()
			for o := range states {
				a.add(number(element(&s.J, n, r, o, 1)), pre[n*states+o])
			}
			if s.Skip {
				a.add(y[n*rows+r])
			}
			if s.Pass != nil {
				for i := range in {
					a.add(number(element(&s.Pass.J, n, r, i, 0)), y[n*in+i])
				}
			}
			out = append(out, a.value())
		}
	}
	return pre, out
}

// gathered is A y over the batch.
func gathered(s *system.DenseStage, y []*big.Float) []*big.Float {
	a := s.Gather
	if a == nil {
		return y
	}
	var g []*big.Float
	for n := range s.Batch {
		for i := range a.Rows {
			t := newSum()
			for p := a.Ptr[i]; p < a.Ptr[i+1]; p++ {
				t.add(number(a.Val[p]), y[n*a.Cols+a.Col[p]])
			}
			g = append(g, t.value())
		}
	}
	return g
}

// one is the number that row r of the batch has in place of the bias.
func one(s *system.DenseStage, r int) float64 {
	if s.Ones == nil {
		return 1
	}
	return s.Ones[r%s.SampleRows()]
}

func runBlock(s *system.BlockStage, x, y []*big.Float) (out []*big.Float) {
	for i := range s.NOut {
		a := newSum()
		for j := range s.P {
			a.add(number(s.G.At(i, j)), x[j])
		}
		for j := range s.NIn {
			a.add(number(s.F.At(i, j)), y[j])
		}
		out = append(out, a.value())
	}
	return out
}

func element(m *system.SampleMap, n, i, j int, zero float64) float64 {
	switch {
	case m.Full != nil:
		return m.Full[(n*m.Rows+i)*m.Cols+j]
	case m.Sparse != nil:
		p := m.Pattern
		for t := p.Ptr[i]; t < p.Ptr[i+1]; t++ {
			if p.Col[t] == j {
				return m.Sparse[n*len(p.Col)+t]
			}
		}
		return 0
	case i != j:
		return 0
	case m.Diag != nil:
		return m.Diag[n*m.Rows+i]
	}
	return zero
}

func pairing(c *system.Chain, a, b *trace) *big.Float {
	t := newSum()
	for k, s := range c.Stages {
		switch s := s.(type) {
		case *system.DenseStage:
			pairDense(t, s, k, a, b)
		case *system.BlockStage:
			form(t, s.A, a.x[k], b.x[k])
			form(t, s.C, a.x[k], b.y[k])
			form(t, s.C, b.x[k], a.y[k])
			form(t, s.Q, a.y[k], b.y[k])
		}
	}
	r := c.Loss.Rows
	for n := range c.Loss.Batch {
		for i := range r {
			for j := range r {
				t.add(number(element(&c.Loss, n, i, j, 0)), a.out[n*r+i], b.out[n*r+j])
			}
		}
	}
	return t.value()
}

// pairDense adds the part of the DenseStage s, number k.
func pairDense(t *sum, s *system.DenseStage, k int, a, b *trace) {
	in, states := s.SampleInputs(), s.SampleStates()
	if s.Delta != nil {
		ag, bg := gathered(s, a.y[k]), gathered(s, b.y[k])
		for i, v := range s.Delta {
			d, n, o := number(v), i/s.Out, i%s.Out
			for i := range s.In {
				t.add(d, a.x[k][o*s.In+i], bg[n*s.In+i])
				t.add(d, b.x[k][o*s.In+i], ag[n*s.In+i])
			}
		}
	}
	for n := range s.Batch {
		as, bs := a.s[k][n*states:][:states], b.s[k][n*states:][:states]
		for o := range states {
			for p := range states {
				t.add(number(element(&s.Q, n, o, p, 0)), as[o], bs[p])
			}
		}
		if s.Pass == nil {
			continue
		}
		ay, by := a.y[k][n*in:][:in], b.y[k][n*in:][:in]
		for i := range in {
			for o := range states {
				c := number(element(&s.Pass.Cross, n, o, i, 0))
				t.add(c, as[o], by[i])
				t.add(c, bs[o], ay[i])
			}
			for l := range in {
				t.add(number(element(&s.Pass.Q, n, i, l, 0)), ay[i], by[l])
			}
		}
	}
}

// form adds xᵀ M y; a nil M is zero.
func form(t *sum, m *system.Matrix, x, y []*big.Float) {
	if m == nil {
		return
	}
	for i := range m.Rows {
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			t.add(number(m.Val[p]), x[i], y[m.Col[p]])
		}
	}
}

// Inertia counts the negative and zero eigenvalues of A + εI, and returns
// log|det|, by elimination with 1×1 and 2×2 pivots without rounding to speak of.
// What is left of elements below 2^-(prec-200) of the largest is zero: quotients round at
// 2^-prec, and the determinants of submatrices of small orders are either zero or far larger,
// being sums of products of float64 numbers. It does not change a.
func Inertia(a [][]*big.Float, eps float64) (negative, zero int, logDet float64) {
	n := len(a)
	m := make([][]*big.Float, n)
	for i := range a {
		m[i] = make([]*big.Float, n)
		for j := range a[i] {
			m[i][j] = new(big.Float).SetPrec(prec).Set(a[i][j])
		}
		m[i][i].Add(m[i][i], number(eps))
	}
	tiny := negligible(m)
	var p, q big.Float
	p.SetPrec(prec)
	q.SetPrec(prec)
	swap := func(i, j int) {
		m[i], m[j] = m[j], m[i]
		for k := range n {
			m[k][i], m[k][j] = m[k][j], m[k][i]
		}
	}
	for k := 0; k < n; {
		r, c := largestPivot(m, k)
		if p.Abs(m[r][c]).Cmp(tiny) <= 0 {
			return negative, n - k, math.Inf(-1)
		}
		if r == c {
			swap(k, r)
			d := m[k][k]
			if d.Sign() < 0 {
				negative++
			}
			logDet += logOf(d)
			for i := k + 1; i < n; i++ {
				p.Quo(m[i][k], d)
				for j := k + 1; j < n; j++ {
					m[i][j].Sub(m[i][j], q.Mul(&p, m[k][j]))
				}
			}
			k++
			continue
		}
		swap(k, c)
		swap(k+1, r)
		negative++ // the determinant is below zero: one pivot of each sign
		logDet += logOf(eliminateTwo(m, k))
		k += 2
	}
	return negative, 0, logDet
}

// negligible is 2^-(prec-200) of the largest element.
func negligible(m [][]*big.Float) *big.Float {
	largest := number(0)
	for i := range m {
		for _, v := range m[i] {
			if v := new(big.Float).Abs(v); v.Cmp(largest) > 0 {
				largest = v
			}
		}
	}
	return new(big.Float).SetMantExp(largest, -(prec - 200))
}

// logOf is log|v|, where v itself may be out of range.
func logOf(v *big.Float) float64 {
	f := new(big.Float)
	e := v.MantExp(f)
	x, _ := f.Float64()
	return math.Log(math.Abs(x)) + float64(e)*math.Ln2
}

// largestPivot is the place of the largest element of what is left of m from k on, the
// diagonal preferred where it has one at least half as large.
func largestPivot(m [][]*big.Float, k int) (r, c int) {
	n := len(m)
	var p, q big.Float
	r, c = k, k
	for i := k; i < n; i++ {
		for j := k; j <= i; j++ {
			if m[i][j].Sign() != 0 && (m[r][c].Sign() == 0 || p.Abs(m[i][j]).Cmp(q.Abs(m[r][c])) > 0) {
				r, c = i, j
			}
		}
	}
	for i := k; i < n; i++ {
		if p.Mul(number(2), p.Abs(m[i][i])).Cmp(q.Abs(m[r][c])) >= 0 {
			return i, i
		}
	}
	return r, c
}

// eliminateTwo eliminates unknowns k and k+1 together, and returns the determinant of the
// pivot.
func eliminateTwo(m [][]*big.Float, k int) (det *big.Float) {
	n := len(m)
	var p, q big.Float
	p.SetPrec(prec)
	q.SetPrec(prec)
	det = new(big.Float).SetPrec(prec).Mul(m[k][k], m[k+1][k+1])
	det.Sub(det, p.Mul(m[k+1][k], m[k+1][k]))
	for i := k + 2; i < n; i++ {
		// (x, y) D⁻¹
		x := new(big.Float).SetPrec(prec).Mul(m[i][k], m[k+1][k+1])
		x.Sub(x, p.Mul(m[i][k+1], m[k+1][k]))
		x.Quo(x, det)
		y := new(big.Float).SetPrec(prec).Mul(m[i][k+1], m[k][k])
		y.Sub(y, p.Mul(m[i][k], m[k+1][k]))
		y.Quo(y, det)
		for j := k + 2; j < n; j++ {
			m[i][j].Sub(m[i][j], q.Mul(x, m[k][j]))
			m[i][j].Sub(m[i][j], q.Mul(y, m[k+1][j]))
		}
	}
	return det
}
