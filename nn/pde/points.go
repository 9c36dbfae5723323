package pde

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/samplemv"
)

// PointKinds are the words for how points are chosen in a region:
//
//	gauss    the product of Gauss–Legendre rules, whose weights the loss takes
//	halton   the sequence of J. H. Halton (Numer. Math. 2, 1960), its digits scrambled
//	         as A. B. Owen's A randomized Halton algorithm in R (arXiv:1706.02808) does
//	sobol    the sequence of I. M. Sobol with a random digital shift, in at most 21
//	         dimensions; best with powers of two
//	uniform  independent uniform points
//	grid     the centres of equal cells
//
// gauss and grid have as many points as fill a cube, at most as many as asked for:
// in many dimensions halton and sobol serve better.
var PointKinds = []string{"gauss", "halton", "sobol", "uniform", "grid"}

func checkKind(kind string) error {
	if !slices.Contains(PointKinds, kind) {
		return fmt.Errorf("pde: no points of kind %q; there are %s", kind, strings.Join(PointKinds, ", "))
	}
	return nil
}

// Redrawable reports whether the points of a kind can be drawn anew: others are always
// the same.
func Redrawable(kind string) bool { return kind != "gauss" && kind != "grid" }

// countOf is how many points there will be where n are asked for in k dimensions.
func countOf(kind string, n, k int) int {
	if k == 0 {
		return 1
	}
	if Redrawable(kind) {
		return n
	}
	all := 1
	for range k {
		all *= sideOf(n, k)
	}
	return all
}

// sideOf is the greatest s with sᵏ ≤ n, at least 1.
func sideOf(n, k int) int {
	s := int(math.Pow(float64(n), 1/float64(k)) + 1e-9)
	return max(1, s)
}

// cube fills t, n×k, with points of the unit cube, and w with weights whose sum is 1.
func cube(t, w []float64, kind string, k int, seed, round uint64) {
	n := len(w)
	for i := range w {
		w[i] = 1 / float64(n)
	}
	src := rand.NewPCG(seed, round)
	switch {
	case k == 0:
	case kind == "uniform":
		rng := rand.New(src)
		for i := range t {
			t[i] = rng.Float64()
		}
	case kind == "halton":
		samplemv.Halton{Kind: samplemv.Owen, Q: distmv.NewUnitUniform(k, src), Src: src}.Sample(mat.NewDense(n, k, t))
	case kind == "sobol":
		rng, shift := rand.New(src), make([]uint32, k)
		for j := range shift {
			shift[j] = rng.Uint32()
		}
		sobol(t, k, shift)
	default:
		product(t, w, kind, k)
	}
}

// product fills t and w with the product of k rules of one dimension.
func product(t, w []float64, kind string, k int) {
	side := sideOf(len(w), k)
	x, v := make([]float64, side), make([]float64, side)
	for i := range x {
		x[i], v[i] = (float64(i)+0.5)/float64(side), 1/float64(side)
	}
	if kind == "gauss" {
		quad.Legendre{}.FixedLocations(x, v, 0, 1)
	}
	for a := range w {
		w[a] = 1
		for i, at := 0, a; i < k; i, at = i+1, at/side {
			t[a*k+i] = x[at%side]
			w[a] *= v[at%side]
		}
	}
}
