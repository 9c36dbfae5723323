package nn

import "fmt"

// A planner lays out a plan, layer by layer.
type planner struct {
	*plan
	front   int   // numbers of the state in front
	carried []int // those behind, the outermost residual block first
	fresh   int   // residual blocks that have just begun: copies of the front not made yet
	path    []int // of the layer in hand
}

// rest is how many numbers are carried.
func (b *planner) rest() int {
	n := 0
	for _, c := range b.carried {
		n += c
	}
	return n
}

func newPlan(inputs int, loss Loss, layers []Layer) (*plan, error) {
	if inputs < 1 {
		return nil, fmt.Errorf("nn: a network of %d inputs; it needs at least one", inputs)
	}
	p := &plan{inputs: inputs, loss: loss, width: inputs}
	b := &planner{plan: p, front: inputs}
	shape := flat(inputs)
	for i, l := range layers {
		if l == nil {
			return nil, fmt.Errorf("nn: layer %d is nil", i+1)
		}
		l, next, err := arrange(l, shape)
		if err != nil {
			return nil, fmt.Errorf("nn: layer %d: %w", i+1, err)
		}
		shape = next
		p.layers = append(p.layers, l)
		b.path = []int{i}
		if err := b.add(l); err != nil {
			return nil, fmt.Errorf("nn: layer %d%w", i+1, err)
		}
	}
	if p.params == 0 {
		return nil, fmt.Errorf("nn: a network without parameters")
	}
	if p.lengths && p.tokens == 0 {
		return nil, fmt.Errorf("nn: a network with lengths of sequences and no layer that needs them, as attention and means do")
	}
	for k := range p.steps {
		p.steps[k].cutTail()
	}
	p.outputs, p.targets = b.front, b.front
	if t, ok := loss.(TargetLoss); ok {
		var err error
		if p.targets, err = t.Targets(p.outputs); err != nil {
			return nil, fmt.Errorf("nn: loss %s: %w", loss.Name(), err)
		}
	}
	return p, nil
}

// add appends a layer, whose sizes are filled in.
func (b *planner) add(l Layer) error {
	switch l := l.(type) {
	case *Residual:
		return b.residual(l.Layers, b.path)
	case *Dense:
		if l.Skip && (b.fresh > 0 || len(b.carried) > 0) {
			plain := *l
			plain.Skip = false
			first := b.begin()
			if err := b.weighted(&plain); err != nil {
				return err
			}
			b.end(first)
			return nil
		}
		return b.weighted(l)
	case weighted:
		return b.weighted(l)
	case BlockLayer:
		return b.block(l)
	case Map:
		out, err := l.OutWidth(b.front)
		if err != nil {
			return fmt.Errorf(": %w", err)
		}
		b.copies(0)
		o, err := b.masked(l, op{kind: mapOp, m: l, in: b.front, out: out, rest: b.rest()})
		if err != nil {
			return err
		}
		b.op(o)
		b.front = out
		return nil
	}
	return fmt.Errorf(" (%T) is neither a *Dense nor a Map nor a BlockLayer", l)
}

// residual appends the layers of a residual block, which is at path.
func (b *planner) residual(layers []Layer, path []int) error {
	first := b.begin()
	for i, l := range layers {
		b.path = append(append([]int(nil), path...), i)
		if err := b.add(l); err != nil {
			return err
		}
	}
	b.path = path
	b.end(first)
	return nil
}

// begin begins a residual block; end wants what it returns.
func (b *planner) begin() (first int) {
	b.fresh++
	return len(b.steps)
}

// end ends a residual block.
func (b *planner) end(first int) {
	b.copies(0)
	n := len(b.carried) - 1
	b.carried = b.carried[:n]
	b.op(op{kind: addOp, in: b.front, out: b.front, rest: b.rest()})
	if last := len(b.steps) - 1; last >= first && b.steps[last].kind == denseStep {
		b.steps[last].branch = true
	}
}

// copies makes the copies that are due for residual blocks that have begun, but for so
// many: a layer with weights can keep its inputs itself.
func (b *planner) copies(but int) {
	for ; b.fresh > but; b.fresh-- {
		b.op(op{kind: pushOp, in: b.front, out: b.front, rest: b.rest()})
		b.carried = append(b.carried, b.front)
	}
}

// op appends an op: to the layer with weights before it if that has no Skip of its own,
// whose stage it then is a part of.
func (b *planner) op(o op) {
	p := b.plan
	last := len(p.steps) - 1
	switch {
	case last < 0:
		p.pre = append(p.pre, o)
		p.preAt = append(p.preAt, pathName(b.path))
	case p.steps[last].kind == denseStep && !p.steps[last].skip:
		s := &p.steps[last]
		s.ops = append(s.ops, o)
		s.out = o.after()
	default:
		p.steps = append(p.steps, step{kind: mapStep, path: b.path, in: o.before(), out: o.after(), b: -1, op: o})
	}
	p.width = max(p.width, o.before(), o.after())
}

// weighted appends a layer with a weight matrix.
func (b *planner) weighted(l weighted) error {
	p := b.plan
	b.copies(1)
	s := step{kind: denseStep, path: b.path, in: b.front + b.rest(), number: 1, rowLayer: l.rows(b.front), w: p.params, b: -1}
	for k := range p.steps {
		if p.steps[k].kind == denseStep {
			s.number++
		}
	}
	s.keep = b.rest()
	if b.fresh > 0 {
		s.keep = s.in
		b.carried = append(b.carried, b.front)
		b.fresh = 0
	}
	if s.act == nil {
		s.act = Identity
	}
	s.identity, s.flat = isIdentity(s.act), isPiecewiseLinear(s.act)
	if s.in != b.front {
		s.selectFirst()
	}
	if s.index != nil {
		s.gather = gatherMatrix(s.index, s.in)
		p.rowsMax = max(p.rowsMax, len(s.index))
	}
	p.keeps = p.keeps || s.keep > 0
	s.np = s.weightCount()
	if s.bias {
		s.b = p.params + s.np
		s.np += s.units
	}
	p.params += s.np
	b.front = s.pre()
	s.out = s.pre() + s.keep
	p.steps = append(p.steps, s)
	p.width = max(p.width, s.out)
	return nil
}

// block appends a BlockLayer.
func (b *planner) block(l BlockLayer) error {
	p := b.plan
	b.copies(0)
	np := l.Params(b.front)
	if np < 0 {
		return fmt.Errorf(" (%T) has %d parameters", l, np)
	}
	out, err := l.OutWidth(b.front)
	if err != nil {
		return fmt.Errorf(": %w", err)
	}
	rest := b.rest()
	p.steps = append(p.steps, step{kind: blockStep, path: b.path, in: b.front + rest, out: out + rest, w: p.params, b: -1, blk: l, np: np,
		front: b.front, behind: out, rest: rest})
	p.params += np
	p.whole = true
	b.front = out
	p.width = max(p.width, out+rest)
	return nil
}
