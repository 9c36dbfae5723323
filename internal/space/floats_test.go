package space

import "testing"

// TestFloats checks lengths around those of large pages: the memory asked for is inside of
// what was made, all zeros and writable to the last element.
func TestFloats(t *testing.T) {
	for _, n := range []int{0, 1, largePage - 1, 2*largePage - 1, 2 * largePage, 2*largePage + 1, 3*largePage + 77} {
		around := [2][]float64{make([]float64, 64), nil}
		x := Floats(n)
		around[1] = make([]float64, 64)
		if len(x) != n {
			t.Fatalf("%d elements, wanted %d", len(x), n)
		}
		for i, v := range x {
			if v != 0 {
				t.Fatalf("element %d of %d is %g", i, n, v)
			}
			x[i] = 1
		}
		for _, a := range around {
			for _, v := range a {
				if v != 0 {
					t.Fatal("memory of others was written to")
				}
			}
		}
	}
}
