package factor_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// Poisson's equation −Δu = f on the unit square with u = 0 around it, by the
// five-point formula: the unknowns of one line of the grid are a block. The
// solution is u = sin πx sin 2πy, and the error falls with the square of the
// distance of points.
//
// The work is m⁴ for m×m points, m times that of a line. It is meant for chains
// that are longer than wide; for large squares nested dissection does less.
func Example_poisson() {
	before := 0.0
	for _, m := range []int{10, 20, 40, 80} {
		h := 1 / float64(m+1)
		var f factor.Block
		if err := f.Factorize(laplacian(m, m, h)); err != nil {
			fmt.Println(err)
			return
		}
		u := func(i int) float64 {
			x, y := float64(i%m+1)*h, float64(i/m+1)*h
			return math.Sin(math.Pi*x) * math.Sin(2*math.Pi*y)
		}
		b := mat.NewVecDense(m*m, nil)
		for i := range m * m {
			b.SetVec(i, 5*math.Pi*math.Pi*u(i))
		}
		var x mat.VecDense
		if err := f.SolveVecTo(&x, b); err != nil {
			fmt.Println(err)
			return
		}
		worst := 0.0
		for i := range m * m {
			worst = math.Max(worst, math.Abs(x.AtVec(i)-u(i)))
		}
		fmt.Printf("%2d×%2d points: error %.1e", m, m, worst)
		if before > 0 {
			fmt.Printf(", order %.1f", math.Log(before/worst)/math.Log(float64(m+1)/float64(m/2+1)))
		}
		fmt.Println()
		before = worst
	}
	// Output:
	// 10×10 points: error 2.3e-02
	// 20×20 points: error 6.3e-03, order 2.0
	// 40×40 points: error 1.7e-03, order 2.0
	// 80×80 points: error 4.3e-04, order 2.0
}

// laplacian is −Δ by the five-point formula on rows×cols points at distance h,
// with zeros around them; each row of points is a block, coupled to the next
// one point by point.
func laplacian(rows, cols int, h float64) *la.BlockTridiag {
	sizes := make([]int, rows)
	for k := range sizes {
		sizes[k] = cols
	}
	a := la.NewBlockTridiag(sizes)
	for k := range rows {
		d, ld := a.Diag(k)
		for i := range cols {
			d[i*ld+i] = 4 / (h * h)
			if i > 0 {
				d[i*ld+i-1] = -1 / (h * h)
			}
		}
		if k > 0 {
			s, ld := a.Sub(k - 1)
			for i := range cols {
				s[i*ld+i] = -1 / (h * h)
			}
		}
	}
	return a
}
