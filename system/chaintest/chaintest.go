// Package chaintest makes chains for tests: random ones of every kind of
// stage, and their matrices formed densely, column by column.
package chaintest

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
	"costate/system"
)

// A Stage describes one stage of a random chain. Exactly one of the kinds is
// made: a dense stage of width Out, or with Blocks a Blocks stage with P
// parameters and Out outputs per sample.
type Stage struct {
	Out    int
	Bias   bool
	Skip   bool
	Full   bool // J and Q as full blocks per sample, J with Out+1 rows unless Skip
	Blocks bool
	P      int
	Filled bool // all elements of the matrices of a Blocks stage are stored, not two thirds

	// Rows makes a dense stage of so many rows a sample; 0 is one row. The row has
	// In numbers, gathered from the inputs at random: some more than once, some
	// not at all, with weights. Where In is 0 and the inputs divide evenly, the
	// rows are the inputs in order, without a gather.
	Rows, In int
	Ones     bool // a bias column of ones and zeros
	Pass     bool // all three parts of a Pass
	Carry    bool // the outputs end with the inputs, for a skip over several stages
	Sparse   bool // what is in full blocks is sparse, but for what is symmetric
}

// Random returns a chain of the given stages for a batch with in inputs per
// sample. Its derivatives are random, not those of a network: nothing in the
// library may rely on more than their shapes.
func Random(rng *rand.Rand, batch, in int, stages ...Stage) *system.Chain {
	c := &system.Chain{}
	width := in
	for k, s := range stages {
		if s.Blocks {
			b := &system.BlockStage{P: s.P, NIn: batch * width, NOut: batch * s.Out}
			sparse := sparse
			if s.Filled {
				sparse = filled
			}
			b.G = sparse(rng, b.NOut, b.P, false)
			b.A = sparse(rng, b.P, b.P, true)
			if k > 0 {
				b.F = sparse(rng, b.NOut, b.NIn, false)
				b.C = sparse(rng, b.P, b.NIn, false)
				b.Q = sparse(rng, b.NIn, b.NIn, true)
			} else {
				b.NIn = 0
			}
			c.Stages = append(c.Stages, b)
			width = s.Out
			continue
		}
		d := dense(rng, batch, width, s)
		if s.Sparse {
			d.J = Thin(rng, d.J)
			if p := d.Pass; p != nil {
				p.J, p.Cross = Thin(rng, p.J), Thin(rng, p.Cross)
			}
		}
		c.Stages = append(c.Stages, d)
		width = d.SampleOutputs()
	}
	c.Loss = symmetric(rng, batch, width, 1)
	// A loss that is convex in the outputs, as those of networks are.
	for n := range batch {
		r := c.Loss.Full[n*width*width : (n+1)*width*width]
		a := mat.NewDense(width, width, append([]float64(nil), r...))
		var aat mat.Dense
		aat.Mul(a, a.T())
		copy(r, aat.RawMatrix().Data)
	}
	return c
}

// Matrix returns the matrix H of the chain, one product per column.
func Matrix(c *system.Chain, backend blas.Backend) *mat.SymDense {
	n := c.Params()
	h := mat.NewDense(n, n, nil)
	p := system.NewProduct(c, backend)
	e, col := make([]float64, n), make([]float64, n)
	for j := range n {
		e[j] = 1
		p.HessVec(col, e)
		h.SetCol(j, col)
		e[j] = 0
	}
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, (h.At(i, j)+h.At(j, i))/2)
		}
	}
	return s
}

func normal(rng *rand.Rand, n int, scale float64) []float64 {
	a := make([]float64, n)
	for i := range a {
		a[i] = scale * rng.NormFloat64()
	}
	return a
}

func symmetric(rng *rand.Rand, batch, n int, scale float64) system.SampleMap {
	m := system.SampleMap{Batch: batch, Rows: n, Cols: n, Full: make([]float64, batch*n*n)}
	for b := range batch {
		for i := range n {
			for j := range i + 1 {
				v := scale * rng.NormFloat64()
				m.Full[(b*n+i)*n+j], m.Full[(b*n+j)*n+i] = v, v
			}
		}
	}
	return m
}

// sparse returns a random matrix with about two thirds of its entries.
func sparse(rng *rand.Rand, rows, cols int, sym bool) *system.Matrix {
	a := make([]float64, rows*cols)
	for i := range rows {
		for j := range cols {
			if rng.IntN(3) > 0 && (!sym || j <= i) {
				a[i*cols+j] = rng.NormFloat64() / float64(1+cols/2)
				if sym {
					a[j*cols+i] = a[i*cols+j]
				}
			}
		}
	}
	m := &system.Matrix{Rows: rows, Cols: cols, Ptr: make([]int, rows+1)}
	for i := range rows {
		for j := range cols {
			if v := a[i*cols+j]; v != 0 {
				m.Col, m.Val = append(m.Col, j), append(m.Val, v)
			}
		}
		m.Ptr[i+1] = len(m.Col)
	}
	return m
}

// filled is sparse with all of its entries.
func filled(rng *rand.Rand, rows, cols int, sym bool) *system.Matrix {
	a := normal(rng, rows*cols, 1/float64(1+cols/2))
	if sym {
		for i := range rows {
			for j := range i {
				a[j*cols+i] = a[i*cols+j]
			}
		}
	}
	return system.FromDense(rows, cols, a)
}

// Thin returns a sparse map of some of the elements of one in full blocks: of between
// none and all of them, or as many as are worth a Thin one. Some of its rows have the
// columns of the row before, or if that has one column the next one. Others it returns as
// they are.
func Thin(rng *rand.Rand, m system.SampleMap) system.SampleMap {
	if m.Full == nil {
		return m
	}
	share := rng.Float64()
	if rng.IntN(2) == 0 {
		share /= 8
	}
	p := &system.Pattern{Ptr: []int{0}}
	again := 0
	for i := range m.Rows {
		var before []int
		if i > 0 {
			before = p.Col[p.Ptr[i-1]:]
		}
		again--
		switch {
		case again > 0 && len(before) == 1 && before[0]+1 < m.Cols:
			p.Col = append(p.Col, before[0]+1)
		case again > 0:
			p.Col = append(p.Col, before...)
		default:
			again = rng.IntN(8)
			if rng.IntN(4) == 0 {
				p.Col = append(p.Col, rng.IntN(m.Cols))
				break
			}
			for j := range m.Cols {
				if rng.Float64() < share {
					p.Col = append(p.Col, j)
				}
			}
		}
		p.Ptr = append(p.Ptr, len(p.Col))
	}
	thin := system.SampleMap{Batch: m.Batch, Rows: m.Rows, Cols: m.Cols, Pattern: p, Sparse: []float64{}}
	for n := range m.Batch {
		for i := range m.Rows {
			for _, j := range p.Col[p.Ptr[i]:p.Ptr[i+1]] {
				thin.Sparse = append(thin.Sparse, m.Full[(n*m.Rows+i)*m.Cols+j])
			}
		}
	}
	return thin
}
