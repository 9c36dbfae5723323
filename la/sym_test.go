package la

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/internal/alloctest"
)

// unit is the unit roundoff of float64.
const unit = 0x1p-53

// entry is a call of Add.
type entry struct {
	i, j int
	v    float64
}

// drawEntries draws an order and calls of Add with many repetitions, some of
// them explicit zeros.
func drawEntries(t *rapid.T) (n int, entries []entry) {
	n = rapid.IntRange(1, 12).Draw(t, "n")
	m := rapid.IntRange(0, 60).Draw(t, "entries")
	for range m {
		entries = append(entries, entry{
			i: rapid.IntRange(0, n-1).Draw(t, "i"),
			j: rapid.IntRange(0, n-1).Draw(t, "j"),
			v: float64(rapid.IntRange(-4, 4).Draw(t, "v")),
		})
	}
	return n, entries
}

func build(n int, entries []entry) (*Sym, []int32) {
	b := NewSymBuilder(n, 0)
	for _, e := range entries {
		b.Add(e.i, e.j, e.v)
	}
	return b.Build()
}

// dense sums entries the plain way.
func dense(n int, entries []entry) (d *mat.Dense, pattern map[[2]int]bool) {
	d = &mat.Dense{}
	if n > 0 {
		d = mat.NewDense(n, n, nil)
	}
	pattern = make(map[[2]int]bool)
	for _, e := range entries {
		d.Set(e.i, e.j, d.At(e.i, e.j)+e.v)
		if e.i != e.j {
			d.Set(e.j, e.i, d.At(e.j, e.i)+e.v)
		}
		pattern[[2]int{e.i, e.j}] = true
		pattern[[2]int{e.j, e.i}] = true
	}
	return d, pattern
}

func TestBuilderSumsDuplicates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, entries := drawEntries(t)
		a, slots := build(n, entries)
		want, pattern := dense(n, entries)
		if !mat.Equal(a, want) {
			t.Fatalf("got\n%v\nwant\n%v", mat.Formatted(a), mat.Formatted(want))
		}
		if a.NNZ() != len(pattern) {
			t.Fatalf("NNZ %d, want %d", a.NNZ(), len(pattern))
		}
		low := a.RawLower()
		NewSym(low.N, low.Ptr, low.Col, low.Val) // panics unless well formed
		for k, e := range entries {
			if s := a.Index(e.i, e.j); s != int(slots[k]) {
				t.Fatalf("call %d at (%d,%d) went to %d, the map says %d", k, e.i, e.j, s, slots[k])
			}
		}
		bw := 0
		for ij := range pattern {
			bw = max(bw, ij[0]-ij[1])
		}
		if a.Bandwidth() != bw {
			t.Fatalf("bandwidth %d, want %d", a.Bandwidth(), bw)
		}
	})
}

// Values written through the slot map have the bits that Build gives, also
// where the order of a sum matters.
func TestSetValuesRepeatsBuild(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	b := NewSymBuilder(30, 0)
	for range 2000 {
		b.Add(rng.IntN(30), rng.IntN(30), rng.NormFloat64()*math.Exp(20*rng.Float64()))
	}
	a, slots := b.Build()
	c := a.Clone()
	for i := range c.val {
		c.val[i] = math.NaN()
	}
	c.SetValues(slots, b.Values())
	for i, v := range a.val {
		if c.val[i] != v {
			t.Fatalf("value %d is %v, Build gave %v", i, c.val[i], v)
		}
	}
	if !c.SamePattern(a) || !a.SamePattern(mustFromSymmetric(t, a)) {
		t.Error("clones do not have the same pattern")
	}
	if n := alloctest.PerRun(10, func() { c.SetValues(slots, b.Values()) }); n != 0 {
		t.Errorf("SetValues allocates %v times", n)
	}
}

func mustFromSymmetric(t *testing.T, m mat.Symmetric) *Sym {
	t.Helper()
	a, err := FromSymmetric(m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// randomSym has about the given number of entries and some empty rows.
func randomSym(rng *rand.Rand, n, entries int) *Sym {
	b := NewSymBuilder(n, entries)
	for range entries {
		i, j := rng.IntN(n), rng.IntN(n)
		if i%7 != 3 && j%7 != 3 {
			b.Add(i, j, rng.NormFloat64())
		}
	}
	a, _ := b.Build()
	return a
}

// checkMulVec compares A x with the sum by elements, each scaled by its own
// bound (n+1) u |A| |x|.
func checkProduct(t *testing.T, a interface {
	mat.Symmetric
	MulVecTo(dst, x []float64)
}, rng *rand.Rand) {
	t.Helper()
	n := a.SymmetricDim()
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i], y[i] = rng.NormFloat64(), math.NaN()
	}
	a.MulVecTo(y, x)
	for i := range y {
		var want, size float64
		for j := range x {
			p := a.At(i, j) * x[j]
			want += p
			size += math.Abs(p)
		}
		if !(math.Abs(y[i]-want) <= 2*float64(n+1)*unit*size) {
			t.Fatalf("order %d: (A x)[%d] = %v, want %v", n, i, y[i], want)
		}
	}
	if m := alloctest.PerRun(5, func() { a.MulVecTo(y, x) }); m != 0 {
		t.Errorf("MulVecTo allocates %v times", m)
	}
}

func TestSymMulVec(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 3, 10, 57} {
		for _, m := range []int{0, 1, n, 5 * n} {
			checkProduct(t, randomSym(rng, n, m), rng)
		}
	}
	checkProduct(t, &Sym{}, rng)
}

func TestSymNorms(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, scale := range []float64{1, 1e-200, 1e200} {
		a := randomSym(rng, 20, 100)
		for i := range a.val {
			a.val[i] *= scale
		}
		d := mat.DenseCopyOf(a)
		for _, p := range []float64{1, math.Inf(1)} {
			if got, want := a.Norm(p), mat.Norm(d, p); math.Abs(got-want) > 40*unit*want {
				t.Errorf("norm %v: %v, want %v", p, got, want)
			}
		}
		if got, want := a.Norm(2), mat.Norm(d, 2); math.Abs(got-want) > 400*unit*want {
			t.Errorf("Frobenius: %v, want %v", got, want)
		}
		if got, want := a.NormMax(), math.Max(mat.Max(d), -mat.Min(d)); got != want {
			t.Errorf("max: %v, want %v", got, want)
		}
	}
	a, _ := build(3, []entry{{0, 0, 1}, {1, 2, math.NaN()}})
	for _, v := range []float64{a.NormMax(), a.NormOne(), a.NormFrobenius()} {
		if !math.IsNaN(v) {
			t.Errorf("norm of a matrix with a NaN is %v", v)
		}
	}
}

func TestNotFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		a, _ := build(3, []entry{{0, 0, 1}, {2, 0, 1}, {1, 2, bad}, {2, 2, bad}})
		var e *NotFiniteError
		if err := a.CheckFinite("A"); !errors.As(err, &e) || e.Where != "row 2 of A" || e.Index != 1 {
			t.Errorf("got %v, want it to name A[2,1]", err)
		}
		x := make([]float64, 1000)
		x[777] = bad
		if err := CheckFinite("x", x); !errors.As(err, &e) || e.Index != 777 || e.Where != "x" {
			t.Errorf("got %v, want it to name x[777]", err)
		}
	}
	if err := CheckFinite("x", []float64{math.MaxFloat64, math.MaxFloat64, -5e-324}); err != nil {
		t.Error(err)
	}
}

func TestPanics(t *testing.T) {
	a, slots := build(3, []entry{{0, 0, 1}, {1, 2, 2}})
	b := NewSymBuilder(3, 0)
	x := make([]float64, 3)
	bt := NewBlockTridiag([]int{2, 3})
	for name, c := range map[string]struct {
		want any
		fn   func()
	}{
		"row":       {mat.ErrRowAccess, func() { b.Add(3, 0, 1) }},
		"column":    {mat.ErrColAccess, func() { b.Add(0, -1, 1) }},
		"at":        {mat.ErrColAccess, func() { a.At(0, 3) }},
		"order":     {ErrOrder, func() { NewSymBuilder(-1, 0) }},
		"length":    {ErrLength, func() { a.MulVecTo(x, x[:2]) }},
		"alias":     {ErrAlias, func() { a.MulVecTo(x, x) }},
		"slots":     {ErrLength, func() { a.SetValues(slots, x) }},
		"norm":      {ErrNorm, func() { a.Norm(3) }},
		"upper":     {ErrCompressed, func() { NewSym(2, []int{0, 1, 1}, []int32{1}, x[:1]) }},
		"unsorted":  {ErrCompressed, func() { NewSym(2, []int{0, 0, 2}, []int32{1, 0}, x[:2]) }},
		"size":      {ErrBlockSize, func() { NewBlockTridiag([]int{2, 0}) }},
		"block":     {ErrBlock, func() { bt.Sub(1) }},
		"structure": {ErrStructure, func() { bt.SetSub(0, []int{0, 3}, nil) }},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := recover(); got != c.want {
					t.Errorf("panic %v, want %v", got, c.want)
				}
			}()
			c.fn()
		})
	}
}

func TestEmptySym(t *testing.T) {
	for _, a := range []*Sym{{}, mustFromSymmetric(t, &mat.SymDense{})} {
		if r, c := a.Dims(); r != 0 || c != 0 || a.NNZ() != 0 || a.Bandwidth() != 0 || a.NormOne() != 0 {
			t.Error("the zero value is not the empty matrix")
		}
		if low := a.RawLower(); len(low.Ptr) != 1 {
			t.Error("an empty matrix has no row pointer")
		}
		if csr := a.ToCSR(); csr.NNZ() != 0 {
			t.Error("entries from nowhere")
		}
	}
}
