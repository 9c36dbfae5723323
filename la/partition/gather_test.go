package partition

import (
	"errors"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/internal/alloctest"
	"costate/la"
)

// drawPartition draws block sizes that sum to n.
func drawPartition(t *rapid.T, n int) Partition {
	var sizes []int
	for n > 0 {
		s := rapid.IntRange(1, n).Draw(t, "size")
		sizes = append(sizes, s)
		n -= s
	}
	return New(sizes)
}

// Whatever the matrix, permutation and partition: either the blocks hold
// exactly the permuted matrix, or the error names the first entry outside them.
func TestGather(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 15).Draw(t, "n")
		a, p, part := drawSym(t, n), drawPerm(t, n), drawPartition(t, n)
		b := p.Sym(a)
		q := p.Inverse()
		low := a.RawLower()
		var first *EntryError
		for i := 0; i < n && first == nil; i++ {
			for _, c := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
				j := int(c)
				bi, bj := part.BlockOf(q[i]), part.BlockOf(q[j])
				if bi-bj > 1 || bj-bi > 1 {
					first = &EntryError{I: i, J: j, PermI: q[i], PermJ: q[j], BlockI: bi, BlockJ: bj}
					break
				}
			}
		}
		g, err := Analyse(a, p, part)
		if first != nil {
			var e *EntryError
			if !errors.As(err, &e) || *e != *first {
				t.Fatalf("got %v, want %v", err, first)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		dst := g.New()
		for i := range dst.Raw() {
			dst.Raw()[i] = math.NaN()
		}
		g.To(dst, a)
		if !mat.Equal(dst, b) {
			t.Fatalf("got\n%v\nwant\n%v", mat.Formatted(dst), mat.Formatted(b))
		}
		if m := alloctest.PerRun(1, func() { g.To(dst, a) }); m != 0 {
			t.Fatalf("%v allocations", m)
		}
		rows, cols := structure(dst)
		for k := range rows {
			if !slices.Equal(rows[k], dst.SubRows(k)) || !slices.Equal(cols[k], dst.SubCols(k)) {
				t.Fatalf("structure %v, %v of block %d, want %v, %v", dst.SubRows(k), dst.SubCols(k), k, rows[k], cols[k])
			}
		}
		for s := range low.Val {
			if dst.Raw()[g.slot(s)] != low.Val[s] {
				t.Fatalf("slot %d of value %d", g.slot(s), s)
			}
		}
	})
}

// structure finds by values which rows and columns of the sub-blocks are used.
func structure(b *la.BlockTridiag) (rows, cols [][]int) {
	c := &la.BlockTridiag{}
	c.CopyFrom(b)
	c.FindSub()
	for k := 0; k+1 < c.Blocks(); k++ {
		rows, cols = append(rows, c.SubRows(k)), append(cols, c.SubCols(k))
	}
	return rows, cols
}

func TestAnalyseRejects(t *testing.T) {
	sb := la.NewSymBuilder(3, 0)
	sb.Add(2, 0, 1)
	a, _ := sb.Build()
	for name, c := range map[string]struct {
		p    Perm
		part Partition
		want string
	}{
		"order":       {nil, New([]int{1, 1}), "2 indices together, the matrix has order 3"},
		"length":      {Perm{0, 1}, New([]int{3}), "permutation of 2"},
		"not a perm":  {Perm{0, 1, 1}, New([]int{3}), "p[1] = p[2] = 1"},
		"out of it":   {Perm{0, 1, 3}, New([]int{3}), "p[2] = 3"},
		"entry":       {nil, New([]int{1, 1, 1}), "entry (2, 0), permuted (2, 0), couples blocks 2 and 0"},
		"other entry": {Perm{2, 1, 0}, New([]int{1, 1, 1}), "entry (2, 0), permuted (0, 2), couples blocks 0 and 2"},
	} {
		if g, err := Analyse(a, c.p, c.part); err == nil || !strings.Contains(err.Error(), c.want) || g != nil {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := Analyse(a, Perm{0, 2, 1}, New([]int{1, 1, 1})); err != nil {
		t.Error(err)
	}
	if _, err := Analyse(&la.Sym{}, nil, Partition{}); err != nil {
		t.Error(err)
	}
}

// A storage of more than 2³² numbers takes the wide slots; it is analysed
// without being made. Where addresses have 32 bits it is refused.
func TestWideSlots(t *testing.T) {
	n := 70_000 // a variable, so that its square compiles on 32 bits
	sb := la.NewSymBuilder(n, 0)
	sb.Add(n-1, n-1, 1)
	sb.Add(n-1, 3, 1)
	a, _ := sb.Build()
	g, err := Analyse(a, nil, New([]int{n}))
	if bits.UintSize == 32 {
		if err == nil {
			t.Error("more than memory can be addressed")
		}
		return
	}
	if err != nil || g.slot(0) != (n-1)*n+3 || g.slot(1) != n*n-1 || g.elements != n*n {
		t.Errorf("slots %d, %d: %v", g.slot(0), g.slot(1), err)
	}
}

func TestGatherPanics(t *testing.T) {
	sb := la.NewSymBuilder(3, 0)
	sb.Add(2, 0, 1)
	a, _ := sb.Build()
	g, _ := Analyse(a, nil, New([]int{2, 1}))
	for _, c := range []struct {
		dst *la.BlockTridiag
		src *la.Sym
	}{{g.New(), &la.Sym{}}, {la.NewBlockTridiag([]int{3}), a}, {la.NewBlockTridiag([]int{1, 2}), a}} {
		func() {
			defer func() {
				if r := recover(); r != ErrShape {
					t.Errorf("panic %v", r)
				}
			}()
			g.To(c.dst, c.src)
		}()
	}
}
