package nn

import "fmt"

// Residual is a block of layers with a skip around all of them: z ↦ z + f(z), where f is
// the Layers one after the other. They may be any, other residual blocks too; together
// they keep the width. What is carried around them costs the chain as many states as it
// has numbers.
//
// Source: K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image
// recognition, arXiv:1512.03385, section 3.
type Residual struct {
	Layers []Layer
}

var _ Shaped = (*Residual)(nil)

// OutWidth implements Layer. Layers within that take their shape from the one before
// have to be arranged before.
func (r *Residual) OutWidth(in int) (int, error) {
	if len(r.Layers) == 0 {
		return 0, fmt.Errorf("a residual block without layers")
	}
	width := in
	for i, l := range r.Layers {
		if l == nil {
			return 0, fmt.Errorf("a residual block whose layer %d is nil", i+1)
		}
		out, err := l.OutWidth(width)
		if err != nil {
			return 0, fmt.Errorf("in layer %d of a residual block: %w", i+1, err)
		}
		width = out
	}
	if width != in {
		return 0, fmt.Errorf("a residual block of %d inputs whose layers give %d outputs; they must be equal", in, width)
	}
	return in, nil
}

// Arrange implements Shaped: it arranges the layers within.
func (r *Residual) Arrange(in Shape) (Layer, Shape, error) {
	b := &Residual{Layers: make([]Layer, len(r.Layers))}
	shape := in
	for i, l := range r.Layers {
		if l == nil {
			return nil, in, fmt.Errorf("a residual block whose layer %d is nil", i+1)
		}
		var err error
		if b.Layers[i], shape, err = arrange(l, shape); err != nil {
			return nil, in, fmt.Errorf("in layer %d of a residual block: %w", i+1, err)
		}
	}
	if _, err := b.OutWidth(in.Size()); err != nil {
		return nil, in, err
	}
	return b, in, nil
}

// arrange returns l with its sizes filled in and the shape of its outputs.
func arrange(l Layer, in Shape) (Layer, Shape, error) {
	if s, ok := l.(Shaped); ok {
		return s.Arrange(in)
	}
	out, err := l.OutWidth(in.Size())
	if err != nil {
		return nil, in, err
	}
	if out < 1 {
		return nil, in, fmt.Errorf("%T has %d outputs; it needs at least one", l, out)
	}
	if _, dense := l.(*Dense); !dense && out == in.Size() {
		return l, in, nil
	}
	return l, flat(out), nil
}

// TransformerBlock returns the layers of one block of a transformer on tokens of width
// numbers: attention of the given number of heads, and a network of two layers with
// hidden units and the activation act for each token. Each of the two is in a residual
// block, behind a layer norm ("pre-norm"):
//
//	z ← z + W_o attention(W_qkv norm(z))      z ← z + W_2 act(W_1 norm(z))
//
// Source: A. Vaswani et al., Attention is all you need, arXiv:1706.03762, section 3; with
// the norms where R. Xiong et al., On layer normalization in the transformer
// architecture, arXiv:2002.04745, section 3, put them.
func TransformerBlock(tokens, width, heads, hidden int, act Activation) []Layer {
	dense := func(out int, act Activation) Layer { return &Tokens{Tokens: tokens, Out: out, Bias: true, Act: act} }
	return []Layer{
		&Residual{[]Layer{LayerNorm{Tokens: tokens}, dense(3*width, nil), Attention{Tokens: tokens, Heads: heads}, dense(width, nil)}},
		&Residual{[]Layer{LayerNorm{Tokens: tokens}, dense(hidden, act), dense(width, nil)}},
	}
}
