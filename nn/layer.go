package nn

import (
	"fmt"

	"costate/system"
)

// A Layer is one step of a Network: a layer with weights (*Dense, *Tokens, *Conv2D or
// *Conv1D), a Map, a BlockLayer, or a *Residual of other layers.
type Layer interface {
	// OutWidth returns the number of outputs a sample for in inputs a sample,
	// or an error that says why the layer cannot follow that width.
	OutWidth(in int) (int, error)
}

// Dense is a dense layer z ↦ act(W z + b), or z ↦ z + act(W z + b) with Skip.
// It holds no numbers: the Network does. A Dense may not change once a Network
// has been made of it.
type Dense struct {
	In   int        // inputs; 0 takes the width of the layer before
	Out  int        // outputs
	Bias bool       // whether there is a b
	Act  Activation // nil is Identity
	Skip bool       // residual: then the widths are equal
}

// OutWidth implements Layer.
func (d *Dense) OutWidth(in int) (int, error) {
	switch {
	case d.Out < 1:
		return 0, fmt.Errorf("a dense layer with Out = %d; it needs at least one output", d.Out)
	case d.In != 0 && d.In != in:
		return 0, fmt.Errorf("a dense layer of %d inputs after a width of %d", d.In, in)
	case d.Skip && d.Out != in:
		return 0, fmt.Errorf("a residual dense layer of %d outputs after a width of %d; they must be equal", d.Out, in)
	}
	return d.Out, nil
}

// rows is one row: the sample itself.
func (d *Dense) rows(in int) rowLayer {
	return rowLayer{rows: 1, row: in, units: d.Out, bias: d.Bias, act: d.Act, skip: d.Skip}
}

// A Map is a function ψ of one sample without parameters, given with its first
// and second derivatives. A user adds one by implementing the methods. They are
// called by many goroutines at once.
//
// Maps before the first layer with parameters are preprocessing. Maps after a
// layer with weights and without Skip become part of its stage in the chain;
// elsewhere a map is a stage of its own, a system.BlockStage with no parameters.
type Map interface {
	Layer

	// Forward stores ψ(in) in out.
	Forward(out, in []float64)

	// Jacobian stores ∂ψ_i/∂in_j in j[i*len(in)+j], for all of the out×in
	// elements.
	Jacobian(j, in []float64)

	// Second stores Σ_i b_i ∂²ψ_i/∂in_j∂in_k in q[j*len(in)+k], both triangles.
	Second(q, in, b []float64)
}

// Puller is implemented by maps that can multiply by the transpose of their
// Jacobian faster than by forming it. It is used where only gradients are
// wanted.
type Puller interface {
	// Pull stores Jᵀb, with J the Jacobian at in, in dst.
	Pull(dst, in, b []float64)
}

// A BlockLayer is a layer that gives its derivatives as matrices over the
// whole batch: the paper's D_x, D_z, D_xx, D_xz and D_zz. It may have
// parameters, may mix samples, and needs no structure. A user adds one by
// implementing the methods. They are called by many goroutines at once.
//
// A network with a BlockLayer is evaluated on a whole batch at once, never in
// parts.
type BlockLayer interface {
	Layer

	// Params returns the number of parameters for in inputs a sample.
	Params(in int) int

	// Forward stores the outputs for a batch: batch×out numbers from batch×in.
	Forward(out, params, in []float64, batch int)

	// Blocks stores the layer's derivatives at params and in: F = ∂out/∂in and
	// G = ∂out/∂params, and if second is true, with b = ∂ℓ/∂out,
	//
	//	A = Σ_i b_i ∂²out_i/∂params²,  C = Σ_i b_i ∂²out_i/∂params∂in,  Q = Σ_i b_i ∂²out_i/∂in²
	//
	// as batch-wide matrices (see system.BlockStage), each of them nil if it is
	// zero. dst.P, dst.NIn and dst.NOut are set already. dst may hold the
	// matrices of an earlier call of the same shape, whose storage may be used
	// again. If second is false A, C and Q are not looked at. F, C and Q are
	// dropped where the layer is the first with parameters.
	Blocks(dst *system.BlockStage, params, in, b []float64, batch int, second bool)
}

// Initializer is implemented by a BlockLayer that chooses its own first
// parameters; others begin with zeros.
type Initializer interface {
	// Init stores initial parameters, using only the random numbers of normal,
	// which returns independent standard normal ones.
	Init(params []float64, normal func() float64)
}
