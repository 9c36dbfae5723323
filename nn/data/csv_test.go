package data

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReadCSV(t *testing.T) {
	x, target := []float64{1, -2.5, 3, 4e3}, []float64{7, 0}
	for _, text := range []string{
		"1,-2.5,7\n3,4e3,0\n",
		"a,b,y\n1,-2.5,7\n3,4e3,0",
		"\xef\xbb\xbfa;b;y\r\n1;-2.5;7\r\n3;4e3;0\r\n",
		"\"a, b\"\tc\ty\n 1\t-2.5 \t7\n3\t4e3\t0\n",
		"a, b, y\n\n1, \"-2.5\", 7\n\n3 , 4e3, 0\n",
	} {
		tab, err := ReadCSV(strings.NewReader(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if tab.N != 2 || tab.Width != 2 || !slices.Equal(tab.X, x) || !slices.Equal(tab.Target, target) {
			t.Errorf("%q: %+v", text, tab)
		}
		if named := !strings.HasPrefix(text, "1"); named != (len(tab.Names) == 3) {
			t.Errorf("%q: names %q", text, tab.Names)
		}
	}
	set, ok := (&Table{N: 2, Width: 1, X: []float64{1, 2}, Target: []float64{0, 3}}).Set()
	if !ok || set.Classes != 4 || !slices.Equal(set.Labels, []int{0, 3}) {
		t.Errorf("labels: %+v, %v", set, ok)
	}
	for _, target := range [][]float64{{0, 0.5}, {-1, 0}, {1, 1}, {0, 1e9}, {0, math.Inf(1)}} {
		if _, ok := (&Table{N: 2, Width: 1, X: []float64{1, 2}, Target: target}).Set(); ok {
			t.Errorf("%v taken for labels", target)
		}
	}
	b := (&Table{N: 3, Width: 1, X: []float64{1, 2, 3}, Target: []float64{4, 5, 6}}).Batch(1, 3)
	if b.N != 2 || b.X[0] != 2 || b.T[1] != 6 {
		t.Errorf("batch: %+v", b)
	}
}

func TestReadCSVErrors(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
		want         string
	}{
		{"a,b\n1,2\n3,x\n", 3, 2, "line 3, column 2 (b): \"x\" is no number"},
		{"1,2\n\n,4\n", 3, 1, "gap"},
		{"1,2\n3,NA\n", 2, 2, "no number"},
		{"1,2\n3,nan\n", 2, 2, "not finite"},
		{"1,2\n3,1e999\n", 2, 2, "not finite"},
		{"1,2\n3\n", 2, 0, "1 columns; the first line has 2"},
		{"1\n2\n", 1, 0, "an input and a target"},
		{"1,2\n\"3,4\n", 2, 0, "\""},
	} {
		_, err := ReadCSV(strings.NewReader(c.text))
		var e *TableError
		if !errors.As(err, &e) || e.Line != c.line || e.Column != c.column || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	for _, text := range []string{"", "a,b\n", "\n\n"} {
		if _, err := ReadCSV(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "no samples") {
			t.Errorf("%q: %v", text, err)
		}
	}
	file := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(file, []byte("1,2\n3,?\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCSVFile(file); err == nil || !strings.Contains(err.Error(), "t.csv: line 2, column 2") {
		t.Errorf("file: %v", err)
	}
	if _, err := ReadCSVFile(file + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"1,2\n3,4\n", "a;b\n1;2", "\xef\xbb\xbf", "\"", "1,2\n\"3\n,4\",5"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, err := ReadCSV(bytes.NewReader(b))
		if err != nil {
			return
		}
		if tab.N < 1 || tab.Width < 1 || len(tab.X) != tab.N*tab.Width || len(tab.Target) != tab.N {
			t.Fatalf("%+v", tab)
		}
		for _, v := range append(tab.X, tab.Target...) {
			if v-v != 0 {
				t.Fatalf("%v in a table", v)
			}
		}
	})
}
