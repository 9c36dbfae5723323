package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFrames(t *testing.T) {
	var b bytes.Buffer
	frames := []*Frame{{Head: []byte("{}")}, {Head: []byte(`{"id":1}`), Archive: bytes.Repeat([]byte("a"), 3<<20)}, {Head: []byte{}}}
	for _, f := range frames {
		if err := WriteFrame(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	whole := b.Bytes()
	r := bytes.NewReader(whole)
	for _, want := range frames {
		got, err := ReadFrame(r)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Head, want.Head) || !bytes.Equal(got.Archive, want.Archive) {
			t.Error("a frame came back as another one")
		}
	}
	if _, err := ReadFrame(r); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	for _, n := range []int{1, 15, 17, 30, 50, 1000, 2 << 20} {
		r := bytes.NewReader(whole[:n])
		var err error
		for err == nil {
			_, err = ReadFrame(r)
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

func TestFrameRefuses(t *testing.T) {
	for name, h := range map[string][]byte{
		"magic":   []byte("cst2\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		"head":    []byte("cst1\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00"),
		"archive": []byte("cst1\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"),
	} {
		var bad *FormatError
		if _, err := ReadFrame(bytes.NewReader(h)); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestArchives(t *testing.T) {
	want := map[string]*Array{
		"X":     Floats([]float64{1, -2.5, math.Inf(1), 4, 5, 6}, 2, 3),
		"ptr":   Integers([]int64{0, -7, math.MaxInt64}, 3),
		"point": Floats([]float64{0.5}),
		"none":  Floats([]float64{}, 0, 4),
	}
	raw, err := FormatArchive(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseArchive(raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("%d arrays, want %d", len(got), len(want))
	}
	for name, a := range want {
		b := got[name]
		if b == nil || !slices.Equal(a.Shape, b.Shape) || !slices.Equal(a.F, b.F) || !slices.Equal(a.I, b.I) || a.Type() != b.Type() {
			t.Errorf("%s: %v became %v", name, a, b)
		}
	}
	if raw, err := FormatArchive(nil); raw != nil || err != nil {
		t.Error("no arrays have an archive")
	}
	if a, err := ParseArchive(nil); len(a) != 0 || err != nil {
		t.Error("no archive has arrays")
	}
}

// npy makes a .npy file.
func npy(head, body string) []byte {
	return append([]byte(npyMagic+"\x01\x00"+string([]byte{byte(len(head)), byte(len(head) >> 8)})+head), body...)
}

func TestNPYForms(t *testing.T) {
	for _, c := range []struct {
		head, body string
		f          []float64
		i          []int64
	}{
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", "\x00\x00\x80?\x00\x00\x00\xc0", []float64{1, -2}, nil},
		{"{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "?\x80\x00\x00", []float64{1}, nil},
		{"{'descr': '>i2', 'fortran_order': False, 'shape': (2,)}", "\xff\xfe\x01\x00", nil, []int64{-2, 256}},
		{"{'descr': '|i1', 'fortran_order': False, 'shape': (2,)}", "\xff\x01", nil, []int64{-1, 1}},
		{"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "\x00\x01\x02\x03\x04\xff", nil, []int64{0, 2, 4, 1, 3, 255}},
		{"{'descr': '|b1', 'fortran_order': False, 'shape': ()}", "\x01", nil, []int64{1}},
		{"{\"shape\": (1L,), \"fortran_order\": False, \"descr\": \"<u4\"}", "\xff\xff\xff\xff", nil, []int64{math.MaxUint32}},
	} {
		a, err := parseNPY(npy(c.head, c.body))
		if err != nil {
			t.Errorf("%s: %v", c.head, err)
			continue
		}
		if !slices.Equal(a.F, c.f) || !slices.Equal(a.I, c.i) {
			t.Errorf("%s: %v %v", c.head, a.F, a.I)
		}
	}
}

func TestNPYRefuses(t *testing.T) {
	const good = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}"
	for _, c := range []struct{ head, body, want string }{
		{good, "1234567", "needs 8"},
		{good, "123456789", "needs 8"},
		{strings.Replace(good, "<f8", "<c16", 1), "", "type"},
		{strings.Replace(good, "<f8", "|O", 1), "", "type"},
		{strings.Replace(good, "(1,)", "(9999999999, 9999999999)", 1), "", "out of range"},
		{strings.Replace(good, "(1,)", "(-1,)", 1), "", "understood"},
		{strings.Replace(good, "(1,)", "(1", 1), "", "understood"},
		{strings.Replace(good, "False", "Maybe", 1), "", "understood"},
		{strings.Replace(good, "'descr': '<f8', ", "", 1), "", "understood"},
		{strings.Replace(good, "{", "{'descr': '<f8', ", 1), "", "two of"},
		{good + "x", "", "understood"},
		{"", "", "does not begin"},
	} {
		if _, err := parseNPY(npy(c.head, c.body)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want something about %q", c.head, err, c.want)
		}
	}
}

func TestShared(t *testing.T) {
	if _, err := os.Stat(SharedDir); err != nil {
		// Where the machine has no shared memory, every file is refused.
		if err := (&Shared{File: SharedDir + "/costate-x", Arrays: map[string]Place{"X": {Type: "<f8"}}}).ReadTo(map[string]*Array{}); err == nil {
			t.Error("no error without shared memory")
		}
		return
	}
	f, err := os.CreateTemp(SharedDir, SharedPrefix+"test-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	x := Floats([]float64{1, 2, 3}, 3)
	if _, err := f.WriteAt(x.bytes(), 64); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(256); err != nil {
		t.Fatal(err)
	}
	s := &Shared{File: f.Name(), Arrays: map[string]Place{"x": {Type: "<f8", Shape: []int{3}, Offset: 64}, "y": {Type: "<i4", Shape: []int{2}, Offset: 64}}, Room: [2]int64{128, 64}}
	got := map[string]*Array{}
	if err := s.ReadTo(got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got["x"].F, x.F) || len(got["y"].I) != 2 {
		t.Errorf("read %v and %v", got["x"], got["y"])
	}
	answer := map[string]*Array{"a": Floats([]float64{7, 8}, 2), "b": Floats(make([]float64, 9), 9)}
	places, err := s.Place(answer)
	if err != nil {
		t.Fatal(err)
	}
	if _, left := answer["b"]; len(answer) != 1 || !left || places["a"].Offset != 128 {
		t.Errorf("placed %v, left %v", places, answer)
	}
	back := map[string]*Array{}
	if err := (&Shared{File: s.File, Arrays: places}).ReadTo(back); err != nil || !slices.Equal(back["a"].F, []float64{7, 8}) {
		t.Errorf("%v, %v", back, err)
	}
	for name, p := range map[string]Place{
		"beyond":   {Type: "<f8", Shape: []int{25}, Offset: 64},
		"negative": {Type: "<f8", Shape: []int{1}, Offset: -8},
		"far":      {Type: "<f8", Shape: []int{1}, Offset: math.MaxInt64},
		"type":     {Type: "<c8", Shape: []int{1}},
		"shape":    {Type: "<f8", Shape: []int{-1}},
		"huge":     {Type: "<f8", Shape: []int{1 << 40, 1 << 40}},
	} {
		if err := (&Shared{File: s.File, Arrays: map[string]Place{"X": p}}).ReadTo(map[string]*Array{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// Only files that were made for this may be named.
	other := filepath.Join(t.TempDir(), "costate-other")
	if err := os.WriteFile(other, make([]byte, 64), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(SharedDir, SharedPrefix+"link-"+filepath.Base(f.Name()))
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(link)
	for _, path := range []string{other, link, SharedDir + "/passwd", SharedDir + "/../../etc/passwd", SharedDir, ""} {
		if err := (&Shared{File: path, Arrays: map[string]Place{"X": {Type: "<f8", Shape: []int{1}}}}).ReadTo(map[string]*Array{}); err == nil {
			t.Errorf("%q was read", path)
		}
	}
	s.Remove()
	if _, err := os.Stat(s.File); !os.IsNotExist(err) {
		t.Error("the file was not removed")
	}
}

func TestNumbers(t *testing.T) {
	for _, x := range []float64{0, -1.5, 1e-300, math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1)} {
		text, err := json.Marshal(Number(x))
		if err != nil {
			t.Fatal(err)
		}
		var y Number
		if err := json.Unmarshal(text, &y); err != nil || math.Float64bits(float64(y)) != math.Float64bits(x) && x == x {
			t.Errorf("%v became %s and %v (%v)", x, text, y, err)
		}
	}
	for _, bad := range []string{`"one"`, `[1]`, `true`} {
		var y Number
		if json.Unmarshal([]byte(bad), &y) == nil {
			t.Errorf("%s is a number", bad)
		}
	}
}

// FuzzArchive: whatever the bytes, an error or arrays that can be written again.
func FuzzArchive(f *testing.F) {
	for _, arrays := range []map[string]*Array{{"X": Floats([]float64{1, 2}, 2, 1), "labels": Integers([]int64{3}, 1)}, {"": Floats(nil, 0)}} {
		raw, err := FormatArchive(arrays)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		arrays, err := ParseArchive(raw)
		if err != nil {
			return
		}
		for name, a := range arrays {
			n, err := count(a.Shape, 8)
			if err != nil || n != a.Len() {
				t.Errorf("%q has shape %v and %d elements", name, a.Shape, a.Len())
			}
		}
		again, err := FormatArchive(arrays)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseArchive(again)
		if err != nil || len(back) != len(arrays) {
			t.Fatalf("%v: %d arrays became %d", err, len(arrays), len(back))
		}
	})
}

// FuzzNPY does the same for one array, whose header is then reached more often.
func FuzzNPY(f *testing.F) {
	f.Add(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }\n", "\x00\x00\x80?\x00\x00\x00\xc0"))
	f.Add(npy("{'descr': '|b1', 'fortran_order': False, 'shape': ()}", "\x01"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := parseNPY(raw)
		if err != nil {
			return
		}
		if n, err := count(a.Shape, 1); err != nil || n != a.Len() {
			t.Errorf("shape %v and %d elements", a.Shape, a.Len())
		}
	})
}

// FuzzFrame: whatever the bytes, frames or an error.
func FuzzFrame(f *testing.F) {
	var b bytes.Buffer
	if err := WriteFrame(&b, &Frame{Head: []byte(`{"id":1,"op":"ping"}`), Archive: []byte("xyz")}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := bytes.NewReader(raw)
		for {
			at := r.Len()
			fr, err := ReadFrame(r)
			if err != nil {
				return
			}
			if at-r.Len() != headerSize+len(fr.Head)+len(fr.Archive) {
				t.Fatal("a frame of another length than its header says")
			}
		}
	})
}
