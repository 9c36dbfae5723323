package nn

import (
	"slices"

	"costate/system"
)

// A SparseMap is a Map whose Jacobian has zeros that do not depend on its inputs. A
// chain of it then has less to multiply.
type SparseMap interface {
	Map
	// Structure calls visit for every element of the Jacobian, for in inputs, that may
	// differ from zero: of output i in input j.
	Structure(in int, visit func(i, j int))
}

// A refiller is a SparseMap with a large Jacobian of which few elements differ from zero:
// refill is Jacobian where the others are zero already.
type refiller interface {
	refill(jac, in []float64)
}

// structure stores ones in jac where the Jacobian of a map may differ from zero and
// zeros elsewhere.
func (o *op) structure(jac []float64) {
	if o.kind != mapOp {
		return
	}
	if o.linear() { // the Jacobian is the same everywhere
		o.m.Jacobian(jac, make([]float64, o.in))
		for i, v := range jac {
			if v != 0 {
				jac[i] = 1
			}
		}
		return
	}
	s, ok := o.m.(SparseMap)
	if !ok {
		for i := range jac {
			jac[i] = 1
		}
		return
	}
	clear(jac)
	s.Structure(o.in, func(i, j int) { jac[i*o.in+j] = 1 })
}

// mostlyZero is the share of elements up to which a pattern saves time in products.
const mostlyZero = 0.4

// findPatterns finds where j and passJ may differ from zero; they have no pattern if that
// is nearly everywhere. jac has room for the Jacobian of any of the ops.
func (f *fullMaps) findPatterns(s *step, jac []float64) {
	// The elements are sums of products of zeros and ones, so that none cancels.
	rows := identityCells(f.front)
	for i := len(s.inner) - 1; i >= 0; i-- {
		s.inner[i].structure(jac)
		rows = s.inner[i].compose(rows, jac)
	}
	j := &system.Pattern{Ptr: make([]int, 1, f.outs+1)}
	pass := &system.Pattern{Ptr: make([]int, 1, f.outs+1)}
	for i := range f.outs {
		if i < f.front {
			slices.SortFunc(rows[i], func(a, b cell) int { return a.col - b.col })
			for _, c := range rows[i] {
				if c.col < f.pre {
					j.Col = append(j.Col, c.col)
				} else {
					pass.Col = append(pass.Col, f.kept+c.col-f.pre)
				}
			}
		} else {
			pass.Col = append(pass.Col, f.ins-f.outs+i)
		}
		j.Ptr, pass.Ptr = append(j.Ptr, len(j.Col)), append(pass.Ptr, len(pass.Col))
	}
	if n := len(j.Col); n > 0 && float64(n) <= mostlyZero*float64(f.outs*f.pre) {
		f.j.Pattern = j
	}
	if n := len(pass.Col); n > 0 && float64(n) <= mostlyZero*float64(f.outs*f.ins) {
		f.passJ.Pattern = pass
	}
}

// Structure implements SparseMap: the diagonal.
func (e Elementwise) Structure(in int, visit func(i, j int)) {
	for i := range in {
		visit(i, i)
	}
}

// Structure implements SparseMap: every channel by itself.
func (p GlobalAvgPool) Structure(in int, visit func(i, j int)) {
	n := in / p.Positions
	for i := range in {
		visit(i%n, i)
	}
}

// Structure implements SparseMap: every token by itself.
func (l LayerNorm) Structure(in int, visit func(i, j int)) {
	l.each(in, func(from, to int) {
		for i := from; i < to; i++ {
			for j := from; j < to; j++ {
				visit(i, j)
			}
		}
	})
}

// Structure implements SparseMap: every head by itself. Of the values of a token each
// number goes to one output only, but with all of them the outputs of a token have equal
// columns, which products are faster with (see system.Pattern).
func (a Attention) Structure(in int, visit func(i, j int)) {
	x := make([]float64, in)
	for i := range a.heads() {
		h := a.head(x, i)
		for t := range a.Tokens {
			for e := range h.d {
				out := h.out(t) + e
				for f := range h.d {
					visit(out, h.q(t)+f)
				}
				for j := range h.reach(t) {
					for f := range h.d {
						visit(out, h.k(j)+f)
						visit(out, h.v(j)+f)
					}
				}
			}
		}
	}
}
