package newton_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"

	"costate/factor/newton"
	"costate/la"
)

// A film between two points under pressure: heights x_0, …, x_{n-1} at equal
// distances d minimize its length plus w times the area above it,
//
//	Σ √(d² + (x_{i+1} − x_i)²) + d Σ w x_i        x_{-1} = x_n = 0
//
// The Hessian is tridiagonal; a dense one of 5000 unknowns would have 25 million
// elements. The solution is an arc of a circle with curvature w.
func Example() {
	const n, w = 5000, 0.9
	const d = 1.0 / (n + 1)
	slope := func(x []float64, i int) float64 { // left of x_i
		right, left := 0.0, 0.0
		if i < n {
			right = x[i]
		}
		if i > 0 {
			left = x[i-1]
		}
		return (right - left) / d
	}
	problem := optimize.Problem{
		Func: func(x []float64) (f float64) {
			for i := range n + 1 {
				s := slope(x, i)
				f += d * math.Sqrt(1+s*s)
			}
			for _, v := range x {
				f += d * w * v
			}
			return f
		},
		Grad: func(g, x []float64) {
			for i := range g {
				s, t := slope(x, i), slope(x, i+1)
				g[i] = s/math.Sqrt(1+s*s) - t/math.Sqrt(1+t*t) + d*w
			}
		},
	}
	pattern := la.NewSymBuilder(n, 2*n)
	for i := range n {
		pattern.Add(i, i, 0)
		if i > 0 {
			pattern.Add(i, i-1, 0)
		}
	}
	hessian, _ := pattern.Build()
	method := &newton.Method{
		GradStopThreshold: 1e-10,
		Hess: func(x []float64) *la.Sym {
			val := hessian.RawLower().Val // by rows: (0,0), (1,0), (1,1), (2,1), …
			stiff := func(i int) float64 { return math.Pow(1+slope(x, i)*slope(x, i), -1.5) / d }
			for i := range n {
				val[2*i] = stiff(i) + stiff(i+1)
				if i > 0 {
					val[2*i-1] = -stiff(i)
				}
			}
			return hessian
		},
	}
	r, err := optimize.Minimize(problem, make([]float64, n), nil, method)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Status, "in at most 8 steps:", r.MajorIterations <= 8)
	fmt.Printf("depth %.6f, of the arc %.6f\n", -r.X[n/2], (1-math.Sqrt(1-w*w/4))/w)
	// Output:
	// GradientThreshold in at most 8 steps: true
	// depth 0.118857, of the arc 0.118857
}
