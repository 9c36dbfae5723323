package mtx

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/la"
)

// drawSym draws a matrix with values of every size, zeros among them.
func drawSym(t *rapid.T) *la.Sym {
	n := rapid.IntRange(0, 9).Draw(t, "n")
	b := la.NewSymBuilder(n, 0)
	if n > 0 {
		for range rapid.IntRange(0, 30).Draw(t, "entries") {
			i, j := rapid.IntRange(0, n-1).Draw(t, "i"), rapid.IntRange(0, n-1).Draw(t, "j")
			b.Add(i, j, rapid.Float64Range(-1e300, 1e300).Draw(t, "v"))
		}
	}
	a, _ := b.Build()
	return a
}

func sameSym(a, b *la.Sym) bool {
	x, y := a.RawLower(), b.RawLower()
	if !a.SamePattern(b) {
		return false
	}
	for t, v := range x.Val {
		if y.Val[t] != v {
			return false
		}
	}
	return true
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		a := drawSym(t)
		comments := []string{rapid.StringMatching(`[ -~\n]{0,30}`).Draw(t, "comment")}
		var buf bytes.Buffer
		if err := Write(&buf, a, comments...); err != nil {
			t.Fatal(err)
		}
		b, err := Read(&buf, nil)
		if err != nil || !sameSym(a, b) {
			t.Fatalf("came back different: %v", err)
		}
		for _, name := range []string{"a.mtx", "a.mtx.gz"} {
			path := filepath.Join(dir, name)
			if err := WriteFile(path, a, comments...); err != nil {
				t.Fatal(err)
			}
			if b, err = ReadFile(path, nil); err != nil || !sameSym(a, b) {
				t.Fatalf("%s came back different: %v", name, err)
			}
		}
	})
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("files were left: %v", files)
	}
}

func TestVectorRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.mtx")
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64), 0, 20).Draw(t, "x")
		if err := WriteVectorFile(path, x); err != nil {
			t.Fatal(err)
		}
		y, err := ReadVectorFile(path, nil)
		if err != nil || len(y) != len(x) {
			t.Fatalf("got %v, %v", y, err)
		}
		for i, v := range x {
			if y[i] != v {
				t.Fatalf("x[%d] = %v came back as %v", i, v, y[i])
			}
		}
	})
}

func TestDenseRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.mtx.gz")
	for _, m := range []*mat.Dense{{}, mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6}), mat.NewDense(3, 1, []float64{1, 2, 3})} {
		if err := WriteDenseFile(path, m); err != nil {
			t.Fatal(err)
		}
		got, err := ReadDenseFile(path, nil)
		if err != nil || !mat.Equal(got, m) {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

// A file that cannot be written to its end must leave the one before alone.
func TestWriteIsWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.mtx")
	if err := os.WriteFile(path, []byte("before"), 0o644); err != nil {
		t.Fatal(err)
	}
	b := la.NewSymBuilder(1, 0)
	b.Add(0, 0, math.NaN())
	a, _ := b.Build()
	var e *la.NotFiniteError
	if err := WriteFile(path, a); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
	if err := WriteVectorFile(path, []float64{math.Inf(1)}); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
	text, _ := os.ReadFile(path)
	files, _ := os.ReadDir(dir)
	if string(text) != "before" || len(files) != 1 {
		t.Errorf("the file is %q, the directory %v", text, files)
	}
	if err := WriteFile(filepath.Join(dir, "no", "such", "a.mtx"), &la.Sym{}); err == nil {
		t.Error("wrote into a directory that does not exist")
	}
	if err := WriteFile(os.DevNull, &la.Sym{}); err != nil {
		t.Error(err)
	}
	if st, err := os.Stat(os.DevNull); err != nil || st.Mode().IsRegular() {
		t.Error("a device was replaced by a file")
	}
}

func TestGzipCutShort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.mtx.gz")
	if err := WriteVectorFile(path, make([]float64, 5000)); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	for _, n := range []int{1, 5, 20, len(text) / 2, len(text) - 1} {
		var e *Error
		if _, err := ReadVector(bytes.NewReader(text[:n]), nil); !errors.As(err, &e) {
			t.Errorf("%d of %d bytes: got %v", n, len(text), err)
		}
	}
	text[len(text)-8] ^= 1 // the checksum
	if _, err := ReadVector(bytes.NewReader(text), nil); err == nil {
		t.Error("a wrong checksum passed")
	}
}

func TestProgress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.mtx")
	if err := WriteVectorFile(path, make([]float64, 300_000), strings.Repeat("long ", 1000)); err != nil {
		t.Fatal(err)
	}
	st, _ := os.Stat(path)
	calls, last := 0, int64(0)
	_, err := ReadVectorFile(path, &Options{Progress: func(read, total int64) {
		if read < last || total != st.Size() {
			t.Errorf("progress %d after %d of %d, the file has %d", read, last, total, st.Size())
		}
		calls, last = calls+1, read
	}})
	if err != nil || calls < 3 || last != st.Size() {
		t.Errorf("%d calls up to %d: %v", calls, last, err)
	}
}
