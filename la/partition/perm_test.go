package partition

import (
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/internal/alloctest"
	"costate/la"
)

func drawPerm(t *rapid.T, n int) Perm {
	return Perm(rapid.Permutation([]int(Identity(n))).Draw(t, "perm"))
}

// drawSym draws a sparse symmetric matrix of order n, whose values tell where
// they belong.
func drawSym(t *rapid.T, n int) *la.Sym {
	b := la.NewSymBuilder(n, 0)
	for range rapid.IntRange(0, 4*n).Draw(t, "entries") {
		i, j := rapid.IntRange(0, n-1).Draw(t, "i"), rapid.IntRange(0, n-1).Draw(t, "j")
		b.Add(i, j, float64(rapid.IntRange(1, 9).Draw(t, "v")))
	}
	a, _ := b.Build()
	return a
}

func TestPermProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "n")
		p, q := drawPerm(t, n), drawPerm(t, n)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(i + 1)
		}
		y, z, w := make([]float64, n), make([]float64, n), make([]float64, n)
		p.Apply(y, x)
		for i := range y {
			if y[i] != x[p[i]] {
				t.Fatalf("y[%d] = %v, x[p[%d]] = %v", i, y[i], i, x[p[i]])
			}
		}
		p.ApplyInverse(z, y)
		if !slices.Equal(z, x) {
			t.Fatal("ApplyInverse does not undo Apply")
		}
		p.Inverse().Apply(z, y)
		if !slices.Equal(z, x) {
			t.Fatal("the inverse does not undo Apply")
		}
		if !slices.Equal(p.Inverse().Inverse(), p) || !slices.Equal(p.Compose(p.Inverse()), Identity(n)) {
			t.Fatal("the inverse of the inverse is another permutation")
		}
		q.Apply(z, y) // first p, then q
		p.Compose(q).Apply(w, x)
		if !slices.Equal(z, w) {
			t.Fatal("Compose is not one after the other")
		}
		if !slices.Equal(p.Compose(nil), p) || !slices.Equal(Perm(nil).Compose(p), p) {
			t.Fatal("nil is not the identity")
		}

		a := drawSym(t, n)
		b := p.Sym(a)
		bw := 0
		for i := range n {
			for j := range n {
				if b.At(i, j) != a.At(p[i], p[j]) {
					t.Fatalf("B[%d,%d] = %v, want %v", i, j, b.At(i, j), a.At(p[i], p[j]))
				}
				if b.At(i, j) != 0 {
					bw = max(bw, i-j)
				}
			}
		}
		if p.Bandwidth(a) != bw || b.Bandwidth() != bw {
			t.Fatalf("bandwidth %d and %d, want %d", p.Bandwidth(a), b.Bandwidth(), bw)
		}
		if !mat.Equal(p.Inverse().Sym(b), a) {
			t.Fatal("the matrix does not come back")
		}
	})
}

func TestNilPerm(t *testing.T) {
	x, y := []float64{1, 2, 3}, make([]float64, 3)
	Perm(nil).Apply(y, x)
	if !slices.Equal(x, y) {
		t.Error("nil is not the identity")
	}
	clear(y)
	Perm(nil).ApplyInverse(y, x)
	if !slices.Equal(x, y) || Perm(nil).Inverse() != nil {
		t.Error("nil is not the identity")
	}
}

func TestPermAllocatesNothing(t *testing.T) {
	p := Perm{2, 0, 1}
	x, y := []float64{1, 2, 3}, make([]float64, 3)
	if n := alloctest.PerRun(10, func() { p.Apply(y, x); p.ApplyInverse(x, y) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzPerm: Validate tells permutations from everything else, and never
// panics.
func FuzzPerm(f *testing.F) {
	f.Add([]byte{0, 1, 2})
	f.Add([]byte{2, 0, 2})
	f.Add([]byte{255, 1})
	f.Fuzz(func(t *testing.T, text []byte) {
		p := make(Perm, len(text))
		sorted := make([]int, len(text))
		for i, b := range text {
			p[i] = int(int8(b))
			sorted[i] = p[i]
		}
		slices.Sort(sorted)
		if ok := slices.Equal(sorted, Identity(len(p))); ok != (p.Validate() == nil) {
			t.Fatalf("%v: %v", p, p.Validate())
		} else if !ok {
			return
		}
		if !slices.Equal(p.Inverse().Compose(p), Identity(len(p))) {
			t.Fatal("inverse")
		}
	})
}
