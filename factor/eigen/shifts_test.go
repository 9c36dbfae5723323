package eigen

import (
	"math"
	"testing"
)

// TestRule: the least numbers of shifts are those of the analysis, for every ratio of
// norm and width and every tolerance, and the sum for the sign has the same error.
func TestRule(t *testing.T) {
	for kappa, want := range map[float64][]int{
		1e1: {3, 4, 6, 10}, 1e2: {4, 6, 10, 15}, 1e3: {6, 7, 13, 21}, 1e4: {7, 9, 17, 27}, 1e6: {10, 13, 24, 38}, 1e8: {13, 17, 31, 50},
	} {
		for i, tol := range []float64{1e-2, 1e-3, 1e-6, 1e-10} {
			var m rules
			r, err := m.find(kappa, tol, 100)
			if n := len(r.s); n != want[i] || err > tol {
				t.Errorf("κ = %g to %g: %d shifts with error %.2g, wanted %d", kappa, tol, n, err, want[i])
			}
			sign := Sign(1)
			weights := r.weights(&sign)
			for _, x := range []float64{0, 1e-3, 0.3, -1, 7, -kappa / 3, kappa} {
				sum := 0.0
				for j, w := range weights {
					sum += w * x / (x*x + r.s[j]*r.s[j])
				}
				if f := x / math.Hypot(x, 1); math.Abs(x) <= kappa && math.Abs(sum-f) > 1.01*tol*math.Abs(f)+1e-15 {
					t.Errorf("κ = %g to %g: the sign of %g is %g, wanted %g", kappa, tol, x, sum, f)
				}
			}
		}
	}
	var m rules
	if r, err := m.find(1e8, 1e-10, 5); len(r.s) != 5 || err < 1e-3 || err != r.err(1e8) {
		t.Errorf("%d shifts where 5 are allowed, error %g", len(r.s), err)
	}
}
