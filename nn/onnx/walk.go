package onnx

import (
	"fmt"
	"slices"

	"costate/nn"
	"costate/nn/onnx/internal/onnxpb"
)

// A walk follows a graph from its input to its output.
type walk struct {
	opset     int64
	constants map[string]*tensor
	users     map[string][]*onnxpb.NodeProto // of a value, in order
	used      map[string]bool                // constants that are parameters already
	steps     int                            // nodes passed, to be sure of an end
	nodes     int

	input, output string
	model         Model
	width         int // 0: not known yet
	image         image
	rows          int // numbers that convolutions take from a sample
}

// newWalk finds constants, input and output.
func newWalk(g *onnxpb.GraphProto, opset int64) (*walk, error) {
	w := &walk{opset: opset, constants: map[string]*tensor{}, users: map[string][]*onnxpb.NodeProto{}, used: map[string]bool{}, nodes: len(g.GetNode())}
	w.model.Opset = opset
	for _, t := range g.GetInitializer() {
		c, err := decode(t)
		if err != nil {
			return nil, fmt.Errorf("tensor %.80q: %w", t.GetName(), err)
		}
		w.constants[t.GetName()] = c
	}
	for _, n := range g.GetNode() {
		if n.GetOpType() == "Constant" && len(n.GetOutput()) == 1 {
			c, err := constant(n)
			if err != nil {
				return nil, w.fail(n, "%w", err)
			}
			w.constants[n.GetOutput()[0]] = c
			continue
		}
		if in, out := n.GetInput(), n.GetOutput(); n.GetOpType() == "Identity" && len(in) == 1 && len(out) == 1 && w.constants[in[0]] != nil {
			w.constants[out[0]] = w.constants[in[0]]
			continue
		}
		for i, v := range n.GetInput() {
			if v != "" && !slices.Contains(n.GetInput()[:i], v) {
				w.users[v] = append(w.users[v], n)
			}
		}
	}
	for _, v := range g.GetInput() {
		if w.constants[v.GetName()] != nil {
			continue
		}
		if w.input != "" {
			return nil, fmt.Errorf("more than one input: %.80q and %.80q", w.input, v.GetName())
		}
		w.input = v.GetName()
		w.features(v)
	}
	if w.input == "" || len(g.GetOutput()) != 1 {
		return nil, fmt.Errorf("%d outputs and the input %.80q; one of each is needed", len(g.GetOutput()), w.input)
	}
	w.output = g.GetOutput()[0].GetName()
	return w, nil
}

// constant returns the tensor of a Constant node.
func constant(n *onnxpb.NodeProto) (*tensor, error) {
	for _, a := range n.GetAttribute() {
		switch a.GetName() {
		case "value":
			return decode(a.GetT())
		case "value_float":
			return &tensor{data: []float64{float64(a.GetF())}}, nil
		case "value_int":
			return &tensor{data: []float64{float64(a.GetI())}}, nil
		case "value_ints":
			t := &tensor{shape: []int{len(a.GetInts())}}
			for _, v := range a.GetInts() {
				t.data = append(t.data, float64(v))
			}
			return t, nil
		}
	}
	return nil, fmt.Errorf("a constant without a value that is known")
}

// features takes the shape of the samples of the input, if the file says it.
func (w *walk) features(v *onnxpb.ValueInfoProto) {
	var shape []int
	size := int64(1)
	for i, d := range v.GetType().GetTensorType().GetShape().GetDim() {
		if i == 0 {
			continue
		}
		if d.GetDimValue() < 1 || size > maxSize/d.GetDimValue() {
			return
		}
		size *= d.GetDimValue()
		shape = append(shape, int(d.GetDimValue()))
	}
	if len(shape) > 0 {
		w.width, w.image = int(size), imageOf(shape)
		w.model.Inputs = w.width
	}
}

// fail is an error that names a node.
func (w *walk) fail(n *onnxpb.NodeProto, format string, args ...any) error {
	name := n.GetName()
	if name == "" && len(n.GetOutput()) > 0 {
		name = "to " + n.GetOutput()[0]
	}
	return fmt.Errorf("node %.80q, %.40s of operator set %d: %w", name, n.GetOpType(), w.opset, fmt.Errorf(format, args...))
}

// run follows the values to the output.
func (w *walk) run() (*Model, error) {
	value := w.input
	for value != w.output || len(w.users[value]) > 0 {
		if w.steps++; w.steps > w.nodes+1 {
			return nil, fmt.Errorf("the graph goes in a circle at %.80q", value)
		}
		var err error
		users := w.users[value]
		switch len(users) {
		case 0:
			return nil, fmt.Errorf("the value %.80q leads nowhere", value)
		case 1:
			value, err = w.node(users[0], value)
		default:
			value, err = w.branch(users, value)
		}
		if err != nil {
			return nil, err
		}
	}
	w.byChannel()
	m := &w.model
	if len(m.Layers) == 0 {
		return nil, fmt.Errorf("a graph without layers")
	}
	if m.Inputs == 0 {
		m.Inputs = w.width
	}
	return m, nil
}

// add takes a layer that does not change the width.
func (w *walk) add(l nn.Layer) { w.model.Layers = append(w.model.Layers, l) }

// setWidth says how many units come, which must be those that are known of.
func (w *walk) setWidth(n *onnxpb.NodeProto, width int) error {
	if w.width != 0 && w.width != width {
		return w.fail(n, "it takes %d units, but %d come", width, w.width)
	}
	w.width = width
	if w.model.Inputs == 0 {
		w.model.Inputs = width
	}
	return nil
}

// parameter returns a constant that becomes parameters, which it may only once.
func (w *walk) parameter(n *onnxpb.NodeProto, name string) (*tensor, error) {
	t := w.constants[name]
	if t == nil {
		return nil, w.fail(n, "%.80q is no constant", name)
	}
	if w.used[name] {
		return nil, w.fail(n, "%.80q is used twice; shared weights are not known", name)
	}
	w.used[name] = true
	return t, nil
}
