package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"costate/nn"
)

type fields map[string]any

// file makes a file of a header and of numbers.
func file(t testing.TB, header any, body []byte) []byte {
	t.Helper()
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), body...)
}

func read(raw []byte) (*File, error) { return ReadFrom(bytes.NewReader(raw), int64(len(raw))) }

// state makes a file of float64 tensors, each with the numbers 1, 2, ….
func state(t testing.TB, shapes map[string][]int) []byte {
	header := fields{"__metadata__": fields{"format": "pt"}}
	var body []byte
	for name, shape := range shapes {
		n := 1
		for _, d := range shape {
			n *= d
		}
		from := len(body)
		for i := range n {
			body = binary.LittleEndian.AppendUint64(body, math.Float64bits(float64(i+1)/float64(n)))
		}
		header[name] = fields{"dtype": "F64", "shape": shape, "data_offsets": []int{from, len(body)}}
	}
	return file(t, header, body)
}

func TestTypes(t *testing.T) {
	body := []byte{0, 0, 0, 0, 0, 0, 0xf8, 0xbf, 0, 0, 0xc0, 0xbf, 0, 0xbe, 0xc0, 0xbf}
	f, err := read(file(t, fields{
		"a": fields{"dtype": "F64", "shape": []int{1}, "data_offsets": []int{0, 8}},
		"b": fields{"dtype": "F32", "shape": []int{1, 1}, "data_offsets": []int{8, 12}},
		"c": fields{"dtype": "F16", "shape": []int{}, "data_offsets": []int{12, 14}},
		"d": fields{"dtype": "BF16", "shape": []int{1}, "data_offsets": []int{14, 16}},
		"e": fields{"dtype": "F32", "shape": []int{0, 3}, "data_offsets": []int{16, 16}},
	}, body))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		if x := f.Tensors[name]; len(x.Data) != 1 || x.Data[0] != -1.5 {
			t.Errorf("%s is %v", name, x)
		}
	}
	if len(f.Tensors["e"].Data) != 0 || len(f.Tensors) != 5 {
		t.Errorf("%v", f.Tensors)
	}
}

func TestNetwork(t *testing.T) {
	// Twelve layers, so that the order of the names is not that of letters; the
	// third has no bias.
	shapes := map[string][]int{}
	for i := range 12 {
		prefix := "body.layers." + string("0123456789ab"[i])
		if i >= 10 {
			prefix = "body.layers.1" + string('0'+rune(i-10))
		}
		shapes[prefix+".weight"] = []int{i + 2, i + 1}
		if i != 2 {
			shapes[prefix+".bias"] = []int{i + 2}
		}
	}
	f, err := read(state(t, shapes))
	if err != nil {
		t.Fatal(err)
	}
	net, err := f.Network(nn.Tanh, nn.SquaredError)
	if err != nil {
		t.Fatal(err)
	}
	if len(net.Layers()) != 12 || net.Inputs() != 1 || net.Outputs() != 13 {
		t.Errorf("%d layers from %d to %d", len(net.Layers()), net.Inputs(), net.Outputs())
	}
	for i, l := range net.Layers() {
		d := l.(*nn.Dense)
		w, b := net.Weights(i)
		if d.Out != i+2 || d.Bias != (i != 2) || (d.Act == nn.Identity) != (i == 11) {
			t.Errorf("layer %d: %+v", i, d)
		}
		if w[len(w)-1] != 1 || d.Bias && !slices.Equal(b[len(b)-1:], []float64{1}) {
			t.Errorf("layer %d has the weights %v and %v", i, w, b)
		}
	}
}

func TestNames(t *testing.T) {
	want := []string{"0.bias", "0.weight", "2.weight", "10.weight", "fc1.weight", "fc2.weight", "fc10.weight", "layers.3.weight", "layers.20.weight", "out.weight"}
	got := append([]string(nil), want...)
	slices.Reverse(got)
	slices.SortFunc(got, compareNames)
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestRefusals(t *testing.T) {
	entry := func(dtype string, shape []int, from, to int) fields {
		return fields{"x": fields{"dtype": dtype, "shape": shape, "data_offsets": []int{from, to}}}
	}
	for _, c := range []struct {
		name  string
		raw   []byte
		words string
	}{
		{"empty", nil, "no length"},
		{"long header", []byte("\xff\xff\xff\xff\xff\xff\xff\xffabc"), "header of"},
		{"cut header", []byte("\x10\x00\x00\x00\x00\x00\x00\x00{}"), "header of"},
		{"no JSON", []byte("\x02\x00\x00\x00\x00\x00\x00\x00[]"), "no JSON"},
		{"type", file(t, entry("I64", []int{1}, 0, 8), make([]byte, 8)), "I64"},
		{"offsets", file(t, entry("F32", []int{1}, 8, 4), make([]byte, 8)), "bytes 8 to 4"},
		{"beyond", file(t, entry("F32", []int{1}, 8, 12), make([]byte, 8)), "bytes 8 to 12"},
		{"shape", file(t, entry("F32", []int{3}, 0, 8), make([]byte, 8)), "shape"},
		{"huge shape", file(t, entry("F32", []int{1 << (bits.UintSize * 5 / 8), 1 << (bits.UintSize * 5 / 8)}, 0, 8), make([]byte, 8)), "shape"},
		{"negative shape", file(t, entry("F32", []int{-1}, 0, 8), make([]byte, 8)), "shape"},
		{"same bytes", file(t, fields{"x": fields{"dtype": "F32", "shape": []int{2}, "data_offsets": []int{0, 8}}, "y": fields{"dtype": "F32", "shape": []int{2}, "data_offsets": []int{0, 8}}}, make([]byte, 8)), "overlap"},
		{"shared bytes", file(t, fields{"x": fields{"dtype": "F32", "shape": []int{2}, "data_offsets": []int{4, 12}}, "y": fields{"dtype": "F32", "shape": []int{2}, "data_offsets": []int{0, 8}}}, make([]byte, 12)), `tensor "x": its bytes 4 to 12 overlap those of "y"`},
		{"NaN", file(t, entry("BF16", []int{1}, 0, 2), []byte{0xc0, 0x7f}), "NaN"},
	} {
		if _, err := read(c.raw); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want something about %q", c.name, err, c.words)
		}
	}
	for _, c := range []struct {
		shapes map[string][]int
		words  string
	}{
		{map[string][]int{}, "no weights"},
		{map[string][]int{"0.weight": {3, 2}, "2.weight": {2, 4}}, "3 outputs"},
		{map[string][]int{"0.weight": {3, 2}, "0.bias": {2}}, "0.bias"},
		{map[string][]int{"0.weight": {3, 2, 3, 3}}, "only dense"},
		{map[string][]int{"0.weight": {3}}, "only dense"},
		{map[string][]int{"0.weight": {3, 2}, "0.running_mean": {3}}, "running_mean"},
		{map[string][]int{"0.weight": {3, 2}, "1.bias": {3}}, "1.bias"},
		{map[string][]int{"0.weight": {3, 2}, "myweight": {3}}, "belong"},
	} {
		f, err := read(state(t, c.shapes))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Network(nn.Tanh, nn.CrossEntropy); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%v: %v, want something about %q", c.shapes, err, c.words)
		}
	}
}

// FuzzRead: whatever the bytes, an error or tensors that are what they say.
func FuzzRead(f *testing.F) {
	f.Add(state(f, map[string][]int{"0.weight": {2, 3}, "0.bias": {2}, "1.weight": {1, 2}}))
	f.Add(file(f, fields{"x": fields{"dtype": "F16", "shape": []int{1}, "data_offsets": []int{0, 2}}}, []byte{0, 0x3c}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := read(raw)
		if err != nil {
			return
		}
		for name, x := range file.Tensors {
			n := 1
			for _, d := range x.Shape {
				n *= d
			}
			if n != len(x.Data) {
				t.Errorf("%q has the shape %v and %d numbers", name, x.Shape, len(x.Data))
			}
		}
		if net, err := file.Network(nn.Tanh, nn.CrossEntropy); err == nil && net.NumParams() == 0 {
			t.Error("a network without parameters")
		}
	})
}
