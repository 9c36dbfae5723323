package la

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/james-bowman/sparse"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

func TestCSRRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, entries := drawEntries(t)
		a, _ := build(n, entries)
		csr := a.ToCSR()
		if !mat.Equal(a, csr) || csr.NNZ() != a.NNZ() {
			t.Fatalf("CSR\n%v\nof\n%v", mat.Formatted(csr), mat.Formatted(a))
		}
		back, err := FromCSR(csr, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !back.SamePattern(a) || !mat.Equal(back, a) {
			t.Fatalf("came back as\n%v\nfrom\n%v", mat.Formatted(back), mat.Formatted(a))
		}
	})
}

// Rows in any order are accepted, and give the same matrix.
func TestFromFullUnsorted(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	a := randomSym(rng, 25, 120)
	ptr, col, val := a.Full()
	for i := 0; i < 25; i++ {
		lo := ptr[i]
		rng.Shuffle(ptr[i+1]-lo, func(p, q int) {
			col[lo+p], col[lo+q] = col[lo+q], col[lo+p]
			val[lo+p], val[lo+q] = val[lo+q], val[lo+p]
		})
	}
	b, err := FromFull(25, ptr, col, val, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !b.SamePattern(a) || !mat.Equal(a, b) {
		t.Error("a matrix with shuffled rows is another one")
	}
}

func TestFromCSRRejects(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		rows, cols int
		ptr, col   []int
		val        []float64
		want       string
	}{
		"not square":     {1, 2, []int{0, 1}, []int{0}, []float64{1}, "not square"},
		"pointers":       {2, 2, []int{0, 2, 1}, []int{0, 1}, []float64{1, 1}, "row pointer 2"},
		"few pointers":   {2, 2, []int{0, 2}, []int{0, 1}, []float64{1, 1}, "2 row pointers for 2 rows"},
		"past the end":   {1, 1, []int{0, 2}, []int{0}, []float64{1}, "row pointer 1"},
		"few values":     {1, 1, []int{0, 1}, []int{0}, nil, "row pointer 1"},
		"negative start": {1, 1, []int{-1, 1}, []int{0}, []float64{1}, "row pointer 0"},
		"column":         {2, 2, []int{0, 1, 1}, []int{2}, []float64{1}, "column 2"},
		"negative":       {2, 2, []int{0, 1, 1}, []int{-1}, []float64{1}, "column -1"},
		"twice":          {2, 2, []int{0, 0, 3}, []int{1, 0, 1}, []float64{1, 1, 1}, "(1, 1) is given twice"},
		"nan":            {2, 2, []int{0, 0, 1}, []int{1}, []float64{nan}, "row 1 of A, element 1: NaN"},
		"asymmetric":     {3, 3, []int{0, 2, 4, 4}, []int{0, 1, 0, 2}, []float64{1, 2, 2, 5}, "A[1,2] = 5 but A[2,1] = 0"},
		"lower only":     {2, 2, []int{0, 0, 1}, []int{0}, []float64{3}, "A[0,1] = 0 but A[1,0] = 3"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := FromCSR(sparse.NewCSR(c.rows, c.cols, c.ptr, c.col, c.val), 0)
			if err == nil || !strings.Contains(err.Error(), c.want) || a != nil {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestSymmetryTolerance(t *testing.T) {
	csr := sparse.NewCSR(2, 2, []int{0, 1, 2}, []int{1, 0}, []float64{1, 1 + 1e-12})
	var e *AsymmetricError
	if _, err := FromCSR(csr, 1e-13); !errors.As(err, &e) || e.I != 0 || e.J != 1 || e.Aij != 1 {
		t.Errorf("got %v", err)
	}
	a, err := FromCSR(csr, 1e-11)
	if err != nil || a.At(0, 1) <= 1 || a.At(0, 1) >= 1+1e-12 {
		t.Errorf("got %v, %v", a.At(0, 1), err)
	}
}

func TestFromSymmetric(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	a := randomSym(rng, 15, 60)
	d := mat.NewSymDense(15, nil)
	d.CopySym(a)
	bt := NewBlockTridiag([]int{4, 1, 5})
	fillBlocks(bt, rng)
	band := mat.NewSymBandDense(9, 3, nil)
	for i := 0; i < 9; i++ {
		for j := i; j < min(9, i+4); j++ {
			band.SetSymBand(i, j, rng.NormFloat64())
		}
	}
	band.SetSymBand(2, 3, 0)
	for name, m := range map[string]mat.Symmetric{
		"sym": a, "dense": d, "blocks": bt, "band": band,
		"diagonal": mat.NewDiagDense(4, []float64{1, 0, 3, 4}),
	} {
		s := mustFromSymmetric(t, m)
		if !mat.Equal(s, m) {
			t.Errorf("%s: got\n%v\nwant\n%v", name, mat.Formatted(s), mat.Formatted(m))
		}
	}
	if s := mustFromSymmetric(t, band); s.Index(3, 2) < 0 {
		t.Error("a zero inside the band is not in the pattern")
	}
	d.SetSym(3, 11, math.Inf(1))
	var e *NotFiniteError
	if _, err := FromSymmetric(d); !errors.As(err, &e) || e.Where != "row 11 of A" || e.Index != 3 {
		t.Errorf("got %v", err)
	}
}

func TestFromEntries(t *testing.T) {
	// (0,1) is given in two parts, (1,0) in one.
	a, err := FromEntries(2, []int32{1, 0, 0, 1}, []int32{0, 1, 1, 1}, []float64{3, 1, 2, 7}, 0)
	if err != nil || a.At(0, 1) != 3 || a.At(1, 1) != 7 || a.Stored() != 2 {
		t.Errorf("got %v, %v", a, err)
	}
}
