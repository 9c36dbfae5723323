package onnx

import (
	"math"
	"slices"

	"costate/nn"
	"costate/nn/onnx/internal/onnxpb"
)

// attribute returns a float of a node, or the default.
func attribute(n *onnxpb.NodeProto, name string, usual float64) float64 {
	for _, a := range n.GetAttribute() {
		if a.GetName() == name {
			return float64(a.GetF())
		}
	}
	return usual
}

// integer returns an integer of a node, or the default.
func integer(n *onnxpb.NodeProto, name string, usual int64) int64 {
	for _, a := range n.GetAttribute() {
		if a.GetName() == name {
			return a.GetI()
		}
	}
	return usual
}

// activation returns the activation of a node, nil if it is none.
func activation(n *onnxpb.NodeProto) nn.Activation {
	switch n.GetOpType() {
	case "Tanh":
		return nn.Tanh
	case "Relu":
		return nn.ReLU
	case "Sigmoid":
		return nn.Sigmoid
	case "Softplus":
		return nn.Softplus
	case "LeakyRelu":
		return nn.LeakyReLUSlope(exact(attribute(n, "alpha", 0.01)))
	case "Elu":
		return nn.ELUAlpha(exact(attribute(n, "alpha", 1)))
	case "Gelu":
		for _, a := range n.GetAttribute() {
			if a.GetName() == "approximate" && string(a.GetS()) == "tanh" {
				return nn.GELUTanh
			}
		}
		return nn.GELU
	}
	return nil
}

// exact returns the decimal number of a few digits that a float32 attribute stands
// for, as 0.01 for what is nearest to it.
func exact(x float64) float64 {
	if r := math.Round(x*1e6) / 1e6; float32(r) == float32(x) {
		return r
	}
	return x
}

// node takes a node that is the only one that uses a value, and returns the value
// that it makes.
func (w *walk) node(n *onnxpb.NodeProto, value string) (string, error) {
	if n.GetDomain() != "" && n.GetDomain() != "ai.onnx" {
		return "", w.fail(n, "an operator of the domain %.40q, which is not known", n.GetDomain())
	}
	if len(n.GetOutput()) == 0 || n.GetOutput()[0] == "" {
		return "", w.fail(n, "it has no output")
	}
	out := n.GetOutput()[0]
	if a := activation(n); a != nil {
		w.activate(a)
		return out, nil
	}
	switch n.GetOpType() {
	case "Identity", "Dropout":
		return out, nil
	case "Flatten":
		if axis := integer(n, "axis", 1); axis != 1 {
			return "", w.fail(n, "axis %d; only 1, all but the samples, is known", axis)
		}
		w.units()
		return out, nil
	case "Pad": // torch writes one of nothing before an average
		if in := n.GetInput(); len(in) < 2 || w.constants[in[1]] == nil || slices.ContainsFunc(w.constants[in[1]].data, func(v float64) bool { return v != 0 }) {
			return "", w.fail(n, "only one of nothing is known; convolutions have pads of their own")
		}
		return out, nil
	case "Reshape":
		return out, w.reshape(n)
	case "Conv":
		return out, w.conv(n, value)
	case "AveragePool":
		return out, w.pool(n)
	case "GlobalAveragePool":
		return out, w.mean(n)
	case "Gemm", "MatMul":
		d, end, err := w.dense(n, value)
		if err != nil {
			return "", err
		}
		w.add(d)
		return end, nil
	case "Add", "Sub", "Mul", "Div":
		return out, w.shift(n, value)
	case "LayerNormalization":
		return out, w.layerNorm(n, value)
	case "Softmax", "LogSoftmax":
		return "", w.fail(n, "it belongs to the loss; export the network without it")
	}
	return "", w.fail(n, "the operator is not known; Gemm, MatMul, Conv, AveragePool, GlobalAveragePool, Add, Sub, Mul, Div, Tanh, Relu, Sigmoid, Softplus, LeakyRelu, Elu, Gelu, LayerNormalization, Flatten, Reshape, Identity and Dropout are")
}

// activate gives the last layer with weights an activation, or makes one a layer.
func (w *walk) activate(a nn.Activation) {
	if len(w.model.Layers) > 0 {
		switch l := w.model.Layers[len(w.model.Layers)-1].(type) {
		case *nn.Dense:
			if l.Act == nil && !l.Skip {
				l.Act = a
				return
			}
		case *nn.Conv2D:
			if l.Act == nil {
				l.Act = a
				return
			}
		}
	}
	w.add(nn.Elementwise{Act: a})
}

// dense reads a Gemm, or a MatMul with the Add that follows, and takes its
// parameters. It returns the value that the layer makes.
func (w *walk) dense(n *onnxpb.NodeProto, value string) (*nn.Dense, string, error) {
	in := n.GetInput()
	if len(in) < 2 || in[0] != value || len(n.GetOutput()) == 0 {
		return nil, "", w.fail(n, "the weights must come second")
	}
	if w.image.channels*w.image.height > 1 {
		return nil, "", w.fail(n, "samples of %s; a Flatten must make them units before", w.image.shape())
	}
	w.units()
	weights, err := w.parameter(n, in[1])
	if err != nil {
		return nil, "", err
	}
	if len(weights.shape) != 2 || len(weights.data) == 0 {
		return nil, "", w.fail(n, "weights of the shape %v; they must be a matrix", weights.shape)
	}
	end := n.GetOutput()[0]
	bias, alpha, beta := "", 1.0, 1.0
	if n.GetOpType() == "Gemm" {
		if integer(n, "transA", 0) != 0 {
			return nil, "", w.fail(n, "transA must be 0: samples are rows")
		}
		alpha, beta = attribute(n, "alpha", 1), attribute(n, "beta", 1)
		if math.IsNaN(alpha*beta) || math.IsInf(alpha*beta, 0) {
			return nil, "", w.fail(n, "alpha is %g and beta %g", alpha, beta)
		}
		if integer(n, "transB", 0) == 0 {
			weights = weights.transposed()
		}
		if len(in) > 2 {
			bias = in[2]
		}
	} else {
		weights = weights.transposed()
		bias, end = w.added(end, weights.shape[0])
	}
	d := &nn.Dense{Out: weights.shape[0], In: weights.shape[1]}
	if err := w.setWidth(n, d.In); err != nil {
		return nil, "", err
	}
	w.model.Params = append(w.model.Params, weights.times(alpha)...)
	if bias != "" && beta != 0 {
		b, err := w.parameter(n, bias)
		if err != nil {
			return nil, "", err
		}
		if !b.broadcasts(d.Out) || len(b.data) != d.Out {
			return nil, "", w.fail(n, "a bias of the shape %v for %d units", b.shape, d.Out)
		}
		d.Bias = true
		w.model.Params = append(w.model.Params, b.times(beta)...)
	}
	w.width = d.Out
	return d, end, nil
}

// added returns the vector that is added to a product of so many units, its bias, and the
// value of the sum; without one "" and the product.
func (w *walk) added(product string, units int) (bias, sum string) {
	next := w.users[product]
	if len(next) != 1 || next[0].GetOpType() != "Add" || product == w.output || len(next[0].GetInput()) != 2 || len(next[0].GetOutput()) != 1 {
		return "", product
	}
	other := next[0].GetInput()[0]
	if other == product {
		other = next[0].GetInput()[1]
	}
	if c := w.constants[other]; c != nil && len(c.data) == units && c.broadcasts(units) {
		return other, next[0].GetOutput()[0]
	}
	return "", product
}

// shift takes an operation with a constant as a fixed map.
func (w *walk) shift(n *onnxpb.NodeProto, value string) error {
	in := n.GetInput()
	if len(in) != 2 {
		return w.fail(n, "%d operands", len(in))
	}
	first := in[0] == value
	other := in[0]
	if first {
		other = in[1]
	}
	c := w.constants[other]
	if c == nil {
		return w.fail(n, "it joins two values; only sums with the block that they go around are known")
	}
	if w.width == 0 {
		if len(c.data) == 1 {
			return w.fail(n, "how many inputs there are is not known here; give the input a shape")
		}
		if err := w.setWidth(n, len(c.data)); err != nil {
			return err
		}
	}
	div, err := w.spread(c)
	if err != nil {
		return w.fail(n, "%w", err)
	}
	f := &fixed{width: w.width, by: c.data, div: div}
	switch op := n.GetOpType(); {
	case op == "Add":
		f.op = plus
	case op == "Mul":
		f.op = times
	case op == "Sub" && first:
		f.op = minus
	case op == "Sub":
		f.op = from
	case !first:
		return w.fail(n, "a constant divided by a value is not known")
	case slices.Contains(c.data, 0):
		return w.fail(n, "a division by 0")
	default:
		f.op = over
	}
	w.add(f)
	return nil
}

// layerNorm takes a layer norm with its learned scale.
func (w *walk) layerNorm(n *onnxpb.NodeProto, value string) error {
	in := n.GetInput()
	if len(in) != 3 || in[0] != value {
		return w.fail(n, "it needs a scale and a shift")
	}
	if axis := integer(n, "axis", -1); axis != -1 && axis != 1 {
		return w.fail(n, "axis %d; it must be the units of a sample", axis)
	}
	eps := exact(attribute(n, "epsilon", 1e-5))
	if !(eps > 0) {
		return w.fail(n, "epsilon is %g; it must be positive", eps)
	}
	w.byChannel()
	scale, err := w.parameter(n, in[1])
	if err != nil {
		return err
	}
	shift, err := w.parameter(n, in[2])
	if err != nil {
		return err
	}
	if len(scale.data) == 0 || len(shift.data) != len(scale.data) {
		return w.fail(n, "a scale of %d and a shift of %d units", len(scale.data), len(shift.data))
	}
	if err := w.setWidth(n, len(scale.data)); err != nil {
		return err
	}
	w.add(nn.LayerNorm{Eps: eps})
	w.add(nn.Scale{})
	w.model.Params = append(append(w.model.Params, scale.data...), shift.data...)
	return nil
}
