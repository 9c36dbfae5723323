package factor

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// A pairs holds the states s and costates m of a block, its rest and boundary
// r, and how the states follow from these:
//
//	[ P  Eᵀ 0  ] [s]   [f]           s = −T r              T = E⁻¹ A
//	[ E  0  A  ] [m] = [0]
//	[ 0  Aᵀ R  ] [r]   [g]           (R + Tᵀ P T) r = g − Tᵀ f
//
// E is h×h, lower triangular without zeros on its diagonal; A and T are
// h×(q+b), the columns of the rest before those of the boundary. T is sparse,
// so that Tᵀ P T costs little beside the factorization of the sum. The pairs
// add h negative and h positive eigenvalues and (−1)ʰ det(E)² to the
// determinant.
//
// Substituting s is elimination with the pivot [P Eᵀ; E 0] in exact structure:
// the multipliers are T and stay as small as the dynamics are, whatever P is.
type pairs struct {
	h, q, b int

	// E by rows: off-diagonal entries of row i are eval[eptr[i]:eptr[i+1]] in
	// the columns ecol.
	eptr  []int
	ecol  []int32
	eval  []float64
	ediag []float64

	// T by rows, and by columns: the entries of column j are at
	// at[cptr[j]:cptr[j+1]] in val, in the rows row.
	ptr  []int
	col  []int32
	val  []float64
	cptr []int
	row  []int32
	at   []int32 // in val

	place []int32 // of a column in the row at work
	flops int64
}

// newPairs finds the pattern of T = E⁻¹ A from those of E, without its
// diagonal, and of A, both by rows. The p-th entry of row i of A has its place
// at ptr[i]+p in val.
func newPairs(q, b int, e, a [][]int32) *pairs {
	h := len(e)
	t := &pairs{h: h, q: q, b: b, eptr: make([]int, h+1), ediag: make([]float64, h), ptr: make([]int, h+1)}
	t.place = make([]int32, q+b)
	for j := range t.place {
		t.place[j] = -1
	}
	for i := range h {
		t.ecol = append(t.ecol, e[i]...)
		t.eptr[i+1] = len(t.ecol)
		add := func(cols []int32) {
			for _, j := range cols {
				if int(t.place[j]) < t.ptr[i] {
					t.place[j] = int32(len(t.col))
					t.col = append(t.col, j)
				}
			}
		}
		add(a[i])
		for _, l := range e[i] {
			add(t.col[t.ptr[l]:t.ptr[l+1]])
		}
		t.ptr[i+1] = len(t.col)
	}
	t.eval, t.val = make([]float64, len(t.ecol)), make([]float64, len(t.col))
	t.transpose()
	return t
}

// transpose makes the access by columns and counts the work of substitution.
func (t *pairs) transpose() {
	r := t.q + t.b
	t.cptr, t.row, t.at = make([]int, r+1), make([]int32, len(t.col)), make([]int32, len(t.col))
	for _, j := range t.col {
		t.cptr[j+1]++
	}
	for j := range r {
		t.flops += 2 * int64(t.cptr[j+1]) * int64(t.h+j+1)
		t.cptr[j+1] += t.cptr[j]
	}
	next := append([]int(nil), t.cptr[:r]...)
	for i := range t.h {
		for p := t.ptr[i]; p < t.ptr[i+1]; p++ {
			j := t.col[p]
			t.row[next[j]], t.at[next[j]] = int32(i), int32(p)
			next[j]++
		}
	}
}

// bytes is the memory held.
func (t *pairs) bytes() int64 {
	return 20*int64(len(t.val)) + 12*int64(len(t.eval)) + 24*int64(t.h) + 12*int64(t.q+t.b)
}

// divide turns val from A into T = E⁻¹ A, row by row.
func (t *pairs) divide() {
	for i := range t.h {
		lo, hi := t.ptr[i], t.ptr[i+1]
		if t.eptr[i] < t.eptr[i+1] {
			for p := lo; p < hi; p++ {
				t.place[t.col[p]] = int32(p)
			}
			for p := t.eptr[i]; p < t.eptr[i+1]; p++ {
				v, l := t.eval[p], t.ecol[p]
				for s := t.ptr[l]; s < t.ptr[l+1]; s++ {
					t.val[t.place[t.col[s]]] -= v * t.val[s]
				}
			}
		}
		if d := t.ediag[i]; d != 1 {
			for p := lo; p < hi; p++ {
				t.val[p] /= d
			}
		}
	}
}

// mulTrans computes dst −= (Tᵀ f) in the columns from lo up to hi, for nr
// columns of f.
func (t *pairs) mulTrans(lo, hi, nr int, f, dst []float64) {
	if nr == 1 {
		for j := lo; j < hi; j++ {
			s := 0.0
			for p := t.cptr[j]; p < t.cptr[j+1]; p++ {
				s += t.val[t.at[p]] * f[t.row[p]]
			}
			dst[j-lo] -= s
		}
		return
	}
	for j := lo; j < hi; j++ {
		d := dst[(j-lo)*nr:][:nr]
		for p := t.cptr[j]; p < t.cptr[j+1]; p++ {
			floats.AddScaled(d, -t.val[t.at[p]], f[int(t.row[p])*nr:][:nr])
		}
	}
}

// states computes s = −T r for nr columns; r is in two parts.
func (t *pairs) states(nr int, s, rest, boundary []float64) {
	clear(s[:t.h*nr])
	for i := range t.h {
		d := s[i*nr:][:nr]
		for p := t.ptr[i]; p < t.ptr[i+1]; p++ {
			j := int(t.col[p])
			r := rest
			if j >= t.q {
				j, r = j-t.q, boundary
			}
			if nr == 1 {
				d[0] -= t.val[p] * r[j]
			} else {
				floats.AddScaled(d, -t.val[p], r[j*nr:][:nr])
			}
		}
	}
}

// substitute eliminates the pairs of block k: it adds Tᵀ P T to the rest and
// to the coupling, which it loads, and leaves P T for substituteNext. The
// coupling is left in xd.
func (c *core) substitute(src source, k int) {
	b := &c.blocks[k]
	t, h, q, r := b.t, b.h, b.q, b.q+b.b
	src.constraints(b.src, t)
	t.divide()
	c.countPairs(b)

	// G = Tᵀ P by rows, then transposed: row i of P T.
	p := c.p[:h*h]
	for i := range h {
		for j := range i {
			p[j*h+i] = p[i*h+j]
		}
	}
	if size := largestAbs(p); !(size <= c.stats.largest) {
		c.stats.largest = size
	}
	g, gt := c.g[:r*h], c.gt[:h*r]
	for j := range r {
		row := g[j*h:][:h]
		clear(row)
		for s := t.cptr[j]; s < t.cptr[j+1]; s++ {
			floats.AddScaled(row, t.val[t.at[s]], p[int(t.row[s])*h:][:h])
		}
	}
	transposeTo(gt, g, r, h)

	src.rest(b.src, b.f)
	c.damp(k, b.f)
	for j := range q {
		t.addRow(j, gt, r, 0, b.f[j*q:][:j+1])
	}
	x := c.xd[:b.b*q]
	src.coupling(b.src, x)
	for j := range b.b {
		t.addRow(q+j, gt, r, 0, x[j*q:][:q])
	}
}

// substituteNext adds the boundary's part of Tᵀ P T to the next block.
func (c *core) substituteNext(k int) {
	b := &c.blocks[k]
	t, q, r := b.t, b.q, b.q+b.b
	gt := c.gt[:b.h*r]
	dst, ld := c.target(k + 1)
	for j := range b.b {
		if b.rows == nil {
			t.addRow(q+j, gt, r, q, dst[(b.off+j)*ld+b.off:][:j+1])
			continue
		}
		u := c.u[:j+1]
		clear(u)
		t.addRow(q+j, gt, r, q, u)
		for l, rl := range b.rows[:j+1] {
			dst[b.rows[j]*ld+rl] += u[l]
		}
	}
}

// addRow adds row j of Tᵀ (P T), from column lo on, to dst.
func (t *pairs) addRow(j int, gt []float64, r, lo int, dst []float64) {
	for s := t.cptr[j]; s < t.cptr[j+1]; s++ {
		floats.AddScaled(dst, t.val[t.at[s]], gt[int(t.row[s])*r+lo:][:len(dst)])
	}
}

// countPairs adds the pairs' eigenvalues and determinant.
func (c *core) countPairs(b *coreBlock) {
	s := &c.stats
	s.negative, s.positive = s.negative+b.h, s.positive+b.h
	if b.h%2 == 1 {
		s.sign = -s.sign
	}
	for _, d := range b.t.ediag {
		if d = math.Abs(d); d != 1 {
			s.log += 2 * math.Log(d)
		}
	}
}

// transposeTo writes the transpose of the rows×cols matrix a to dst.
func transposeTo(dst, a []float64, rows, cols int) {
	const tile = 16
	for i0 := 0; i0 < rows; i0 += tile {
		i1 := min(i0+tile, rows)
		for j0 := 0; j0 < cols; j0 += tile {
			j1 := min(j0+tile, cols)
			for i := i0; i < i1; i++ {
				for j := j0; j < j1; j++ {
					dst[j*rows+i] = a[i*cols+j]
				}
			}
		}
	}
}
