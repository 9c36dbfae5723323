package pde

import (
	"strings"
	"testing"

	"costate/nn"
)

// TestSobolPoints compares with points that SciPy 1.10's unscrambled sequence has, in
// 64ths, all 21 dimensions.
func TestSobolPoints(t *testing.T) {
	const n = 64
	x := make([]float64, n*sobolDims)
	sobol(x, sobolDims, make([]uint32, sobolDims))
	for _, c := range []struct {
		point int
		want  [sobolDims]int
	}{
		{0, [sobolDims]int{}},
		{1, [sobolDims]int{32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32}},
		{2, [sobolDims]int{48, 16, 16, 16, 48, 48, 16, 48, 48, 48, 48, 48, 16, 16, 48, 16, 48, 16, 48, 16, 16}},
		{3, [sobolDims]int{16, 48, 48, 48, 16, 16, 48, 16, 16, 16, 16, 16, 48, 48, 16, 48, 16, 48, 16, 48, 48}},
		{7, [sobolDims]int{8, 40, 24, 8, 8, 24, 40, 40, 40, 56, 40, 8, 40, 24, 8, 8, 8, 8, 40, 56, 56}},
		{13, [sobolDims]int{52, 44, 52, 4, 28, 60, 36, 36, 36, 28, 52, 60, 4, 52, 12, 36, 12, 44, 36, 60, 36}},
		{37, [sobolDims]int{59, 41, 37, 59, 49, 19, 11, 51, 39, 11, 1, 5, 37, 55, 7, 31, 51, 27, 3, 9, 61}},
		{63, [sobolDims]int{1, 51, 23, 29, 55, 9, 37, 9, 53, 37, 27, 43, 35, 49, 21, 49, 5, 25, 61, 15, 15}},
	} {
		for j, w := range c.want {
			if got := x[c.point*sobolDims+j]; got != float64(w)/64+0.5/(1<<32) {
				t.Errorf("point %d, dimension %d: %v, want %d/64", c.point, j+1, got, w)
			}
		}
	}
}

// TestSobolEven: with any shift, 2ᵏ points have one in each of 2ᵏ equal intervals of
// every dimension, and one in each rectangle of area 2⁻ᵏ of the first two.
func TestSobolEven(t *testing.T) {
	for seed := range uint64(4) {
		const k, n = 8, 1 << 8
		x, w := make([]float64, n*sobolDims), make([]float64, n)
		cube(x, w, "sobol", sobolDims, seed, 3)
		for j := range sobolDims {
			var seen [n]int
			for a := range n {
				seen[int(x[a*sobolDims+j]*n)]++
			}
			for i, c := range seen {
				if c != 1 {
					t.Fatalf("seed %d, dimension %d: %d points in interval %d", seed, j+1, c, i)
				}
			}
		}
		for wide := range k + 1 {
			seen := map[[2]int]int{}
			for a := range n {
				p := x[a*sobolDims:]
				seen[[2]int{int(p[0] * float64(int(1)<<wide)), int(p[1] * float64(int(1)<<(k-wide)))}]++
			}
			if len(seen) != n {
				t.Errorf("seed %d: %d of %d rectangles of width 2^-%d have a point", seed, len(seen), n, wide)
			}
		}
	}
	p := curvedProblem()
	p.Groups[0].Regions = []Region{{Dim: sobolDims + 1, Map: func(x, t []float64) { copy(x, t) }}}
	net := newNet(t, nn.Tanh, 1, 3, 4, 1)
	if _, err := NewObjective(p, net, &Options{Points: "sobol"}); err == nil || !strings.Contains(err.Error(), "at most 21") {
		t.Error(err)
	}
}
