package nn

import "fmt"

type kind uint8

const (
	denseStep kind = iota // a Dense layer and the maps merged into it
	mapStep               // a Map that is a stage of its own
	blockStep             // a BlockLayer
)

// A step of a plan is a stage of the chain.
type step struct {
	kind    kind
	layer   int // index of its first layer
	in, out int // widths: inputs, and outputs after the merged maps

	// denseStep
	number   int // 1, 2, …: the k of W_k
	units    int // pre-activations
	w, b     int // where W and b begin in the parameters; b is -1 without
	bias     bool
	skip     bool
	act      Activation
	identity bool // act is the identity
	linear   bool // φ″ = 0
	maps     []merged

	m   Map        // mapStep
	blk BlockLayer // blockStep; its parameters begin at w
	np  int        // number of parameters
}

// merged is a map with the widths it has where it stands.
type merged struct {
	m       Map
	in, out int
}

// A plan is the layout of a network: immutable, shared by its clones.
type plan struct {
	inputs  int
	outputs int
	layers  []Layer
	loss    Loss
	pre     []merged // maps before any parameters
	steps   []step
	params  int
	whole   bool // the batch may not be cut in parts
	width   int  // greatest width of a sample anywhere
}

func newPlan(inputs int, loss Loss, layers []Layer) (*plan, error) {
	if inputs < 1 {
		return nil, fmt.Errorf("nn: a network of %d inputs; it needs at least one", inputs)
	}
	p := &plan{inputs: inputs, layers: append([]Layer(nil), layers...), loss: loss, width: inputs}
	width, number := inputs, 0
	for i, l := range p.layers {
		if l == nil {
			return nil, fmt.Errorf("nn: layer %d is nil", i+1)
		}
		out, err := l.OutWidth(width)
		if err != nil {
			return nil, fmt.Errorf("nn: layer %d: %w", i+1, err)
		}
		if out < 1 {
			return nil, fmt.Errorf("nn: layer %d (%T) has %d outputs; it needs at least one", i+1, l, out)
		}
		switch l := l.(type) {
		case *Dense:
			number++
			s := step{kind: denseStep, layer: i, in: width, out: out, number: number, units: out,
				w: p.params, b: -1, bias: l.Bias, skip: l.Skip, act: l.Act, np: out * width}
			if s.act == nil {
				s.act = Identity
			}
			s.identity = isIdentity(s.act)
			s.linear = isPiecewiseLinear(s.act)
			if l.Bias {
				s.b = p.params + s.np
				s.np += out
			}
			p.params += s.np
			p.steps = append(p.steps, s)
		case BlockLayer:
			np := l.Params(width)
			if np < 0 {
				return nil, fmt.Errorf("nn: layer %d (%T) has %d parameters", i+1, l, np)
			}
			p.steps = append(p.steps, step{kind: blockStep, layer: i, in: width, out: out, w: p.params, b: -1, blk: l, np: np})
			p.params += np
			p.whole = true
		case Map:
			m := merged{l, width, out}
			last := len(p.steps) - 1
			switch {
			case last < 0:
				p.pre = append(p.pre, m)
			case p.steps[last].kind == denseStep && !p.steps[last].skip:
				p.steps[last].maps = append(p.steps[last].maps, m)
				p.steps[last].out = out
			default:
				p.steps = append(p.steps, step{kind: mapStep, layer: i, in: width, out: out, b: -1, m: l})
			}
		default:
			return nil, fmt.Errorf("nn: layer %d (%T) is neither a *Dense nor a Map nor a BlockLayer", i+1, l)
		}
		width = out
		p.width = max(p.width, width)
	}
	if p.params == 0 {
		return nil, fmt.Errorf("nn: a network without parameters")
	}
	p.outputs = width
	return p, nil
}
