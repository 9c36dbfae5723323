package nn

import (
	"fmt"

	"costate/system"
)

// Scale is the BlockLayer z ↦ g⊙z + c with a learned gain g and shift c for each unit,
// as follow a layer norm. Its parameters are g, then c; they begin as ones and
// zeros.
//
// With Tokens, all tokens of a sample share the gains and shifts of their units:
// LayerNorm{Tokens: t} and then Scale{Tokens: t} are PyTorch's LayerNorm(d) on tokens of
// width d.
type Scale struct {
	// Tokens is how many parts of equal length a sample has, whose units have the same
	// gains and shifts; 0 is 1.
	Tokens int
}

// OutWidth implements Layer.
func (l Scale) OutWidth(in int) (int, error) {
	if l.Tokens < 0 || l.Tokens > 0 && in%l.Tokens != 0 {
		return 0, fmt.Errorf("a scale of %d tokens after a width of %d; it needs a multiple of the tokens", l.Tokens, in)
	}
	return in, nil
}

// Params implements BlockLayer.
func (l Scale) Params(in int) int { return 2 * (in / max(l.Tokens, 1)) }

// Init implements Initializer.
func (Scale) Init(params []float64, _ func() float64) {
	n := len(params) / 2
	for i := range n {
		params[i], params[n+i] = 1, 0
	}
}

// Forward implements BlockLayer.
func (Scale) Forward(out, params, in []float64, _ int) {
	n := len(params) / 2
	g, c := params[:n], params[n:]
	for from := 0; from < len(in); from += n {
		x, y := in[from:from+n], out[from:from+n]
		for i, v := range x {
			y[i] = g[i]*v + c[i]
		}
	}
}

// Blocks implements BlockLayer: F has the gains on its diagonal, G the inputs and
// ones, and C the b_i, since ∂²out_i/∂g_i∂in_i = 1.
func (Scale) Blocks(dst *system.BlockStage, params, in, b []float64, _ int, second bool) {
	n := len(params) / 2
	parts := len(in) / n // tokens of all samples
	if dst.F == nil || dst.F.Rows != len(in) {
		dst.F, dst.G, dst.C = scalePattern(n, parts)
	}
	for s := range parts {
		copy(dst.F.Val[s*n:], params[:n])
	}
	for i, v := range in {
		dst.G.Val[2*i], dst.G.Val[2*i+1] = v, 1
	}
	if !second {
		return
	}
	if dst.C == nil {
		_, _, dst.C = scalePattern(n, parts)
	}
	for i := range n {
		for s := range parts {
			dst.C.Val[i*parts+s] = b[s*n+i]
		}
	}
}

// scalePattern returns the matrices of Blocks without their values, for so many parts of
// n units.
func scalePattern(n, parts int) (f, g, c *system.Matrix) {
	m := parts * n
	f = &system.Matrix{Rows: m, Cols: m, Ptr: make([]int, m+1), Col: make([]int, m), Val: make([]float64, m)}
	g = &system.Matrix{Rows: m, Cols: 2 * n, Ptr: make([]int, m+1), Col: make([]int, 2*m), Val: make([]float64, 2*m)}
	c = &system.Matrix{Rows: 2 * n, Cols: m, Ptr: make([]int, 2*n+1), Col: make([]int, m), Val: make([]float64, m)}
	for i := range m {
		f.Ptr[i+1], g.Ptr[i+1] = i+1, 2*(i+1)
		f.Col[i] = i
		g.Col[2*i], g.Col[2*i+1] = i%n, n+i%n
	}
	for i := range 2 * n {
		c.Ptr[i+1] = min(i+1, n) * parts
	}
	for i := range n {
		for s := range parts {
			c.Col[i*parts+s] = s*n + i
		}
	}
	return f, g, c
}
