package nn

import "costate/system"

// Scale is the BlockLayer z ↦ g⊙z + c with a learned gain g and shift c for each unit,
// as follow a layer norm. Its parameters are g, then c; they begin as ones and
// zeros.
type Scale struct{}

// OutWidth implements Layer.
func (Scale) OutWidth(in int) (int, error) { return in, nil }

// Params implements BlockLayer.
func (Scale) Params(in int) int { return 2 * in }

// Init implements Initializer.
func (Scale) Init(params []float64, _ func() float64) {
	n := len(params) / 2
	for i := range n {
		params[i], params[n+i] = 1, 0
	}
}

// Forward implements BlockLayer.
func (Scale) Forward(out, params, in []float64, batch int) {
	n := len(params) / 2
	g, c := params[:n], params[n:]
	for s := range batch {
		x, y := in[s*n:(s+1)*n], out[s*n:(s+1)*n]
		for i, v := range x {
			y[i] = g[i]*v + c[i]
		}
	}
}

// Blocks implements BlockLayer: F has the gains on its diagonal, G the inputs and
// ones, and C the b_i, since ∂²out_i/∂g_i∂in_i = 1.
func (Scale) Blocks(dst *system.BlockStage, params, in, b []float64, batch int, second bool) {
	n := len(params) / 2
	if dst.F == nil || dst.F.Rows != batch*n {
		dst.F, dst.G, dst.C = scalePattern(n, batch)
	}
	for s := range batch {
		copy(dst.F.Val[s*n:], params[:n])
	}
	for i, v := range in {
		dst.G.Val[2*i], dst.G.Val[2*i+1] = v, 1
	}
	if !second {
		return
	}
	if dst.C == nil {
		_, _, dst.C = scalePattern(n, batch)
	}
	for i := range n {
		for s := range batch {
			dst.C.Val[i*batch+s] = b[s*n+i]
		}
	}
}

// scalePattern returns the matrices of Blocks without their values.
func scalePattern(n, batch int) (f, g, c *system.Matrix) {
	m := batch * n
	f = &system.Matrix{Rows: m, Cols: m, Ptr: make([]int, m+1), Col: make([]int, m), Val: make([]float64, m)}
	g = &system.Matrix{Rows: m, Cols: 2 * n, Ptr: make([]int, m+1), Col: make([]int, 2*m), Val: make([]float64, 2*m)}
	c = &system.Matrix{Rows: 2 * n, Cols: m, Ptr: make([]int, 2*n+1), Col: make([]int, m), Val: make([]float64, m)}
	for i := range m {
		f.Ptr[i+1], g.Ptr[i+1] = i+1, 2*(i+1)
		f.Col[i] = i
		g.Col[2*i], g.Col[2*i+1] = i%n, n+i%n
	}
	for i := range 2 * n {
		c.Ptr[i+1] = min(i+1, n) * batch
	}
	for i := range n {
		for s := range batch {
			c.Col[i*batch+s] = s*n + i
		}
	}
	return f, g, c
}
