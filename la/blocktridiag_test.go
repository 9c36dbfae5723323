package la

import (
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// fillBlocks writes random numbers to what is referenced and NaN to what is
// not.
func fillBlocks(a *BlockTridiag, rng *rand.Rand) {
	for i := range a.Raw() {
		a.Raw()[i] = rng.NormFloat64()
	}
	for k := range a.Blocks() {
		d, ld := a.Diag(k)
		for i := range ld {
			for j := i + 1; j < ld; j++ {
				d[i*ld+j] = math.NaN()
			}
		}
	}
}

func TestBlockTridiag(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, sizes := range [][]int{{}, {1}, {3}, {1, 1}, {2, 5}, {4, 1, 3, 3}, {7, 2, 9}} {
		a := NewBlockTridiag(sizes)
		fillBlocks(a, rng)
		if !slices.Equal(a.Sizes(), append([]int{}, sizes...)) {
			t.Errorf("sizes %v, want %v", a.Sizes(), sizes)
		}
		n := a.SymmetricDim()
		for i := range n {
			for j := range n {
				v, block := a.At(i, j), a.BlockOf(i)-a.BlockOf(j)
				if v != a.At(j, i) || math.IsNaN(v) || (v == 0) != (block < -1 || block > 1) {
					t.Fatalf("%v: element (%d,%d) is %v and %v", sizes, i, j, v, a.At(j, i))
				}
			}
		}
		checkProduct(t, a, rng)
		s := a.ToSym()
		if !mat.Equal(a, s) {
			t.Errorf("%v: as sparse matrix it is another one", sizes)
		}
		if a.Bandwidth() != s.Bandwidth() {
			t.Errorf("bandwidth %d and %d", a.Bandwidth(), s.Bandwidth())
		}
		for _, p := range []float64{1, 2, math.Inf(1)} {
			if got, want := a.Norm(p), s.Norm(p); math.Abs(got-want) > 100*unit*want {
				t.Errorf("%v: norm %v is %v, sparse %v", sizes, p, got, want)
			}
		}
		if a.NormMax() != s.NormMax() {
			t.Errorf("norm %v, want %v", a.NormMax(), s.NormMax())
		}
		b := &BlockTridiag{}
		b.CopyFrom(a)
		count := 0
		b.DoNonZero(func(i, j int, v float64) {
			if v != a.At(i, j) {
				t.Errorf("(%d,%d): %v", i, j, v)
			}
			count++
		})
		if count != s.NNZ() {
			t.Errorf("%v: %d elements, want %d", sizes, count, s.NNZ())
		}
		b.Zero()
		if b.NormMax() != 0 && n > 0 {
			t.Error("Zero left something")
		}
		if err := a.CheckFinite("A"); err != nil {
			t.Errorf("what is not referenced was read: %v", err)
		}
	}
}

func TestBlockTridiagStructure(t *testing.T) {
	a := NewBlockTridiag([]int{3, 4, 2})
	if !slices.Equal(a.SubCols(0), []int{0, 1, 2}) || !slices.Equal(a.SubRows(0), []int{0, 1, 2, 3}) {
		t.Errorf("a new matrix has structure %v, %v", a.SubRows(0), a.SubCols(0))
	}
	s, ld := a.Sub(0)
	s[2*ld+1], s[3*ld+0] = 5, 6
	a.FindSub()
	if !slices.Equal(a.SubRows(0), []int{2, 3}) || !slices.Equal(a.SubCols(0), []int{0, 1}) || len(a.SubCols(1)) != 0 {
		t.Errorf("found %v, %v, %v", a.SubRows(0), a.SubCols(0), a.SubCols(1))
	}
	a.SetSub(0, nil, []int{1, 2})
	if !slices.Equal(a.SubCols(0), []int{1, 2}) || len(a.SubRows(0)) != 4 {
		t.Errorf("set %v, %v", a.SubRows(0), a.SubCols(0))
	}
	a.Reset([]int{2, 2})
	if a.SymmetricDim() != 4 || a.NormMax() != 0 || !slices.Equal(a.SubCols(0), []int{0, 1}) {
		t.Error("Reset left something")
	}
}

func TestBlockTridiagSet(t *testing.T) {
	a := NewBlockTridiag([]int{2, 3, 1})
	a.SetSub(1, []int{0}, []int{0, 2})
	n := a.SymmetricDim()
	want := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range n {
			lo, hi := min(i, j), max(i, j)
			outside := hi-lo > 0 && a.BlockOf(hi)-a.BlockOf(lo) > 1 || hi == 5 && lo == 3
			v := float64(10*i + j + 1)
			if outside {
				mustPanicWith(t, ErrOutside, func() { a.Set(i, j, v) })
				continue
			}
			a.Set(i, j, v)
			want.SetSym(i, j, v)
			if a.At(i, j) != v || a.At(j, i) != v {
				t.Fatalf("element (%d,%d) is %v and %v, want %v", i, j, a.At(i, j), a.At(j, i), v)
			}
		}
	}
	if !mat.Equal(a, want) {
		t.Errorf("got\n%v\nwant\n%v", mat.Formatted(a), mat.Formatted(want))
	}
	mustPanicWith(t, mat.ErrRowAccess, func() { a.Set(6, 0, 1) })
	mustPanicWith(t, mat.ErrColAccess, func() { a.Set(0, -1, 1) })
}

func mustPanicWith(t *testing.T, want error, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if r := recover(); r != want {
			t.Errorf("panic %v, want %v", r, want)
		}
	}()
	f()
}

func TestBlockTridiagNotFinite(t *testing.T) {
	a := NewBlockTridiag([]int{3, 4})
	s, ld := a.Sub(0)
	s[2*ld+1] = math.NaN()
	var e *NotFiniteError
	if err := a.CheckFinite("A"); !errors.As(err, &e) || e.Where != "row 5 of A" || e.Index != 1 {
		t.Errorf("got %v, want it to name A[5,1]", err)
	}
	for i := range 7 {
		for j := range i + 1 {
			b := NewBlockTridiag([]int{3, 4})
			b.Set(i, j, math.NaN())
			if m := b.NormMax(); m == m {
				t.Errorf("a NaN at (%d, %d): the norm is %v", i, j, m)
			}
		}
	}
}

func TestBlockTridiagElements(t *testing.T) {
	if e, ok := BlockTridiagElements([]int{2, 3, 1}); !ok || e != 4+6+9+3+1 {
		t.Errorf("got %d, %v", e, ok)
	}
	if _, ok := BlockTridiagElements([]int{1 << (bits.UintSize/2 - 1), 1 << (bits.UintSize/2 - 1)}); ok {
		t.Error("more than memory can be addressed")
	}
}
