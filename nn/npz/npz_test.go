package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"costate/nn"
)

// npyBytes makes a .npy file of version 1 as NumPy writes it.
func npyBytes(descr string, fortran bool, shape string, raw []byte) []byte {
	order := "False"
	if fortran {
		order = "True"
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr, order, shape)
	for (10+len(head)+1)%64 != 0 {
		head += " "
	}
	head += "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
	return append(append(b, head...), raw...)
}

func f8(x ...float64) []byte {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

func f4(x ...float32) []byte {
	var b []byte
	for _, v := range x {
		b = binary.BigEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// npzBytes makes an archive of arrays, given as name, content, name, content.
func npzBytes(t testing.TB, compress bool, entries ...any) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	method := zip.Store
	if compress {
		method = zip.Deflate
	}
	for i := 0; i < len(entries); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: entries[i].(string) + ".npy", Method: method})
		if err != nil {
			t.Fatal(err)
		}
		w.Write(entries[i+1].([]byte))
	}
	z.Close()
	return buf.Bytes()
}

func readBytes(b []byte) (*File, error) { return ReadFrom(bytes.NewReader(b), int64(len(b))) }

// small is a network of one layer with two samples.
func small() map[string][]byte {
	return map[string][]byte{
		"W1": npyBytes("<f8", false, "(2, 3)", f8(1, 2, 3, 4, 5, 6)),
		"b1": npyBytes("<f8", false, "(2,)", f8(7, 8)),
		"X":  npyBytes("<f8", false, "(2, 3)", f8(1, 2, 3, 4, 5, 6)),
		"T":  npyBytes("|u1", false, "(2,)", []byte{1, 0}),
		"g":  npyBytes("<f8", false, "(8, 1)", f8(1, 2, 3, 4, 5, 6, 7, 8)),
	}
}

func pack(t testing.TB, arrays map[string][]byte) []byte {
	var entries []any
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for k := range arrays {
			if !yield(k) {
				return
			}
		}
	}) {
		entries = append(entries, name, arrays[name])
	}
	return npzBytes(t, true, entries...)
}

func TestReadOrdersAndTypes(t *testing.T) {
	want := &File{
		Layers: []Layer{{Out: 2, In: 3, W: []float64{1, 2, 3, 4, 5, 6}, B: []float64{7, 8}}},
		N:      2, X: []float64{1, 2, 3, 4, 5, 6}, Labels: []int{1, 0}, G: []float64{1, 2, 3, 4, 5, 6, 7, 8},
	}
	a := small()
	for _, change := range []struct {
		name, array string
		to          []byte
	}{
		{"as it is", "W1", a["W1"]},
		{"by columns", "W1", npyBytes("<f8", true, "(2, 3)", f8(1, 4, 2, 5, 3, 6))},
		{"float32, high byte first", "X", npyBytes(">f4", false, "(2, 3)", f4(1, 2, 3, 4, 5, 6))},
		{"float32 by columns", "X", npyBytes(">f4", true, "(2, 3)", f4(1, 4, 2, 5, 3, 6))},
		{"three dimensions by columns", "X", npyBytes("|i1", true, "(2, 1, 3)", []byte{1, 4, 2, 5, 3, 6})},
		{"int64 labels", "T", npyBytes("<i8", false, "(2,)", binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 1), 0))},
		{"int32 labels in a column", "T", npyBytes("<i4", false, "(2, 1)", []byte{1, 0, 0, 0, 0, 0, 0, 0})},
	} {
		b := small()
		b[change.array] = change.to
		f, err := readBytes(pack(t, b))
		if err != nil {
			t.Errorf("%s: %v", change.name, err)
		} else if d := cmp.Diff(want, f); d != "" {
			t.Errorf("%s: %s", change.name, d)
		}
	}
}

func TestReadErrors(t *testing.T) {
	a := small()
	for _, c := range []struct {
		name, array string
		to          []byte
		want        string
	}{
		{"no weights", "W1", nil, "array W1 is missing"},
		{"a gap", "W3", a["W1"], "array W2 is missing"},
		{"no X", "X", nil, "array X is missing"},
		{"no T", "T", nil, "array T is missing"},
		{"from 0", "W0", a["W1"], "array W0: weights are W1"},
		{"capitals", "B1", a["b1"], "array B1: weights are W1"},
		{"two ways", "0.weight", a["W1"], "arrays W1 and 0.weight: two ways"},
		{"flat W", "W1", npyBytes("<f8", false, "(6,)", f8(1, 2, 3, 4, 5, 6)), "W1 has shape [6]; it must be the outputs×inputs"},
		{"widths", "W2", npyBytes("<f8", false, "(2, 3)", f8(1, 2, 3, 4, 5, 6)), "W2 has shape [2 3], but W1 has 2 outputs"},
		{"b", "b1", npyBytes("<f8", false, "(3,)", f8(1, 2, 3)), "b1 has shape [3]; W1 has 2 outputs"},
		{"b without W", "b2", a["b1"], "array W2 is missing"},
		{"X width", "X", npyBytes("<f8", false, "(3, 2)", f8(1, 2, 3, 4, 5, 6)), "X has shape [3 2]; it must be samples×3"},
		{"no samples", "X", npyBytes("<f8", false, "(0, 3)", nil), "at least one sample"},
		{"negative label", "T", npyBytes("|i1", false, "(2,)", []byte{0, 255}), "T[1] is the label -1"},
		{"labels", "T", npyBytes("|i1", false, "(3,)", []byte{0, 1, 1}), "labels for 2 samples have length 2"},
		{"label too large", "T", npyBytes("|i1", false, "(2,)", []byte{0, 2}), "T[1] is the label 2; with 2 outputs"},
		{"one sample", "X", npyBytes("<f8", false, "(3,)", f8(1, 2, 3)), "X[None, :]"},
		{"transposed", "W1", npyBytes("<f8", false, "(3, 2)", f8(1, 2, 3, 4, 5, 6)), "W1 has shape [3 2], inputs×outputs as in Keras and JAX; it must be outputs×inputs: store W1.T"},
		{"transposed, one", "W2", npyBytes("<f8", false, "(2, 4)", make([]byte, 64)), "W2 has shape [2 4], but W1 has 2 outputs (if W2 is inputs×outputs, store W2.T)"},
		{"float labels", "T", npyBytes("<f8", false, "(2,)", f8(1, 0)), "for labels use integers"},
		{"g", "g", npyBytes("<f8", false, "(7,)", f8(1, 2, 3, 4, 5, 6, 7)), "g has shape [7]; the layers have 8 parameters"},
		{"NaN", "W1", npyBytes("<f8", false, "(2, 3)", f8(1, 2, 3, 4, math.NaN(), 6)), "W1[1,1] is NaN"},
		{"NaN by columns", "W1", npyBytes("<f8", true, "(2, 3)", f8(1, 2, 3, 4, math.Inf(1), 6)), "W1[0,2] is +Inf"},
		{"truncated", "X", a["X"][:len(a["X"])-1], "array X: byte 128: 47 bytes of numbers where shape [2 3] of type <f8 needs 48"},
		{"truncated header", "X", a["X"][:50], "array X: byte 50: the file ends in its header"},
		{"empty", "X", []byte{}, "array X: byte 0"},
		{"huge", "X", npyBytes("<f8", false, "(4611686018427387904, 4)", nil), "array X: dimension 0"},
		{"negative", "X", npyBytes("<f8", false, "(-2, -3)", f8(1, 2, 3, 4, 5, 6)), "array X: dimension 0 is -2"},
		{"type", "X", npyBytes("<c16", false, "(2, 3)", make([]byte, 96)), `array X: numbers of type "<c16"`},
		{"objects", "X", npyBytes("|O", false, "(2, 3)", nil), "array X: numbers of type"},
		{"no shape", "X", npyBytes("<f8", false, "", nil), "array X: byte 8"},
		{"no line end", "X", bytes.ReplaceAll(a["X"], []byte("\n"), []byte(" ")), "array X: byte 10: a header without end of line"},
		{"version", "X", append([]byte("\x93NUMPY\x07"), a["X"][7:]...), "array X: byte 6: version 7"},
	} {
		b := small()
		if c.to == nil {
			delete(b, c.array)
		} else {
			b[c.array] = c.to
		}
		if _, err := readBytes(pack(t, b)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
	if _, err := readBytes(npzBytes(t, false, "X", a["X"], "X", a["X"])); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Error(err)
	}
	if _, err := readBytes([]byte("PK nothing")); err == nil || !strings.Contains(err.Error(), "not an .npz file") {
		t.Error(err)
	}
	good := pack(t, a)
	for cut := 0; cut < len(good); cut += 7 {
		if _, err := readBytes(good[:cut]); err == nil {
			t.Errorf("no error for the first %d of %d bytes", cut, len(good))
		}
	}
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	for _, loss := range []nn.Loss{nn.CrossEntropy, nn.SquaredError} {
		layers := nn.MLP([]int{3, 4, 2}, nn.Tanh, true)
		layers[0].(*nn.Dense).Bias = false
		net, err := nn.New(3, loss, layers...)
		if err != nil {
			t.Fatal(err)
		}
		net.Init(3, nil)
		b := &nn.Batch{N: 2, X: []float64{1, 2, 3, 4, 5, math.Pi}}
		if loss == nn.CrossEntropy {
			b.Labels = []int{1, 0}
		} else {
			b.T = []float64{0.5, 1, 2, -1}
		}
		f, err := New(net, b)
		if err != nil {
			t.Fatal(err)
		}
		f.G, f.Solution = make([]float64, net.NumParams()), make([]float64, net.NumParams())
		f.G[3], f.Solution[4] = 0.1, -0.25
		name := filepath.Join(dir, loss.Name()+".npz")
		for range 2 { // the second time over the first file
			if err := Write(name, f); err != nil {
				t.Fatal(err)
			}
		}
		g, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(f, g); d != "" {
			t.Error(d)
		}
		again, err := g.Network(nn.Tanh, loss)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(net.Params(), again.Params()); d != "" {
			t.Error(d)
		}
		l1, err1 := net.Loss(b, nil)
		l2, err2 := again.Loss(g.Batch(), nil)
		if err1 != nil || err2 != nil || l1 != l2 {
			t.Errorf("%v, %v: the loss went from %v to %v", err1, err2, l1, l2)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 {
		t.Errorf("%v: the directory holds %v", err, files)
	}
}

// zeros is an archive of arrays of so many zeros, as bytes.
func zeros(t testing.TB, entries, each int) []byte {
	t.Helper()
	var all []any
	a := npyBytes("|u1", false, fmt.Sprintf("(%d,)", each), make([]byte, each))
	for i := range entries {
		all = append(all, fmt.Sprintf("a%d", i), a)
	}
	return npzBytes(t, true, all...)
}

// A small file cannot take any amount of memory.
func TestExpansion(t *testing.T) {
	read := func(b []byte) (took uint64, err error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = ReadArraysFrom(bytes.NewReader(b), int64(len(b)))
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc, err
	}
	// All arrays together have one budget.
	small := zeros(t, 3, 1000)
	z, err := newArchive(bytes.NewReader(small), int64(len(small)))
	if err != nil {
		t.Fatal(err)
	}
	if z.left != freeMemory {
		t.Errorf("%d bytes for a small file", z.left)
	}
	z.left = 8 * 2500
	for i, want := range []string{"", "", "its 1000 numbers are more than the 500 that are left"} {
		if _, err := z.array(fmt.Sprintf("a%d", i)); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("array %d: %v; want %q", i, err, want)
		}
	}
	// More than may be: refused at the header.
	const many = freeMemory/8 + 1
	bomb := npyBytes("|u1", false, fmt.Sprintf("(%d,)", many), make([]byte, 1000))
	took, err := read(npzBytes(t, true, "a", bomb))
	if err == nil || !strings.Contains(err.Error(), "are left") || took > 1<<20 {
		t.Errorf("%v after %d bytes", err, took)
	}
	// A header that claims less than there is, and one that claims more.
	took, err = read(npzBytes(t, true, "a", append(npyBytes("|u1", false, "(3,)", nil), make([]byte, 1<<23)...)))
	if err == nil || !strings.Contains(err.Error(), "more bytes of numbers than the 3") || took > 1<<20 {
		t.Errorf("%v after %d bytes", err, took)
	}
	took, err = read(npzBytes(t, true, "a", npyBytes("<f8", false, "(100000000,)", make([]byte, 1000))))
	if err == nil || !strings.Contains(err.Error(), "1000 bytes of numbers") || took > 1<<20 {
		t.Errorf("%v after %d bytes", err, took)
	}
	took, err = read(npzBytes(t, true, "a", append([]byte("\x93NUMPY\x02\x00\xff\xff\xff\x7f"), make([]byte, 1<<23)...)))
	if err == nil || !strings.Contains(err.Error(), "a header of") || took > 1<<20 {
		t.Errorf("%v after %d bytes", err, took)
	}
}

func TestReadData(t *testing.T) {
	net, err := nn.New(3, nn.CrossEntropy, &nn.Dense{Out: 2, Bias: true})
	if err != nil {
		t.Fatal(err)
	}
	read := func(arrays map[string][]byte) (*File, error) {
		b := pack(t, arrays)
		return ReadDataFrom(bytes.NewReader(b), int64(len(b)), net)
	}
	whole, err := readBytes(pack(t, small()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := read(small())
	if err != nil {
		t.Fatal(err)
	}
	if want := (&File{N: 2, X: whole.X, Labels: whole.Labels, G: whole.G, Ignored: []string{"W1", "b1"}}); !cmp.Equal(want, f) {
		t.Error(cmp.Diff(want, f))
	}
	for _, c := range []struct {
		array string
		to    []byte // nil takes the array out
		want  string
	}{
		{"X", nil, "array X is missing (there are T, W1, b1, g); known are X, T and g"},
		{"T", nil, "array T is missing"},
		{"X", npyBytes("<f8", false, "()", f8(1)), "X has shape []"},
		{"T", npyBytes("<f8", false, "()", f8(1)), "T has shape []"},
		{"T", npyBytes("|u1", false, "(2,)", []byte{0, 2}), "T[1] is the label 2"},
		{"X", npyBytes("<f8", false, "(2, 3)", f8(1, 2, 3, math.NaN(), 5, 6)), "X[1,0] is NaN"},
		{"g", npyBytes("<f8", false, "(7,)", f8(1, 2, 3, 4, 5, 6, 7)), "8 parameters"},
		{"g", npyBytes("<f8", false, "(8,)", f8(1, 2, 3, 4, 5, 6, 7, math.Inf(1))), "g[7] is +Inf"},
	} {
		a := small()
		if a[c.array] = c.to; c.to == nil {
			delete(a, c.array)
		}
		if _, err := read(a); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.array, err, c.want)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	f, err := readBytes(pack(t, small()))
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "no", "such.npz"), f); err == nil {
		t.Error("no error for a directory that does not exist")
	}
	if err := Write(dir, f); err == nil {
		t.Error("no error for a name that is a directory")
	}
	f.X = f.X[:5]
	if err := Write(filepath.Join(dir, "a.npz"), f); err == nil || !strings.Contains(err.Error(), "X has 5 numbers") {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
	net, err := nn.New(3, nn.CrossEntropy, &nn.Dense{Out: 3, Skip: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(net, f.Batch()); err == nil || !strings.Contains(err.Error(), "layer 1") {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	a := small()
	f.Add(pack(f, a))
	f.Add(npzBytes(f, false, "W1", a["W1"], "X", a["X"], "T", a["T"]))
	f.Add(pack(f, map[string][]byte{"layers.0.weight": a["W1"], "layers.0.bias": a["b1"], "X": a["X"], "T": a["T"], "epoch": a["g"]}))
	f.Fuzz(func(t *testing.T, b []byte) {
		ReadArraysFrom(bytes.NewReader(b), int64(len(b)))
		file, err := readBytes(b)
		if err != nil {
			return
		}
		if err := file.check(); err != nil {
			t.Fatalf("read, but %v", err)
		}
	})
}

// FuzzParse goes past the checksums of the archive.
func FuzzParse(f *testing.F) {
	for _, b := range small() {
		f.Add(b)
	}
	f.Add(npyBytes(">f4", true, "(2, 1, 3)", f4(1, 2, 3, 4, 5, 6)))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parse("A", bytes.NewReader(b), freeMemory)
		if err != nil {
			return
		}
		n := 1
		for _, d := range a.Shape {
			n *= d
		}
		if n != len(a.Data) || n > len(b) {
			t.Fatalf("shape %v with %d numbers from %d bytes", a.Shape, len(a.Data), len(b))
		}
	})
}

// TestUsualTypes reads what users of NumPy and PyTorch write.
func TestUsualTypes(t *testing.T) {
	two := map[string][]byte{
		"W1": npyBytes("<f2", false, "(2, 3)", []byte{0, 0x3c, 0, 0xc0, 1, 0, 0xff, 0x7b, 0, 0, 0, 0x80}),
		"X":  npyBytes(">f2", false, "(2, 3)", []byte{0x3c, 0, 0x38, 0, 0, 0, 0, 0, 0x55, 0x55, 0, 0}),
		"T":  npyBytes("|b1", false, "(2,)", []byte{1, 0}),
	}
	one := func() map[string][]byte {
		return map[string][]byte{"W1": npyBytes("<f8", false, "(1, 3)", f8(1, 2, 3)), "X": small()["X"], "T": two["T"]}
	}
	with := func(m map[string][]byte, name string, to []byte) map[string][]byte {
		c := maps.Clone(m)
		c[name] = to
		return c
	}
	torch := func(prefix, suffix string) map[string][]byte {
		a := small()
		return map[string][]byte{prefix + "2" + suffix + ".weight": npyBytes("<f8", false, "(2, 2)", f8(1, 0, 0, 1)), prefix + "0" + suffix + ".weight": a["W1"],
			prefix + "0" + suffix + ".bias": a["b1"], prefix + "2" + suffix + ".bias": a["b1"], "X": a["X"], "T": a["T"]}
	}
	for _, c := range []struct {
		name   string
		arrays map[string][]byte
		check  func(f *File) bool
	}{
		{"float16", two, func(f *File) bool {
			return slices.Equal(f.Layers[0].W, []float64{1, -2, 0x1p-24, 65504, 0, math.Copysign(0, -1)}) && f.X[0] == 1 && f.X[1] == 0.5 && f.X[4] == 85.3125
		}},
		{"bool labels", two, func(f *File) bool { return slices.Equal(f.Labels, []int{1, 0}) }},
		{"bool targets of one output", one(), func(f *File) bool { return slices.Equal(f.T, []float64{1, 0}) }},
		{"integer targets of one output", with(one(), "T", npyBytes("<i4", false, "(2, 1)", []byte{7, 0, 0, 0, 255, 255, 255, 255})),
			func(f *File) bool { return slices.Equal(f.T, []float64{7, -1}) }},
		{"one-hot integers", with(small(), "T", npyBytes("|i1", false, "(2, 2)", []byte{0, 1, 1, 0})),
			func(f *File) bool { return f.Labels == nil && slices.Equal(f.T, []float64{0, 1, 1, 0}) }},
		{"one-hot bool", with(small(), "T", npyBytes("|b1", true, "(2, 2)", []byte{0, 1, 0, 1})),
			func(f *File) bool { return slices.Equal(f.T, []float64{0, 0, 1, 1}) }},
		{"other arrays", with(with(small(), "epoch", npyBytes("<i8", false, "()", make([]byte, 8))), "meta", npyBytes("|O", false, "(2,)", []byte("pickle"))),
			func(f *File) bool { return slices.Equal(f.Ignored, []string{"epoch", "meta"}) }},
		{"nn.Sequential", torch("", ""), func(f *File) bool { return len(f.Layers) == 2 && f.Layers[0].In == 3 && len(f.Layers[1].B) == 2 }},
		{"a module list", torch("layers.", ""), func(f *File) bool { return len(f.Layers) == 2 && f.Layers[0].In == 3 }},
		{"named layers", torch("fc", ".linear"), func(f *File) bool { return len(f.Layers) == 2 && f.Layers[0].In == 3 }},
	} {
		f, err := readBytes(pack(t, c.arrays))
		if err != nil || !c.check(f) {
			t.Errorf("%s: %v: %+v", c.name, err, f)
		}
	}
	for want, arrays := range map[string]map[string][]byte{
		"first":                   with(torch("a", ""), "b0.weight", small()["W1"]),
		"has no weight":           {"0.bias": small()["b1"], "X": small()["X"], "T": small()["T"]},
		"1.weight has shape [2];": with(torch("", ""), "1.weight", small()["b1"]),
		"store 0.weight.T, and so for the others": {"0.weight": npyBytes("<f8", false, "(3, 2)", f8(1, 2, 3, 4, 5, 6)),
			"2.weight": npyBytes("<f8", false, "(2, 4)", f8(1, 2, 3, 4, 5, 6, 7, 8)), "X": small()["X"], "T": small()["T"]},
	} {
		if _, err := readBytes(pack(t, arrays)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// TestArrays: what is written is read again, bit for bit.
func TestArrays(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.npz")
	want := Arrays{
		"floats":  Floats([]float64{1, math.Inf(-1), math.Copysign(0, -1), math.Pi}),
		"none":    Floats([]float64{}),
		"matrix":  {Float, []int{2, 3}, []float64{1, 2, 3, 4, 5, 6}},
		"whole":   {Integer, []int{2}, []float64{-1, 1 << 40}},
		"truth":   {Bool, []int{3}, []float64{1, 0, 1}},
		"text":    Text("λ = ½\n"),
		"nothing": Text(""),
	}
	if err := WriteArrays(name, want); err != nil {
		t.Fatal(err)
	}
	have, err := ReadArrays(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, have, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if s := have["text"].Text(); s != "λ = ½\n" {
		t.Errorf("text %q", s)
	}
	if err := WriteArrays(name, Arrays{"cube": {Float, []int{1, 1, 1}, []float64{1}}}); err == nil || !strings.Contains(err.Error(), "array cube") {
		t.Error(err)
	}
}
