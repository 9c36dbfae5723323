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

// Networks that torch wrote give torch's outputs, to the rounding of float32.
func TestExported(t *testing.T) {
	for _, name := range []string{"controller", "exported"} {
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
		{"operator", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("Conv", "u w", "y")}, w), `node "Conv of y", Conv of operator set 17: the operator is not known`},
		{"softmax", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("Softmax", "u", "y")}, w), "belongs to the loss"},
		{"shared", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("MatMul", "u w", "y")}, w), "used twice"},
		{"widths", model([]*onnxpb.NodeProto{node("MatMul", "x w", "u"), node("MatMul", "u v", "y")}, w, doubles("v", []float64{1, 2, 3}, 3, 1)), "takes 3 units, but 2 come"},
		{"alpha", model([]*onnxpb.NodeProto{node("Gemm", "x w", "y", &onnxpb.AttributeProto{Name: "alpha", F: 2})}, w), "alpha"},
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
			texts[(&fixed{op: op, width: 2, by: by}).String()] = true
		}
	}
	if len(texts) != 20 {
		t.Errorf("20 maps have %d texts", len(texts))
	}
}

// FuzzParse: whatever the bytes, an error or a network that can be evaluated.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"controller", "exported"} {
		raw, err := os.ReadFile("testdata/" + name + ".onnx")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add(model([]*onnxpb.NodeProto{node("Sub", "x c", "u"), node("MatMul", "u w", "v"), node("Add", "v b", "z"), node("LayerNormalization", "z s b2", "y")},
		doubles("w", []float64{1, 2, 3, 4}, 2, 2), doubles("b", []float64{1, 2}, 2), doubles("b2", []float64{1, 2}, 2), doubles("s", []float64{1, 2}, 2), doubles("c", []float64{1, 2}, 2)))
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
