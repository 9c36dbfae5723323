package onnx

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"costate/nn"
	"costate/nn/onnx/internal/onnxpb"
)

var exports = []string{"controller", "exported", "images", "sequence"}

// Networks that torch wrote give torch's outputs, to the rounding of float32.
func TestExported(t *testing.T) {
	for _, name := range exports {
		m, err := Read("testdata/" + name + ".onnx")
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			X, Outputs [][]float64
			Parameters int
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		net, err := m.Network(nn.SquaredError)
		if err != nil {
			t.Fatal(err)
		}
		if net.NumParams() != want.Parameters {
			t.Errorf("%s: %d parameters, torch has %d", name, net.NumParams(), want.Parameters)
		}
		check(t, name, net, slices.Concat(want.X...), slices.Concat(want.Outputs...), len(want.X), 1e-5)
	}
}

func check(t *testing.T, name string, net *nn.Network, x, want []float64, batch int, tol float64) {
	t.Helper()
	got := make([]float64, batch*net.Outputs())
	if err := net.Predict(got, x, batch, nil); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > tol*(1+math.Abs(want[i])) {
			t.Errorf("%s: output %d is %v, want %v", name, i, got[i], want[i])
		}
	}
}

func doubles(name string, x []float64, dims ...int64) *onnxpb.TensorProto {
	return &onnxpb.TensorProto{Name: name, Dims: dims, DataType: typeDouble, DoubleData: x}
}

func node(op, in, out string, attributes ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{OpType: op, Name: op + " of " + out, Input: strings.Fields(in), Output: strings.Fields(out), Attribute: attributes}
}

// model makes a file of a graph from x to y.
func model(nodes []*onnxpb.NodeProto, constants ...*onnxpb.TensorProto) []byte {
	raw, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: 8, OpsetImport: []*onnxpb.OperatorSetIdProto{{Version: 17}},
		Graph: &onnxpb.GraphProto{Node: nodes, Initializer: constants,
			Input:  []*onnxpb.ValueInfoProto{{Name: "x"}},
			Output: []*onnxpb.ValueInfoProto{{Name: "y"}}}})
	if err != nil {
		panic(err)
	}
	return raw
}

// shaped is model for samples of a shape.
func shaped(dims []int64, nodes []*onnxpb.NodeProto, constants ...*onnxpb.TensorProto) []byte {
	var file onnxpb.ModelProto
	if err := proto.Unmarshal(model(nodes, constants...), &file); err != nil {
		panic(err)
	}
	shape := &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{{DimParam: "n"}}}
	for _, d := range dims {
		shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{DimValue: d})
	}
	file.Graph.Input[0].Type = &onnxpb.TypeProto{TensorType: &onnxpb.TypeProto_Tensor{Shape: shape}}
	raw, err := proto.Marshal(&file)
	if err != nil {
		panic(err)
	}
	return raw
}

func list(name string, v ...int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: name, Ints: v}
}

func number(name string, v int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: name, I: v}
}

func one(t *testing.T, raw []byte) *nn.Network {
	t.Helper()
	m, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	net, err := m.Network(nn.SquaredError)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func TestForms(t *testing.T) {
	w := doubles("w", []float64{1, 2, 3, 4, 5, 6}, 2, 3) // x·w: 2 inputs, 3 outputs
	wt := doubles("w", []float64{1, 4, 2, 5, 3, 6}, 3, 2)
	b := doubles("b", []float64{0.5, -0.5, 1}, 3)
	x := []float64{1, -1}
	for _, c := range []struct {
		name  string
		raw   []byte
		want  []float64
		count int
	}{
		{"Gemm", model([]*onnxpb.NodeProto{node("Gemm", "x w b", "y")}, w, b), []float64{-2.5, -3.5, -2}, 9},
		{"Gemm, transposed", model([]*onnxpb.NodeProto{node("Gemm", "x w", "y", &onnxpb.AttributeProto{Name: "transB", I: 1})}, wt), []float64{-3, -3, -3}, 6},
		{"Gemm, alpha and beta", model([]*onnxpb.NodeProto{node("Gemm", "x w b", "y", &onnxpb.AttributeProto{Name: "alpha", F: 0.5}, &onnxpb.AttributeProto{Name: "beta", F: -2})}, w, b), []float64{-2.5, -0.5, -3.5}, 9},
		{"Gemm, beta of 0", model([]*onnxpb.NodeProto{node("Gemm", "x w b", "y", &onnxpb.AttributeProto{Name: "beta", F: 0})}, w, b), []float64{-3, -3, -3}, 6},
		{"MatMul and Add", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("Add", "b u", "y")}, w, b), []float64{-2.5, -3.5, -2}, 9},
		{"Sub and Div", model([]*onnxpb.NodeProto{node("Sub", "x c", "u"), node("Div", "u d", "v"), node("MatMul", "v w", "y")}, w, doubles("c", []float64{1, 1}, 2), doubles("d", []float64{2}, 1)), []float64{-4, -5, -6}, 6},
		{"Sub from, Mul", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("Sub", "b u", "v"), node("Mul", "v v2", "y")}, w, b, doubles("v2", []float64{2}, 1)), []float64{7, 5, 8}, 6},
		{"LayerNormalization", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("Add", "u d", "v"), node("LayerNormalization", "v s b", "y", &onnxpb.AttributeProto{Name: "epsilon", F: 0.5})}, w, b, doubles("d", []float64{3, 3, 6}, 3), doubles("s", []float64{1, 2, 3}, 3)),
			[]float64{0.5 - 1/math.Sqrt(2.5), -0.5 - 2/math.Sqrt(2.5), 1 + 6/math.Sqrt(2.5)}, 15},
		{"residual", model([]*onnxpb.NodeProto{node("MatMul", "x r", "u"), node("Relu", "u", "v"), node("Add", "x v", "y")}, doubles("r", []float64{1, 0, 0, 1}, 2, 2)), []float64{2, -1}, 4},
		{"Constant", model([]*onnxpb.NodeProto{node("Constant", "", "k", &onnxpb.AttributeProto{Name: "value", T: w}), node("Identity", "k", "w"), node("Flatten", "x", "z"), node("MatMul", "z w", "y")}), []float64{-3, -3, -3}, 6},
	} {
		net := one(t, c.raw)
		if net.NumParams() != c.count {
			t.Errorf("%s: %d parameters, want %d", c.name, net.NumParams(), c.count)
		}
		check(t, c.name, net, x, c.want, 1, 1e-12)
	}
}

// Values worked out by hand. Samples are two channels of two rows and three columns:
//
//	1 2 3    7 8 9
//	4 5 6    0 1 2
func TestImages(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2}
	image, sequence := []int64{2, 2, 3}, []int64{2, 6}
	ones := doubles("w", []float64{1, 1, 1, 1, 1, 1, 1, 1}, 1, 2, 2, 2)
	edge := doubles("w", []float64{1, -1, 10, 0}, 1, 2, 1, 2) // the difference to the right, and tens
	each := doubles("w", []float64{1, 2, 3}, 3, 1, 1, 1)
	c := doubles("c", []float64{1, 2}, 1, 2, 1, 1)
	for _, k := range []struct {
		name  string
		raw   []byte
		want  []float64
		count int
	}{
		{"ones", shaped(image, []*onnxpb.NodeProto{node("Conv", "x w", "y")}, ones), []float64{28, 36}, 8},
		{"columns", shaped(image, []*onnxpb.NodeProto{node("Conv", "x w", "y", list("kernel_shape", 1, 2))}, edge), []float64{69, 79, -1, 9}, 4},
		{"columns, bias, padding", shaped(image, []*onnxpb.NodeProto{node("Conv", "x w b", "y", list("pads", 0, 1, 0, 1), list("strides", 1, 3))}, edge, doubles("b", []float64{0.5}, 1)), []float64{-0.5, 93.5, -3.5, 26.5}, 5},
		{"dilated columns", shaped(image, []*onnxpb.NodeProto{node("Conv", "x w", "y", list("dilations", 1, 2))}, edge), []float64{68, -2}, 4},
		{"same", shaped(image, []*onnxpb.NodeProto{node("Conv", "x w", "y", &onnxpb.AttributeProto{Name: "auto_pad", S: []byte("SAME_UPPER")})}, doubles("w", []float64{0, 0, 1, 0, 0, 1}, 1, 2, 1, 3)), []float64{10, 12, 0, 6, 8, 0}, 6},
		{"valid", shaped(image, []*onnxpb.NodeProto{node("Conv", "x w", "y", &onnxpb.AttributeProto{Name: "auto_pad", S: []byte("VALID")})}, ones), []float64{28, 36}, 8},
		{"groups", shaped(image, []*onnxpb.NodeProto{node("AveragePool", "x", "u", list("kernel_shape", 2, 3)), node("Conv", "u w b", "v", number("group", 2)), node("Flatten", "v", "y")},
			doubles("w", []float64{2, 10, 100, 1000}, 4, 1, 1, 1), doubles("b", []float64{1, 2, 3, 4}, 4)), []float64{8, 37, 453, 4504}, 8},
		{"pool", shaped(image, []*onnxpb.NodeProto{node("AveragePool", "x", "u", list("kernel_shape", 1, 2), list("strides", 1, 1)), node("Conv", "u w", "v"), node("Tanh", "v", "y")}, doubles("w", []float64{0, 0.1}, 1, 2, 1, 1)),
			[]float64{math.Tanh(0.75), math.Tanh(0.85), math.Tanh(0.05), math.Tanh(0.15)}, 2},
		{"pad of nothing", shaped(image, []*onnxpb.NodeProto{node("Pad", "x p", "u"), node("Conv", "u w", "y")}, ones, doubles("p", make([]float64, 8), 8)), []float64{28, 36}, 8},
		{"mean", shaped(image, []*onnxpb.NodeProto{node("GlobalAveragePool", "x", "u"), node("Flatten", "u", "v"), node("Gemm", "v m", "y")}, doubles("m", []float64{2, 0, 0, 2}, 2, 2)), []float64{7, 9}, 4},
		{"mean of a convolution", shaped(image, []*onnxpb.NodeProto{node("Conv", "x w", "u", number("group", 1)), node("GlobalAveragePool", "u", "y")}, ones), []float64{32}, 8},
		{"channels", shaped(image, []*onnxpb.NodeProto{node("Sub", "x c", "u"), node("AveragePool", "u", "v", list("kernel_shape", 2, 2)), node("Mul", "v c", "z"), node("Conv", "z e", "y")}, c, doubles("e", []float64{1, 0, 0, 1}, 2, 2, 1, 1)), []float64{2, 3, 4, 6}, 4},
		{"all numbers", shaped(image, []*onnxpb.NodeProto{node("AveragePool", "x", "u", list("kernel_shape", 2, 2)), node("Add", "u d", "v"), node("Flatten", "v", "z"), node("MatMul", "z m", "y")},
			doubles("d", []float64{1, 2, 3, 4}, 2, 1, 2), doubles("m", []float64{1, 0, 0, 0}, 4, 1)), []float64{4}, 4},
		{"reshaped", shaped([]int64{12}, []*onnxpb.NodeProto{node("Reshape", "x s", "u"), node("Conv", "u w", "v"), node("Reshape", "v f", "z"), node("MatMul", "z m", "y")},
			&onnxpb.TensorProto{Name: "s", Dims: []int64{4}, DataType: typeInt64, Int64Data: []int64{-1, 2, 2, 3}}, &onnxpb.TensorProto{Name: "f", Dims: []int64{2}, DataType: typeInt64, Int64Data: []int64{0, -1}}, ones, doubles("m", []float64{1, 2}, 2, 1)), []float64{100}, 10},
		{"sequence", shaped(sequence, []*onnxpb.NodeProto{node("Conv", "x w", "u", list("kernel_shape", 2), list("strides", 2), list("pads", 1, 1)), node("AveragePool", "u", "y", list("kernel_shape", 2), list("strides", 2))}, doubles("w", []float64{1, 0, 0, 1}, 1, 2, 2)), []float64{9, 5.5}, 4},
		{"one channel", shaped([]int64{1, 2, 6}, []*onnxpb.NodeProto{node("Conv", "x w", "u"), node("AveragePool", "u", "v", list("kernel_shape", 2, 6)), node("Flatten", "v", "y")}, each), []float64{4, 8, 12}, 3},
	} {
		net := one(t, k.raw)
		if net.NumParams() != k.count {
			t.Errorf("%s: %d parameters, want %d", k.name, net.NumParams(), k.count)
		}
		check(t, k.name, net, x, k.want, 1, 1e-12)
	}
}

func TestRefusedImages(t *testing.T) {
	image := []int64{2, 2, 3}
	w := doubles("w", make([]float64, 8), 1, 2, 2, 2)
	conv := func(attributes ...*onnxpb.AttributeProto) []*onnxpb.NodeProto {
		return []*onnxpb.NodeProto{node("Conv", "x w", "y", attributes...)}
	}
	pool := func(attributes ...*onnxpb.AttributeProto) []*onnxpb.NodeProto {
		return []*onnxpb.NodeProto{node("AveragePool", "x", "y", attributes...)}
	}
	same := &onnxpb.AttributeProto{Name: "auto_pad", S: []byte("SAME_LOWER")}
	for _, c := range []struct {
		words string
		raw   []byte
	}{
		{"give the input a shape", model(conv(), w)},
		{"give the input a shape", model(pool(list("kernel_shape", 1, 1)))},
		{"give the input a shape", model([]*onnxpb.NodeProto{node("GlobalAveragePool", "x", "y")})},
		{"weights of the shape [1 2 2 2]", shaped([]int64{2, 6}, conv(), w)},
		{"for 3 channels", shaped([]int64{3, 2, 3}, conv(), w)},
		{"in 2 groups", shaped(image, conv(number("group", 2)), w)},
		{"in -1 groups", shaped(image, conv(number("group", -1)), w)},
		{"at least as large", shaped([]int64{2, 1, 3}, conv(), w)},
		{"both sides", shaped(image, conv(list("pads", 0, 1, 0, 0)), w)},
		{"pads [-1", shaped(image, conv(list("pads", -1, 0, -1, 0)), w)},
		{"both sides", shaped(image, conv(list("pads", 1)), w)},
		{"auto_pad", shaped(image, conv(same), w)},
		{"strides is [0 1]", shaped(image, conv(list("strides", 0, 1)), w)},
		{"dilations is [1]", shaped(image, conv(list("dilations", 1)), w)},
		{"a kernel_shape of 3×2", shaped(image, conv(list("kernel_shape", 3, 2)), w)},
		{"a bias of the shape [2]", shaped(image, []*onnxpb.NodeProto{node("Conv", "x w b", "y")}, w, doubles("b", []float64{1, 2}, 2))},
		{"numbers to take from each sample", shaped([]int64{2, 5000, 5000}, conv(), w)},
		{"are refused", shaped([]int64{2, 1 << 14, 1 << 15}, conv(), w)},
		{"without padding", shaped(image, pool(list("kernel_shape", 2, 2), list("pads", 1, 1, 1, 1)))},
		{"without padding", shaped(image, pool(list("kernel_shape", 2, 2), number("ceil_mode", 1)))},
		{"at least 1", shaped(image, pool())},
		{"only one of nothing", shaped(image, []*onnxpb.NodeProto{node("Pad", "x p", "y")}, doubles("p", []float64{0, 1}, 2))},
		{"at least as large", shaped(image, pool(list("kernel_shape", 3, 3)))},
		{"a Flatten must", shaped(image, []*onnxpb.NodeProto{node("MatMul", "x m", "y")}, doubles("m", make([]float64, 3), 3, 1))},
		{"one for each channel", shaped(image, []*onnxpb.NodeProto{node("Add", "x m", "y")}, doubles("m", make([]float64, 3), 3))},
		{"a shape of [0 5]", shaped(image, []*onnxpb.NodeProto{node("Reshape", "x s", "y")}, &onnxpb.TensorProto{Name: "s", Dims: []int64{3}, DataType: typeInt64, Int64Data: []int64{-1, 0, 5}})},
		{"takes 10 units, but 12 come", shaped(image, []*onnxpb.NodeProto{node("Reshape", "x s", "y")}, &onnxpb.TensorProto{Name: "s", Dims: []int64{3}, DataType: typeInt64, Int64Data: []int64{-1, 2, 5}})},
	} {
		if _, err := Parse(c.raw); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%v; want %q", err, c.words)
		}
	}
}

func TestTypes(t *testing.T) {
	raw32 := binary.LittleEndian.AppendUint32(nil, math.Float32bits(-1.5))
	for name, w := range map[string]*onnxpb.TensorProto{
		"float":        {DataType: typeFloat, FloatData: []float32{-1.5}},
		"raw float":    {DataType: typeFloat, RawData: raw32},
		"double":       {DataType: typeDouble, DoubleData: []float64{-1.5}},
		"raw double":   {DataType: typeDouble, RawData: binary.LittleEndian.AppendUint64(nil, math.Float64bits(-1.5))},
		"half":         {DataType: typeFloat16, Int32Data: []int32{0xbe00}},
		"raw half":     {DataType: typeFloat16, RawData: []byte{0x00, 0xbe}},
		"bfloat16":     {DataType: typeBFloat16, Int32Data: []int32{0xbfc0}},
		"raw bfloat16": {DataType: typeBFloat16, RawData: []byte{0xc0, 0xbf}},
	} {
		w.Name, w.Dims = "w", []int64{1, 1}
		check(t, name, one(t, model([]*onnxpb.NodeProto{node("MatMul", "x w", "y")}, w)), []float64{2}, []float64{-3}, 1, 0)
	}
}

func TestRefusals(t *testing.T) {
	w := doubles("w", []float64{1, 2, 3, 4}, 2, 2)
	b := doubles("b", []float64{1, 2}, 2)
	for _, c := range []struct {
		name  string
		raw   []byte
		words string
	}{
		{"no file", []byte("hello"), "not an .onnx file"},
		{"empty", nil, "no graph"},
		{"operator", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("MaxPool", "u", "y")}, w), `node "MaxPool of y", MaxPool of operator set 17: the operator is not known`},
		{"softmax", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("Softmax", "u", "y")}, w), "belongs to the loss"},
		{"shared", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("MatMul", "u w", "y")}, w), "used twice"},
		{"widths", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("MatMul", "u v", "y")}, w, doubles("v", []float64{1, 2, 3}, 3, 1)), "takes 3 units, but 2 come"},
		{"transA", model([]*onnxpb.NodeProto{node("Gemm", "x w", "y", &onnxpb.AttributeProto{Name: "transA", I: 1})}, w), "transA"},
		{"alpha", model([]*onnxpb.NodeProto{node("Gemm", "x w", "y", &onnxpb.AttributeProto{Name: "alpha", F: float32(math.Inf(1))})}, w), "alpha is +Inf"},
		{"bias", model([]*onnxpb.NodeProto{node("Gemm", "x w b", "y")}, w, doubles("b", []float64{1, 2, 3}, 3)), "bias"},
		{"weights first", model([]*onnxpb.NodeProto{node("MatMul", "w x", "y")}, w), "come second"},
		{"two values", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("Tanh", "u", "v"), node("Relu", "u", "z"), node("Add", "v z", "y")}, w), "2 nodes use"},
		{"circle", model([]*onnxpb.NodeProto{node("Tanh", "x", "x")}), "circle"},
		{"nowhere", model([]*onnxpb.NodeProto{node("Tanh", "x", "u")}), "nowhere"},
		{"no layers", model([]*onnxpb.NodeProto{node("Identity", "x", "y")}), "without layers"},
		{"zero", model([]*onnxpb.NodeProto{node("Div", "x c", "u"), node("MatMul", "u w", "y")}, w, doubles("c", []float64{1, 0}, 2)), "division by 0"},
		{"numbers", model([]*onnxpb.NodeProto{node("MatMul", "x w", "y")}, doubles("w", []float64{1, 2, 3}, 2, 2)), "does not fit"},
		{"huge", model([]*onnxpb.NodeProto{node("MatMul", "x w", "y")}, doubles("w", []float64{1, 2, 3}, 1<<40, 1<<40)), "does not fit"},
		{"NaN", model([]*onnxpb.NodeProto{node("MatMul", "x w", "y")}, doubles("w", []float64{1, math.NaN(), 3, 4}, 2, 2)), "NaN"},
		{"type", model([]*onnxpb.NodeProto{node("MatMul", "x w", "y")}, &onnxpb.TensorProto{Name: "w", DataType: 3}), "type 3"},
		{"elsewhere", model([]*onnxpb.NodeProto{node("MatMul", "x w", "y")}, &onnxpb.TensorProto{Name: "w", DataType: 1, DataLocation: 1}), "another file"},
		{"domain", model([]*onnxpb.NodeProto{{OpType: "Fused", Domain: "com.example", Input: []string{"x"}, Output: []string{"y"}}}, b), "com.example"},
	} {
		_, err := Parse(c.raw)
		if err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want something about %q", c.name, err, c.words)
		}
	}
	raw, err := proto.Marshal(&onnxpb.ModelProto{OpsetImport: []*onnxpb.OperatorSetIdProto{{Version: 6}}, Graph: &onnxpb.GraphProto{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(raw); err == nil || !strings.Contains(err.Error(), "operator set 6") {
		t.Error(err)
	}
}

// A width that a file merely claims takes no memory, however many nodes there are.
func TestClaimedWidth(t *testing.T) {
	nodes := []*onnxpb.NodeProto{node("Reshape", "x s", "u0")}
	const count = 20
	for i := range count {
		out := "u" + strconv.Itoa(i+1)
		if i == count-1 {
			out = "y"
		}
		nodes = append(nodes, node([]string{"Add", "Sub", "Mul", "Div"}[i%4], "u"+strconv.Itoa(i)+" c", out))
	}
	raw := model(nodes, &onnxpb.TensorProto{Name: "s", Dims: []int64{2}, DataType: typeInt64, Int64Data: []int64{-1, 1 << 24}}, doubles("c", []float64{2}, 1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := Parse(raw)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if m.Inputs != 1<<24 || len(m.Layers) != count {
		t.Errorf("%d layers for %d inputs", len(m.Layers), m.Inputs)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("a file of %d bytes took %d", len(raw), took)
	}
}

// Maps that differ in the operation or the constant have different texts, by which a
// checkpoint tells networks apart.
func TestFixedString(t *testing.T) {
	texts := map[string]bool{}
	for _, by := range [][]float64{{1}, {2}, {1, 2}, {2, 1}} {
		for op := plus; op <= over; op++ {
			texts[(&fixed{op: op, width: 2, by: by, div: 1}).String()] = true
		}
	}
	if len(texts) != 20 {
		t.Errorf("20 maps have %d texts", len(texts))
	}
}

// FuzzParse: whatever the bytes, an error or a network that can be evaluated.
func FuzzParse(f *testing.F) {
	for _, name := range exports {
		raw, err := os.ReadFile("testdata/" + name + ".onnx")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add(model([]*onnxpb.NodeProto{node("Sub", "x c", "u"), node("MatMul", "u w", "v"), node("Add", "v b", "z"), node("LayerNormalization", "z s b2", "y")},
		doubles("w", []float64{1, 2, 3, 4}, 2, 2), doubles("b", []float64{1, 2}, 2), doubles("b2", []float64{1, 2}, 2), doubles("s", []float64{1, 2}, 2), doubles("c", []float64{1, 2}, 2)))
	f.Add(shaped([]int64{2, 2, 3}, []*onnxpb.NodeProto{node("Sub", "x c", "u"), node("Conv", "u w b", "v", list("pads", 1, 0, 1, 0), list("strides", 2, 1), number("group", 2)), node("AveragePool", "v", "z", list("kernel_shape", 1, 2)), node("GlobalAveragePool", "z", "y")},
		doubles("w", []float64{1, 2, 3, 4}, 2, 1, 1, 2), doubles("b", []float64{1, 2}, 2), doubles("c", []float64{1, 2}, 2, 1, 1)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw)
		if err != nil {
			return
		}
		net, err := m.Network(nn.SquaredError)
		if err != nil || net.Inputs() > 1e5 || net.Outputs() > 1e5 {
			return
		}
		// Numbers may overflow, which is an error; nothing may panic.
		_ = net.Predict(make([]float64, net.Outputs()), make([]float64, net.Inputs()), 1, nil)
	})
}
