package mtx

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzRead: whatever the bytes, no panic, an *Error or a matrix, and a matrix
// survives a round trip.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"coordinate real symmetric\n3 3 4\n1 1 4\n2 1 1\n2 2 5\n3 2 -2\n",
		"coordinate pattern symmetric\n2 2 2\n1 1\n2 1\n",
		"coordinate integer general\n2 2 2\n1 2 7\n2 1 7\n",
		"array real general\n2 2\n1 2 2 1e-5\n",
		"array real symmetric\n2 2\n1\n% c\n2\n1D5\n",
		"coordinate real symmetric\n0 0 0\n",
		"coordinate real symmetric\n9 9 999999999\n",
		"coordinate real general\n9 1 1\n 5 1 1e308",
	} {
		f.Add([]byte(banner + s))
	}
	for _, s := range []string{
		"\xef\xbb\xbf%MatrixMarket matrix coordinate complex hermitian\n2 2 1\n1 1 3 0\n",
		"%%MatrixMarket vector array real general\n2\n1\n2\n",
		"version https://git-lfs.github.com/spec/v1\n",
		boeingRSA, boeingPSA,
		"t\n1 1 1 1 1\nrua 2 2 1 0\n(3I2) (1I2) (1P,1E9.2) (1E9.2)\nF 1 0\n 1 2 2\n 1\n  1.00E-3\n",
	} {
		f.Add([]byte(s))
	}
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"))
	o := &Options{MaxOrder: 1000, MaxEntries: 10000}
	f.Fuzz(func(t *testing.T, text []byte) {
		var e *Error
		if x, err := ReadVector(bytes.NewReader(text), o); err != nil && (!errors.As(err, &e) || e.Line < 1 || x != nil) {
			t.Fatalf("vector: %v, %v", x, err)
		}
		if x, err := ReadColumns(bytes.NewReader(text), o); err != nil && (!errors.As(err, &e) || e.Line < 1 || x != nil) {
			t.Fatalf("columns: %v, %v", x, err)
		}
		a, err := Read(bytes.NewReader(text), o)
		if err != nil {
			if !errors.As(err, &e) || e.Line < 1 || a != nil {
				t.Fatalf("%v, %v", a, err)
			}
			return
		}
		var buf bytes.Buffer
		if err := Write(&buf, a); err != nil {
			t.Fatal(err)
		}
		b, err := Read(&buf, o)
		if err != nil || !sameSym(a, b) {
			t.Fatalf("round trip: %v", err)
		}
	})
}
