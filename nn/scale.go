package nn

import (
	"fmt"

	"costate/system"
)

// Scale is the BlockLayer z ↦ g⊙z + c with a learned gain g and shift c for each unit,
// as follow a layer norm. Its parameters are g, then c; they begin as ones and
// zeros. With NoShift there is no c.
//
// With Tokens, all tokens of a sample share the gains and shifts of their units:
// LayerNorm{Tokens: t} and then Scale{Tokens: t} are PyTorch's LayerNorm(d) on tokens of
// width d.
type Scale struct {
	// Tokens is how many parts of equal length a sample has, whose units have the same
	// gains and shifts; 0 is 1.
	Tokens int

	// NoShift leaves the shifts out, as bias=False in PyTorch's LayerNorm.
	NoShift bool
}

// OutWidth implements Layer.
func (l Scale) OutWidth(in int) (int, error) {
	if l.Tokens < 0 || l.Tokens > 0 && in%l.Tokens != 0 {
		return 0, fmt.Errorf("a scale of %d tokens after a width of %d; it needs a multiple of the tokens", l.Tokens, in)
	}
	return in, nil
}

// each is how many parameters a unit has.
func (l Scale) each() int {
	if l.NoShift {
		return 1
	}
	return 2
}

// Params implements BlockLayer.
func (l Scale) Params(in int) int { return l.each() * (in / max(l.Tokens, 1)) }

// Init implements Initializer.
func (l Scale) Init(params []float64, _ func() float64) {
	n := len(params) / l.each()
	clear(params)
	for i := range n {
		params[i] = 1
	}
}

// Forward implements BlockLayer.
func (l Scale) Forward(out, params, in []float64, _ int) {
	n := len(params) / l.each()
	g, c := params[:n], params[n:]
	for from := 0; from < len(in); from += n {
		x, y := in[from:from+n], out[from:from+n]
		for i, v := range x {
			y[i] = g[i] * v
		}
		for i, v := range c {
			y[i] += v
		}
	}
}

// Blocks implements BlockLayer: F has the gains on its diagonal, G the inputs and, for
// the shifts, ones, and C the b_i, since ∂²out_i/∂g_i∂in_i = 1.
func (l Scale) Blocks(dst *system.BlockStage, params, in, b []float64, _ int, second bool) {
	each := l.each()
	n := len(params) / each
	parts := len(in) / n // tokens of all samples
	if dst.F == nil || dst.F.Rows != len(in) {
		dst.F, dst.G, dst.C = scalePattern(n, parts, each)
	}
	for s := range parts {
		copy(dst.F.Val[s*n:], params[:n])
	}
	for i, v := range in {
		dst.G.Val[each*i] = v
		if each == 2 {
			dst.G.Val[2*i+1] = 1
		}
	}
	if !second {
		return
	}
	if dst.C == nil {
		_, _, dst.C = scalePattern(n, parts, each)
	}
	for i := range n {
		for s := range parts {
			dst.C.Val[i*parts+s] = b[s*n+i]
		}
	}
}

// scalePattern returns the matrices of Blocks without their values, for so many parts of
// n units, each of which has so many parameters.
func scalePattern(n, parts, each int) (f, g, c *system.Matrix) {
	m := parts * n
	f = &system.Matrix{Rows: m, Cols: m, Ptr: make([]int, m+1), Col: make([]int, m), Val: make([]float64, m)}
	g = &system.Matrix{Rows: m, Cols: each * n, Ptr: make([]int, m+1), Col: make([]int, each*m), Val: make([]float64, each*m)}
	c = &system.Matrix{Rows: each * n, Cols: m, Ptr: make([]int, each*n+1), Col: make([]int, m), Val: make([]float64, m)}
	for i := range m {
		f.Ptr[i+1], g.Ptr[i+1] = i+1, each*(i+1)
		f.Col[i] = i
		for k := range each {
			g.Col[each*i+k] = k*n + i%n
		}
	}
	for i := range each * n {
		c.Ptr[i+1] = min(i+1, n) * parts
	}
	for i := range n {
		for s := range parts {
			c.Col[i*parts+s] = s*n + i
		}
	}
	return f, g, c
}
