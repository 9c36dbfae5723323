package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"costate/nn"
)

func TestDigits(t *testing.T) {
	s := Digits()
	if s.N != 1797 || s.Width != 64 || s.Classes != 10 || len(s.X) != 1797*64 || len(s.Labels) != 1797 {
		t.Fatalf("%d digits of width %d in %d classes", s.N, s.Width, s.Classes)
	}
	for i, v := range s.X {
		if v < 0 || v > 1 {
			t.Fatalf("pixel %d is %v", i, v)
		}
	}
	var count [10]int
	for _, l := range s.Labels {
		count[l]++
	}
	// The counts that the data set's own description gives for its test part.
	if want := [10]int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}; count != want {
		t.Errorf("%v digits of each class, want %v", count, want)
	}
	train, test, err := Load("digits", &Options{Limit: 100, Side: 4})
	if err != nil || train.N != 100 || test.N != 100 || train.Width != 16 {
		t.Fatalf("%v: %v, %v", err, train, test)
	}
	for _, bad := range []string{"1,2\n", strings.Repeat("1,", 64) + "10\n", strings.Repeat("17,", 64) + "1\n", strings.Repeat("1,", 65) + "1\n", strings.Repeat("1,", 64) + "x\n"} {
		if _, err := readDigits(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

// idx writes an IDX file of the given type and dimensions.
func idx(typ byte, dims []uint32, raw []byte) []byte {
	b := []byte{0, 0, typ, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, raw...)
}

func zipped(b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(b)
	z.Close()
	return buf.Bytes()
}

func TestIDXTypes(t *testing.T) {
	f32 := binary.BigEndian.AppendUint32(nil, math.Float32bits(-1.5))
	f64 := binary.BigEndian.AppendUint64(nil, math.Float64bits(math.Pi))
	for _, c := range []struct {
		typ  byte
		raw  []byte
		want float64
	}{
		{8, []byte{255}, 255}, {9, []byte{255}, -1}, {11, []byte{255, 254}, -2},
		{12, []byte{255, 255, 255, 253}, -3}, {13, f32, -1.5}, {14, f64, math.Pi},
	} {
		for _, file := range [][]byte{idx(c.typ, []uint32{1}, c.raw), zipped(idx(c.typ, []uint32{1}, c.raw))} {
			a, err := ReadIDX(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			var v [1]float64
			a.Floats(v[:], 0)
			if v[0] != c.want || a.Len() != 1 {
				t.Errorf("type %d: %v, want %v", c.typ, v[0], c.want)
			}
		}
	}
}

func TestIDXErrors(t *testing.T) {
	good := idx(8, []uint32{2, 3}, []byte{1, 2, 3, 4, 5, 6})
	big := idx(8, []uint32{2, 100000}, make([]byte, 200000))
	z := zipped(good)
	broken := slices.Clone(z)
	broken[len(broken)-6]++ // the checksum
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "byte 0: the file ends in its header"},
		{"short header", good[:3], "byte 3: the file ends in its header"},
		{"short dimensions", good[:10], "byte 10: the file ends in its header"},
		{"not IDX", []byte("P5 28 28"), "not an IDX file"},
		{"type", idx(7, []uint32{1}, []byte{1}), "byte 2: unknown type"},
		{"no dimensions", idx(8, nil, nil), "byte 3"},
		{"truncated", good[:15], "byte 15: the file ends; its header promises 6 bytes of numbers, of which 3 are here"},
		{"truncated late", big[:150000], "byte 150000: the file ends"},
		{"longer", append(slices.Clone(good), 9), "byte 18: there is more"},
		{"huge", idx(8, []uint32{1 << 31, 1 << 31}, nil), "the dimensions make more than"},
		{"a promise", idx(14, []uint32{1 << 20, 100}, []byte{1}), "of which 1 are here"},
		{"short gzip", z[:len(z)-9], "IDX: byte"},
		{"gzip header", z[:5], "IDX: byte 0"},
		{"gzip checksum", broken, "checksum"},
	} {
		if _, err := ReadIDX(bytes.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

func FuzzReadIDX(f *testing.F) {
	good := idx(8, []uint32{2, 3}, []byte{1, 2, 3, 4, 5, 6})
	f.Add(good, []byte{0, 1})
	f.Add(zipped(good), []byte{3, 200})
	f.Add(good[:9], []byte{})
	f.Add(idx(14, []uint32{1, 2, 2}, make([]byte, 32)), []byte{1})
	f.Fuzz(func(t *testing.T, file, labels []byte) {
		a, err := ReadIDX(bytes.NewReader(file))
		if err != nil {
			return
		}
		if a.Len()*idxSizes[a.Type] != len(a.Raw) {
			t.Fatalf("dimensions %v but %d bytes", a.Dims, len(a.Raw))
		}
		s, err := NewSet(a, &Array{Type: 8, Dims: []int{len(labels)}, Raw: labels}, &Options{Side: 1})
		if err == nil && (len(s.X) != s.N*s.Width || len(s.Labels) != s.N) {
			t.Fatalf("set of %d×%d with %d numbers", s.N, s.Width, len(s.X))
		}
	})
}

// writeDir writes a data set of n training and m test images of 4×6.
func writeDir(t *testing.T, n, m int) string {
	dir := t.TempDir()
	for part, count := range map[string]int{"train": n, "t10k": m} {
		pixels, labels := make([]byte, count*24), make([]byte, count)
		for i := range pixels {
			pixels[i] = byte(i * 7)
		}
		for i := range labels {
			labels[i] = byte(i % 3)
		}
		write := func(name string, b []byte) {
			if err := os.WriteFile(filepath.Join(dir, part+name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write("-images-idx3-ubyte.gz", zipped(idx(8, []uint32{uint32(count), 4, 6}, pixels)))
		write("-labels-idx1-ubyte", idx(8, []uint32{uint32(count)}, labels))
	}
	return dir
}

func TestReadDir(t *testing.T) {
	dir := writeDir(t, 7, 5)
	train, test, err := Load(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if train.N != 7 || test.N != 5 || train.Rows != 4 || train.Cols != 6 || train.Classes != 3 || train.X[2] != 14.0/255 {
		t.Errorf("%+v", train)
	}
	small, _, err := ReadDir(dir, &Options{Side: 3, Limit: 2})
	if err != nil || small.N != 2 || small.Width != 9 {
		t.Fatalf("%v %+v", err, small)
	}
	mean := func(x []float64) (s float64) {
		for _, v := range x {
			s += v / float64(len(x))
		}
		return s
	}
	if a, b := mean(small.X), mean(train.X[:2*24]); math.Abs(a-b) > 1e-14*b {
		t.Errorf("the mean pixel went from %v to %v", b, a)
	}
	if _, _, err := ReadDir(dir, &Options{Side: 5}); err == nil || !strings.Contains(err.Error(), "5 from images of 4×6") {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(dir, "t10k-labels-idx1-ubyte")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadDir(dir, nil); err == nil || !strings.Contains(err.Error(), "t10k-labels-idx1-ubyte.gz") {
		t.Error(err)
	}
	if _, _, err := Load(filepath.Join(dir, "nowhere"), nil); err == nil {
		t.Error("no error for a directory that does not exist")
	}
}

func TestNewSetErrors(t *testing.T) {
	x := &Array{Type: 8, Dims: []int{2, 2}, Raw: make([]byte, 4)}
	nan := &Array{Type: 14, Dims: []int{1, 1}, Raw: binary.BigEndian.AppendUint64(nil, math.Float64bits(math.NaN()))}
	labels := func(l ...byte) *Array { return &Array{Type: 9, Dims: []int{len(l)}, Raw: l} }
	for want, f := range map[string]func() (*Set, error){
		"2 samples but 3 labels":     func() (*Set, error) { return NewSet(x, labels(1, 2, 3), nil) },
		"label of sample 1 is -1":    func() (*Set, error) { return NewSet(x, labels(0, 255), nil) },
		"number 0 of sample 0 is Na": func() (*Set, error) { return NewSet(nan, labels(0), nil) },
		"no samples":                 func() (*Set, error) { return NewSet(&Array{Type: 8, Dims: []int{0, 3}}, labels(), nil) },
		"at least two":               func() (*Set, error) { return NewSet(labels(0), labels(0), nil) },
		"one is needed":              func() (*Set, error) { return NewSet(x, x, nil) },
		"not integers":               func() (*Set, error) { return NewSet(x, &Array{Type: 13, Dims: []int{1}, Raw: make([]byte, 4)}, nil) },
		"not images":                 func() (*Set, error) { return NewSet(x, labels(0, 0), &Options{Side: 1}) },
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// An area mean keeps the mean, and for factors that divide it is the mean of
// squares of pixels.
func TestDownsample(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range [][3]int{{28, 28, 14}, {28, 28, 7}, {28, 28, 28}, {28, 28, 1}, {8, 8, 5}, {9, 13, 4}, {5, 3, 3}} {
		rows, cols, side := c[0], c[1], c[2]
		s := &Set{N: 2, Rows: rows, Cols: cols, Width: rows * cols, Labels: make([]int, 2)}
		total := 0.0
		for range 2 * s.Width {
			s.X = append(s.X, rng.Float64())
			total += s.X[len(s.X)-1]
		}
		d, err := s.Downsample(side)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range d.X {
			sum += v
		}
		if got, want := sum/float64(len(d.X)), total/float64(len(s.X)); math.Abs(got-want) > 1e-14 {
			t.Errorf("%v: mean %v, want %v", c, got, want)
		}
		if rows%side == 0 && cols%side == 0 {
			a, b := rows/side, cols/side
			want := 0.0
			for i := range a {
				for j := range b {
					want += s.X[i*cols+j] / float64(a*b)
				}
			}
			if math.Abs(d.X[0]-want) > 1e-14 {
				t.Errorf("%v: first pixel %v, want %v", c, d.X[0], want)
			}
		}
	}
}

func TestBatches(t *testing.T) {
	s, err := Gaussian(23, 2, 23, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Labels {
		s.Labels[i], s.X[2*i] = i, float64(i)
	}
	var order [2][]int
	for k := range order {
		sizes := []int{}
		for b := range s.Batches(5, 9) {
			sizes = append(sizes, b.N)
			order[k] = append(order[k], b.Labels...)
			for i, l := range b.Labels {
				if b.X[2*i] != float64(l) {
					t.Fatal("samples and labels do not go together")
				}
			}
		}
		if !slices.Equal(sizes, []int{5, 5, 5, 5, 3}) {
			t.Errorf("batches of %v", sizes)
		}
	}
	if !slices.Equal(order[0], order[1]) {
		t.Error("one seed gave two orders")
	}
	for b := range s.Batches(0, 1) { // a size below 1 is 1, and a loop may stop
		if b.N != 1 {
			t.Errorf("batch of %d", b.N)
		}
		break
	}
	s.Shuffle(9)
	if !slices.Equal(s.Labels, order[0]) {
		t.Error("Shuffle and Batches differ")
	}
	slices.Sort(order[0])
	for i, l := range order[0] {
		if i != l {
			t.Fatalf("sample %d is missing", i)
		}
	}
	a, b := s.Split(10)
	if a.N != 10 || b.N != 13 || b.X[0] != s.X[20] || b.Labels[0] != s.Labels[10] || len(a.Batch(2, 4).X) != 4 {
		t.Error("Split")
	}
	shift, factor := s.Standardize()
	if factor <= 0 || math.IsNaN(shift) {
		t.Error(shift, factor)
	}
	m, v := 0.0, 0.0
	for _, x := range s.X {
		m += x / float64(len(s.X))
		v += x * x / float64(len(s.X))
	}
	if math.Abs(m) > 1e-14 || math.Abs(v-1) > 1e-14 {
		t.Errorf("standardized to mean %v and variance %v", m, v)
	}
	if _, err := Gaussian(1, 0, 1, 1); err == nil {
		t.Error("no error for no inputs")
	}
	defer func() {
		if recover() != ErrRange {
			t.Error("no panic for samples out of range")
		}
	}()
	s.Gather(new(nn.Batch), []int{23})
}

// Fashion-MNIST is read where it is installed; elsewhere the error must say how
// to install it.
func TestFashion(t *testing.T) {
	train, test, err := Load("fashion", &Options{Side: 14, Limit: 100})
	if _, missing := os.Stat(FashionDir); missing != nil {
		if err == nil || !strings.Contains(err.Error(), "apt-get install dataset-fashion-mnist") {
			t.Error(err)
		}
		return
	}
	if err != nil || train.N != 100 || test.N != 100 || train.Width != 196 || train.Classes != 10 {
		t.Fatalf("%v: %+v", err, train)
	}
}
