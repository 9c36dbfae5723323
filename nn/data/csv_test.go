package data

import (
	"math"
	"slices"
	"strings"
	"testing"

	"costate/nn"
)

func TestReadCSV(t *testing.T) {
	for name, text := range map[string]string{
		"plain":   "1,2,0\n3,-4.5e1,2\n",
		"heading": "height, width, class\n1,2,0\n3,-45,2",
		"spaces":  " 1 , 2, 0\r\n\n3,-45 , 2.0\r\n",
		"quotes":  "\"1\",2,\"0\"\n3,-45,2\n",
	} {
		s, err := ReadCSVFrom(strings.NewReader(text), true)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s.N != 2 || s.Width != 2 || s.Classes != 3 || s.Outputs() != 3 || !slices.Equal(s.X, []float64{1, 2, 3, -45}) || !slices.Equal(s.Labels, []int{0, 2}) || s.T != nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	s, err := ReadCSVFrom(strings.NewReader("a,y\n1,0.5\n2,7\n3,1e-3\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	if s.N != 3 || s.Width != 1 || s.Outputs() != 1 || s.Labels != nil || !slices.Equal(s.T, []float64{0.5, 7, 1e-3}) {
		t.Errorf("%+v", s)
	}
}

func TestReadCSVErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "no samples",
		"a,b\n":               "no samples",
		"1,2\n3,x\n":          `line 2, column 2: "x" is not a number`,
		"a,b\n\n1,2\n,3\n":    "line 4, column 1: a number is missing",
		"1,2,3\n1,2\n":        "line 2 has 2 columns, not 3",
		"1\n":                 "line 1 has one column",
		"1,2.5\n":             `line 1, column 2: "2.5" is no label`,
		"1,-1\n":              `line 1, column 2: "-1" is no label`,
		"1,1e30\n":            "is no label",
		"nan,1\n":             `line 1, column 1: "nan" is not a number`,
		"1e999,1\n":           `line 1, column 1: "1e999" is too large`,
		"inf,1\n":             `line 1, column 1: "inf" is too large`,
		"1,2\n\"3,4\n":        "line 2",
		"1,\xff\n":            "line 1, column 2",
		"a,b\nheight,width\n": "line 2, column 1",
	} {
		if _, err := ReadCSVFrom(strings.NewReader(text), true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	if _, err := ReadCSV("no such file.csv", true); err == nil || !strings.Contains(err.Error(), "no such file.csv") {
		t.Error(err)
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"1,2\n3,4\n", "a,b\n1,2", "\"", ",", "1,\n"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, labels bool) {
		s, err := ReadCSVFrom(strings.NewReader(text), labels)
		if err != nil {
			return
		}
		if s.N < 1 || s.Width < 1 || len(s.X) != s.N*s.Width || labels && len(s.Labels) != s.N || !labels && len(s.T) != s.N {
			t.Fatalf("%+v", s)
		}
		for _, v := range append(s.X, s.T...) {
			if v-v != 0 {
				t.Fatal(v)
			}
		}
	})
}

// A set with targets is cut, drawn from and shuffled as one with labels: a sample keeps
// its target.
func TestTargets(t *testing.T) {
	s := &Set{N: 6, Width: 2, Targets: 2}
	for i := range 6 {
		s.X = append(s.X, float64(i), float64(10*i))
		s.T = append(s.T, float64(i), float64(-i))
	}
	check := func(name string, b *nn.Batch, n int) {
		t.Helper()
		if b.N != n || b.Labels != nil || len(b.X) != 2*n || len(b.T) != 2*n {
			t.Fatalf("%s: %+v", name, b)
		}
		for i := range n {
			if b.X[2*i] != b.T[2*i] || b.X[2*i] != -b.T[2*i+1] {
				t.Errorf("%s: sample %v has the target %v", name, b.X[2*i:2*i+2], b.T[2*i:2*i+2])
			}
		}
	}
	s.Shuffle(3)
	check("all", s.Batch(0, 6), 6)
	a, b := s.Split(4)
	check("first", a.Batch(0, 4), 4)
	check("rest", b.Batch(1, 2), 1)
	check("sample", s.Sample(3, 1), 3)
	var g nn.Batch
	labelled := &Set{N: 1, Width: 2, Classes: 2, X: []float64{1, 1}, Labels: []int{1}}
	labelled.Gather(&g, []int{0})
	s.Gather(&g, []int{5, 0})
	check("gathered", &g, 2)
	labelled.Gather(&g, []int{0})
	if g.T != nil || len(g.Labels) != 1 {
		t.Errorf("%+v", g)
	}
	if s.Outputs() != 2 || labelled.Outputs() != 2 {
		t.Error("outputs")
	}
}

func TestStandardizeColumns(t *testing.T) {
	s := &Set{N: 4, Width: 3, X: []float64{1, 100, 7, 2, 300, 7, 3, 500, 7, 6, 900, 7}}
	other := &Set{N: 1, Width: 3, X: []float64{3, 450, 7}}
	shift, factor := s.StandardizeColumns()
	other.ScaleColumns(shift, factor)
	for c, spread := range []float64{1, 1, 0} {
		mean, square := 0.0, 0.0
		for i := range s.N {
			mean += s.X[i*3+c] / 4
			square += s.X[i*3+c] * s.X[i*3+c] / 4
		}
		if math.Abs(mean) > 1e-15 || math.Abs(square-spread) > 1e-14 || math.Abs(other.X[c]) > 1e-15 {
			t.Errorf("column %d: mean %v, mean square %v, the mean becomes %v", c, mean, square, other.X[c])
		}
	}
}
