package netspec

import (
	"errors"

	"costate/nn"
)

// errShape is the error of a layer that is asked for its width before its shape: nn.New
// does not.
var errShape = errors.New("the layer takes its sizes from the one before")

// norm is a layer norm of each position of its inputs, where they have some.
type norm struct{}

func (norm) OutWidth(int) (int, error) { return 0, errShape }

// Arrange implements nn.Shaped.
func (norm) Arrange(in nn.Shape) (nn.Layer, nn.Shape, error) {
	return nn.LayerNorm{Tokens: in.Positions()}, in, nil
}

// half is one of the two residual blocks of a block of a transformer.
type half struct {
	heads, hidden int
	act           nn.Activation
	causal        bool
	index         int
}

func (half) OutWidth(int) (int, error) { return 0, errShape }

// Arrange implements nn.Shaped.
func (h half) Arrange(in nn.Shape) (nn.Layer, nn.Shape, error) {
	if in.Positions() == 1 {
		return nil, in, errors.New("a block of a transformer without tokens; they begin with tokens:T,N")
	}
	block := nn.TransformerBlock(in.Positions(), in.Channels, h.heads, h.hidden, h.act)
	r := block[h.index].(*nn.Residual)
	for i, l := range r.Layers {
		if a, ok := l.(nn.Attention); ok {
			a.Causal = h.causal
			r.Layers[i] = a
		}
	}
	return r.Arrange(in)
}
