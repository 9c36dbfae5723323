package space

import (
	"testing"
	"unsafe"
)

// TestArena checks that pieces are what was asked for, apart from each other, at lines of
// the cache, and that there are more than the arena has room for.
func TestArena(t *testing.T) {
	lengths := []int{0, 1, 7, 8, 9, 100, 1 << 19, 3, 1 << 20}
	total := 0
	for _, n := range lengths {
		total += ArenaLen(n)
	}
	a := NewArena(total)
	start := uintptr(unsafe.Pointer(unsafe.SliceData(a.rest)))
	var pieces [][]float64
	for i, n := range append(lengths, 5, 1000) {
		x := a.Take(n)
		if len(x) != n || cap(x) != n {
			t.Fatalf("%d of %d words, wanted %d", len(x), cap(x), n)
		}
		if p := uintptr(unsafe.Pointer(unsafe.SliceData(x))); i < len(lengths) && n > 0 && (p-start)%(8*line) != 0 {
			t.Errorf("piece %d does not begin at a line", i)
		}
		for j, v := range x {
			if v != 0 {
				t.Fatalf("element %d of piece %d is %g", j, i, v)
			}
			x[j] = float64(i + 1)
		}
		pieces = append(pieces, x)
	}
	if len(a.rest) != 0 {
		t.Errorf("%d words are left over", len(a.rest))
	}
	for i, x := range pieces {
		for j, v := range x {
			if v != float64(i+1) {
				t.Fatalf("element %d of piece %d became %g", j, i, v)
			}
		}
	}
	var none *Arena
	if x := none.Take(3); len(x) != 3 {
		t.Errorf("no arena gives %d words", len(x))
	}
}
