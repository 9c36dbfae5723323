package pde_test

import (
	"context"
	"fmt"
	"math"

	"costate/nn"
	"costate/nn/pde"
	"costate/nn/train"
)

// A problem of one's own: the logistic equation u_t = u (1 − u) with u(0) = 0.1, and
// diffusion along x with no flux at the ends.
func Example() {
	lo, hi := []float64{0, 0}, []float64{1, 2}
	logistic := &pde.Problem{
		Name: "logistic", Inputs: []string{"x", "t"}, Lo: lo, Hi: hi,
		Solution: []func(x []float64) float64{func(x []float64) float64 { return 1 / (1 + 9*math.Exp(-x[1])) }},
		Groups: []pde.Group{
			{Name: "interior", Order: 2, Operators: [][]float64{{1, 0}}, Regions: []pde.Region{pde.Inside(lo, hi)},
				Residual: func(x, y, g, h []float64) float64 {
					u, ut, uxx := y[0], y[2], y[3]
					g[0], g[2], g[3] = 2*u-1, 1, -1
					h[0] = 2
					return ut - uxx - u*(1-u)
				}},
			{Name: "flux", Order: 1, Residual: pde.Linear([]float64{0, 1}, nil), Regions: pde.Faces(lo, hi, 0)},
			{Name: "initial", Weight: 10, Residual: pde.Value(func([]float64) float64 { return 0.1 }), Regions: []pde.Region{pde.Face(lo, hi, 1, 0)}},
		},
	}
	if err := pde.Check(logistic); err != nil {
		fmt.Println(err)
		return
	}
	net, err := nn.New(2, nn.SquaredError, nn.MLP([]int{2, 10, 10, 1}, nn.Tanh, true)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	pde.Init(net, logistic, 1, 1)
	loss, err := pde.NewObjective(logistic, net, &pde.Options{Interior: 225, Boundary: 45})
	if err != nil {
		fmt.Println(err)
		return
	}
	run := &train.Run{Net: net, Optimizer: &pde.LevenbergMarquardt{}, Objective: loss, Steps: 80}
	if _, err := run.Do(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	x := []float64{0.5, 0.5, 0.5, 1, 0.5, 2}
	fmt.Println("error below 1e-4:", pde.ErrorL2(net, x, pde.Exact(logistic, x), nil) < 1e-4)
	// Output: error below 1e-4: true
}

// A system with a periodic condition: sound in a ring, p_t + v_x = 0 and v_t + p_x = 0 for x from 0
// to 2π, with p = sin x and v = 0 at the beginning. The rows of a residual are those of p, then
// those of v: of order 1 p, p_x, p_t, v, v_x, v_t; and where points have partners p, v, p′, v′.
func ExampleProblem_system() {
	lo, hi := []float64{0, 0}, []float64{2 * math.Pi, 1}
	start, ends := []pde.Region{pde.Face(lo, hi, 1, 0)}, []pde.Region{pde.Face(lo, hi, 0, lo[0])}
	sound := &pde.Problem{
		Name: "sound", Inputs: []string{"x", "t"}, Outputs: []string{"p", "v"}, Lo: lo, Hi: hi,
		Solution: []func(x []float64) float64{
			func(x []float64) float64 { return math.Sin(x[0]) * math.Cos(x[1]) },
			func(x []float64) float64 { return -math.Cos(x[0]) * math.Sin(x[1]) },
		},
		Groups: []pde.Group{
			{Name: "interior", Order: 1, Regions: []pde.Region{pde.Inside(lo, hi)},
				Residual: pde.Linear([]float64{0, 0, 1, 0, 1, 0}, nil), More: []pde.Residual{pde.Linear([]float64{0, 1, 0, 0, 0, 1}, nil)}},
			{Name: "ring", Weight: 10, Regions: ends, Partner: pde.Opposite(0, hi[0]),
				Residual: pde.Linear([]float64{1, 0, -1, 0}, nil), More: []pde.Residual{pde.Linear([]float64{0, 1, 0, -1}, nil)}},
			{Name: "initial", Weight: 10, Regions: start, More: []pde.Residual{pde.Linear([]float64{0, 1}, nil)},
				Residual: pde.Value(func(x []float64) float64 { return math.Sin(x[0]) })},
		},
	}
	if err := pde.Check(sound); err != nil {
		fmt.Println(err)
		return
	}
	net, err := nn.New(2, nn.SquaredError, nn.MLP([]int{2, 24, 2}, nn.Tanh, true)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	pde.Init(net, sound, 1, 1)
	loss, err := pde.NewObjective(sound, net, &pde.Options{Interior: 225, Boundary: 45})
	if err != nil {
		fmt.Println(err)
		return
	}
	run := &train.Run{Net: net, Optimizer: &pde.LevenbergMarquardt{}, Objective: loss, Steps: 100}
	if _, err := run.Do(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	x := pde.Fresh(sound, 1000, 1)
	fmt.Println("error below 1e-3:", pde.ErrorL2(net, x, pde.Exact(sound, x), nil) < 1e-3)
	// Output: error below 1e-3: true
}
