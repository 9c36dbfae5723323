package nn

import (
	"fmt"

	"costate/system"
)

// sideways is what a step of a BlockLayer needs where numbers are carried around it: the
// numbers in front by themselves, and matrices with room for the others.
type sideways struct {
	in, out, b, prev []float64
	f, g, c, q       *system.Matrix
}

// resize makes room for a batch.
func (w *sideways) resize(s *step, batch int) {
	w.in, w.prev = make([]float64, batch*s.front), make([]float64, batch*s.front)
	w.out, w.b = make([]float64, batch*s.behind), make([]float64, batch*s.behind)
}

// takeFront stores the first width numbers of every sample of state, of n, in dst.
func takeFront(dst, state []float64, width, n, batch int) {
	for i := range batch {
		copy(dst[i*width:(i+1)*width], state[i*n:])
	}
}

// putFront stores src as the first width numbers of every sample of state, and the last
// rest numbers of every sample of from as the last.
func putFront(state, src []float64, width int, from []float64, rest, batch int) {
	n, m := len(state)/batch, len(from)/batch
	for i := range batch {
		copy(state[i*n:], src[i*width:(i+1)*width])
		copy(state[(i+1)*n-rest:(i+1)*n], from[(i+1)*m-rest:(i+1)*m])
	}
}

// forwardBlock evaluates a BlockLayer; w is workspace, used where numbers are carried.
func (s *step) forwardBlock(out, in, theta []float64, batch int, w *sideways) {
	params := theta[s.w : s.w+s.np : s.w+s.np]
	if s.rest == 0 {
		s.blk.Forward(out, params, in, batch)
		return
	}
	takeFront(w.in, in, s.front, s.in, batch)
	s.blk.Forward(w.out, params, w.in, batch)
	putFront(out, w.out, s.behind, in, s.rest, batch)
}

// blockBack asks step k, a BlockLayer, for its blocks, stores Gᵀb in dst or adds
// it, and Fᵀb in prev.
func (t *tape) blockBack(s *step, r *record, k int, theta, b, prev, dst []float64, add bool) error {
	bl, w := &r.user, &r.side
	nin, nout := t.batch*s.front, t.batch*s.behind
	in, outer, inner := r.in, b, prev
	if s.rest > 0 {
		takeFront(w.b, b, s.behind, s.out, t.batch)
		in, outer, inner = w.in, w.b, w.prev
	}
	bl.P, bl.NIn, bl.NOut = s.np, nin, nout
	s.blk.Blocks(bl, theta[s.w:s.w+s.np:s.w+s.np], in, outer, t.batch, t.second)
	if !hasShape(bl.G, nout, s.np) || k > 0 && !hasShape(bl.F, nout, nin) {
		return fmt.Errorf("nn: layer %s (%T): Blocks gave matrices that are not %d×%d (F) and %d×%d (G)", s.name(), s.blk, nout, nin, nout, s.np)
	}
	if t.full {
		*r.blocks = *bl
		if !t.second {
			r.blocks.A, r.blocks.C, r.blocks.Q = nil, nil, nil
		}
		r.blocks.P, r.blocks.NIn, r.blocks.NOut = s.np, t.batch*s.in, t.batch*s.out
		if s.rest > 0 {
			w.widen(r.blocks, s, t.batch)
		}
		if k == 0 {
			r.blocks.NIn, r.blocks.F, r.blocks.C, r.blocks.Q = 0, nil, nil, nil
		}
	}
	if !add {
		clear(dst)
	}
	transMulAdd(dst, bl.G, outer)
	if k > 0 {
		clear(inner)
		transMulAdd(inner, bl.F, outer)
		if s.rest > 0 {
			putFront(prev, w.prev, s.front, b, s.rest, t.batch)
		}
	}
	return nil
}

// widen replaces the matrices of bl, which are those of the numbers in front, by ones
// with the numbers that are carried: an identity in F, zeros elsewhere.
func (w *sideways) widen(bl *system.BlockStage, s *step, batch int) {
	w.f = widenMatrix(w.f, bl.F, widening{s.behind, s.rest}, widening{s.front, s.rest}, true)
	w.g = widenMatrix(w.g, bl.G, widening{s.behind, s.rest}, widening{}, false)
	w.c = widenMatrix(w.c, bl.C, widening{}, widening{s.front, s.rest}, false)
	w.q = widenMatrix(w.q, bl.Q, widening{s.front, s.rest}, widening{s.front, s.rest}, false)
	bl.F, bl.G, bl.C, bl.Q = w.f, w.g, w.c, w.q
}

// A widening puts rest indices behind each width of them; the zero value leaves all.
type widening struct{ width, rest int }

// at is where index i goes.
func (w widening) at(i int) int {
	if w.width == 0 {
		return i
	}
	return i/w.width*(w.width+w.rest) + i%w.width
}

// size is how many indices n become.
func (w widening) size(n int) int {
	if w.width == 0 {
		return n
	}
	return n / w.width * (w.width + w.rest)
}

// widenMatrix returns m with its rows and columns widened, in the storage of dst; with
// ones the new rows and columns hold an identity. Nil stays nil.
func widenMatrix(dst, m *system.Matrix, rows, cols widening, ones bool) *system.Matrix {
	if m == nil {
		return nil
	}
	if dst == nil {
		dst = new(system.Matrix)
	}
	dst.Rows, dst.Cols = rows.size(m.Rows), cols.size(m.Cols)
	dst.Ptr, dst.Col, dst.Val = append(dst.Ptr[:0], 0), dst.Col[:0], dst.Val[:0]
	put := func(col int, v float64) { dst.Col, dst.Val = append(dst.Col, col), append(dst.Val, v) }
	end := func() { dst.Ptr = append(dst.Ptr, len(dst.Col)) }
	for i := range m.Rows {
		for e := m.Ptr[i]; e < m.Ptr[i+1]; e++ {
			put(cols.at(m.Col[e]), m.Val[e])
		}
		end()
		if rows.width > 0 && i%rows.width == rows.width-1 {
			for l := range rows.rest {
				if ones {
					put(cols.at(i/rows.width*cols.width)+cols.width+l, 1)
				}
				end()
			}
		}
	}
	return dst
}

// hasShape reports whether m is rows×cols, or nil and without columns.
func hasShape(m *system.Matrix, rows, cols int) bool {
	if m == nil {
		return cols == 0
	}
	return m.Rows == rows && m.Cols == cols && len(m.Ptr) == rows+1
}
