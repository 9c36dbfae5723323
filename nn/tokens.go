package nn

import "fmt"

// Tokens is a dense layer that acts on each token of a sample, or on each position, by
// itself and with the same weights: z_t ↦ act(W z_t + b). With Positions there is a
// learned vector for each token besides,
//
//	u_t = W z_t + p_t + b
//
// so that a transformer knows which token is which. Its weights are then [W P] by rows,
// Out×(In+Tokens), with p_t the column t of P, and b last.
type Tokens struct {
	Tokens int // of a sample; 0 takes the positions of the layer before
	In     int // numbers of a token; 0 is what fits
	Out    int // numbers of a token afterwards

	Positions bool
	Bias      bool
	Act       Activation // nil is Identity
}

var (
	_ Shaped   = (*Tokens)(nil)
	_ weighted = (*Tokens)(nil)
)

// Arrange implements Shaped.
func (l *Tokens) Arrange(in Shape) (Layer, Shape, error) {
	d := *l
	if d.Tokens == 0 {
		if in.Positions() == 1 {
			return nil, in, fmt.Errorf("a layer of tokens after %s; set Tokens", in)
		}
		d.Tokens = in.Positions()
	}
	if d.In == 0 && d.Tokens > 0 {
		d.In = in.Size() / d.Tokens
	}
	if _, err := d.OutWidth(in.Size()); err != nil {
		return nil, in, err
	}
	return &d, in.at(d.Tokens, d.Out), nil
}

// OutWidth implements Layer.
func (l *Tokens) OutWidth(in int) (int, error) {
	switch {
	case l.Out < 1:
		return 0, fmt.Errorf("a layer of tokens with Out = %d; it needs at least one output", l.Out)
	case l.Tokens < 1 || l.In < 1 || in%l.Tokens != 0 || in/l.Tokens != l.In:
		return 0, fmt.Errorf("a layer of %d tokens of %d numbers after a width of %d", l.Tokens, l.In, in)
	}
	if l.Positions {
		if err := tooManyRows(l.Tokens, l.In+l.Tokens); err != nil {
			return 0, err
		}
	}
	if err := tooManyRows(l.Tokens, l.Out); err != nil {
		return 0, err
	}
	return l.Tokens * l.Out, nil
}

func (l *Tokens) rows(int) rowLayer {
	r := rowLayer{rows: l.Tokens, row: l.In, units: l.Out, bias: l.Bias, act: l.Act}
	if !l.Positions {
		return r
	}
	r.row, r.fan = l.In+l.Tokens, l.In+1 // one of the positions
	for t := range l.Tokens {
		for i := range l.In {
			r.index = append(r.index, t*l.In+i)
		}
		for i := range l.Tokens {
			if i == t {
				r.index = append(r.index, always1)
			} else {
				r.index = append(r.index, outside)
			}
		}
	}
	return r
}
