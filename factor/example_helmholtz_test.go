package factor_test

import (
	"fmt"
	"math"
	"slices"

	"costate/factor"
	"costate/factor/eigen"
)

// A membrane driven at the frequency ω: −Δu − ω²u = f is indefinite, with one
// negative eigenvalue for each frequency of the membrane below ω. Inertia counts
// them, and the iteration of Lanczos finds those nearest to ω and certifies
// that there are no others.
func Example_helmholtz() {
	const rows, cols, omega = 60, 30, 15.0
	h := 1.0 / (cols + 1) // width 1, length near 2
	a := laplacian(rows, cols, h)

	var f factor.Block
	if err := f.FactorizeShifted(a, omega*omega); err != nil {
		fmt.Println(err)
		return
	}
	known := frequencies(rows, cols, h)
	below, _ := slices.BinarySearch(known, omega)
	fmt.Println("frequencies below ω:", f.Inertia().Negative, "known:", below)

	var l eigen.Lanczos
	if err := l.Factorize(eigen.OfBlock(a, nil), omega*omega, 5); err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range l.Values(nil) {
		w := math.Sqrt(v)
		i, _ := slices.BinarySearch(known, w*(1-1e-12))
		fmt.Printf("%.4f, known: %.4f\n", w, known[i])
	}
	r := l.Report()
	fmt.Printf("between %.2f and %.2f there are %d, certain: %v\n", math.Sqrt(r.Interval.Low), math.Sqrt(r.Interval.High), r.Inside, r.Certain)
	// Output:
	// frequencies below ω: 29 known: 29
	// 14.8032, known: 14.8032
	// 14.5828, known: 14.5828
	// 14.5498, known: 14.5498
	// 15.5608, known: 15.5608
	// 15.6222, known: 15.6222
	// between 14.34 and 15.63 there are 5, certain: true
}

// frequencies are the roots of the eigenvalues of the laplacian, ascending.
func frequencies(rows, cols int, h float64) []float64 {
	w := []float64{}
	for i := 1; i <= rows; i++ {
		for j := 1; j <= cols; j++ {
			s := math.Sin(float64(i) * math.Pi / float64(2*(rows+1)))
			c := math.Sin(float64(j) * math.Pi / float64(2*(cols+1)))
			w = append(w, 2/h*math.Hypot(s, c))
		}
	}
	slices.Sort(w)
	return w
}
