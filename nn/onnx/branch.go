package onnx

import (
	"math"
	"slices"

	"costate/nn"
	"costate/nn/onnx/internal/onnxpb"
)

// branch takes nodes that use the same value: the forms of activations that have no
// operator of their own, and residual layers. It returns the value that they make.
func (w *walk) branch(users []*onnxpb.NodeProto, value string) (string, error) {
	if len(users) == 2 {
		for i, a := range users {
			b := users[1-i]
			if out, ok := w.silu(a, b, value); ok {
				w.activate(nn.SiLU)
				return out, nil
			}
			if out, ok := w.gelu(a, b, value); ok {
				w.activate(nn.GELU)
				return out, nil
			}
			if b.GetOpType() == "Add" && (a.GetOpType() == "Gemm" || a.GetOpType() == "MatMul") {
				return w.residual(a, b, value)
			}
		}
	}
	return "", w.fail(users[0], "%d nodes use the value %.80q; only a chain of layers is known, with residual layers, x·Sigmoid(x) and GELU by Erf", len(users), value)
}

// next returns the value that a node makes of a value, if it is of the operator and
// has no other use than by one node.
func (w *walk) next(n *onnxpb.NodeProto, op string) (string, bool) {
	if n.GetOpType() != op || len(n.GetOutput()) != 1 {
		return "", false
	}
	return n.GetOutput()[0], true
}

// only returns the one node that uses a value.
func (w *walk) only(value string) *onnxpb.NodeProto {
	if u := w.users[value]; len(u) == 1 {
		return u[0]
	}
	return nil
}

// operands reports whether a node has exactly two operands, in any order.
func operands(n *onnxpb.NodeProto, a, b string) bool {
	return len(n.GetInput()) == 2 && (slices.Equal(n.GetInput(), []string{a, b}) || slices.Equal(n.GetInput(), []string{b, a}))
}

// silu recognizes b = value · Sigmoid(value), with a the Sigmoid.
func (w *walk) silu(a, b *onnxpb.NodeProto, value string) (string, bool) {
	s, ok := w.next(a, "Sigmoid")
	out, ok2 := w.next(b, "Mul")
	return out, ok && ok2 && w.only(s) == b && operands(b, value, s)
}

// by returns the constant that a node combines a value with.
func (w *walk) by(n *onnxpb.NodeProto, value string) (float64, bool) {
	in := n.GetInput()
	if len(in) != 2 {
		return 0, false
	}
	other := in[0]
	if other == value {
		other = in[1]
	}
	return w.constants[other].scalar()
}

// near reports whether two constants are equal but for the rounding of float32.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Abs(b) }

// gelu recognizes b = value · (1 + Erf(value/√2)) and the ½ that follows, with a the
// division.
func (w *walk) gelu(a, b *onnxpb.NodeProto, value string) (string, bool) {
	c, ok := w.by(a, value)
	scaled, isDiv := w.next(a, "Div")
	if !isDiv {
		var isMul bool
		if scaled, isMul = w.next(a, "Mul"); !isMul || !near(c, 1/math.Sqrt2) {
			return "", false
		}
	} else if !near(c, math.Sqrt2) || a.GetInput()[0] != value {
		return "", false
	}
	erfNode := w.only(scaled)
	erf, ok2 := w.next(erfNode, "Erf")
	addNode := w.only(erf)
	one, ok3 := w.by(addNode, erf)
	sum, ok4 := w.next(addNode, "Add")
	if !ok || !ok2 || !ok3 || !ok4 || one != 1 || w.only(sum) != b || !operands(b, value, sum) {
		return "", false
	}
	product, ok := w.next(b, "Mul")
	halfNode := w.only(product)
	half, ok2 := w.by(halfNode, product)
	out, ok3 := w.next(halfNode, "Mul")
	return out, ok && ok2 && ok3 && half == 0.5
}

// residual takes value + act(dense(value)): a the product, b the sum.
func (w *walk) residual(a, b *onnxpb.NodeProto, value string) (string, error) {
	d, end, err := w.dense(a, value)
	if err != nil {
		return "", err
	}
	d.Skip = true
	if n := w.only(end); n != nil && n != b {
		act := activation(n)
		if act == nil || len(n.GetOutput()) != 1 {
			return "", w.fail(n, "in a residual layer only an activation may follow the product")
		}
		d.Act, end = act, n.GetOutput()[0]
	}
	if d.In != d.Out {
		return "", w.fail(a, "a residual layer from %d to %d units; they must be as many", d.In, d.Out)
	}
	out, ok := w.next(b, "Add")
	if w.only(end) != b || !operands(b, value, end) || !ok {
		return "", w.fail(b, "it is not the sum of a value and a layer of it")
	}
	w.add(d)
	return out, nil
}
