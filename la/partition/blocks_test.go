package partition

import (
	"slices"
	"testing"
)

func TestPartition(t *testing.T) {
	p := New([]int{2, 1, 4})
	if p.Len() != 7 || p.Blocks() != 3 || p.Largest() != 4 {
		t.Errorf("%d indices in %d blocks up to %d", p.Len(), p.Blocks(), p.Largest())
	}
	if !slices.Equal(p.Sizes(), []int{2, 1, 4}) || !slices.Equal(p.Firsts(), []int{0, 2, 3}) {
		t.Errorf("%v %v", p.Sizes(), p.Firsts())
	}
	of := make([]int, 7)
	p.BlocksOf(of)
	for i, k := range of {
		if p.BlockOf(i) != k || i < p.First(k) || i > p.Last(k) || p.Size(k) != p.Last(k)-p.First(k)+1 {
			t.Errorf("index %d is in block %d or %d", i, p.BlockOf(i), k)
		}
	}
	if u := Uniform(7, 3); !slices.Equal(u.Sizes(), []int{3, 3, 1}) {
		t.Errorf("uniform: %v", u.Sizes())
	}
	if u := Uniform(6, 3); !slices.Equal(u.Sizes(), []int{3, 3}) {
		t.Errorf("uniform: %v", u.Sizes())
	}
	if z := (Partition{}); z.Len() != 0 || z.Blocks() != 0 || z.Largest() != 0 || len(z.Sizes()) != 0 {
		t.Error("the zero value is not empty")
	}
}

func TestPanics(t *testing.T) {
	x := make([]float64, 3)
	for name, c := range map[string]struct {
		want any
		fn   func()
	}{
		"size":   {ErrBlockSize, func() { New([]int{1, 0}) }},
		"block":  {ErrBlock, func() { New([]int{1}).Size(1) }},
		"index":  {ErrIndex, func() { New([]int{1}).BlockOf(1) }},
		"length": {ErrLength, func() { Perm{0, 1}.Apply(x, x[:2]) }},
		"alias":  {ErrAlias, func() { Perm{0, 1, 2}.Apply(x, x) }},
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
