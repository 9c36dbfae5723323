package factor_test

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/system"
)

// control is a linear-quadratic control problem: a mass, with position and
// speed as state, pushed at each of 20 steps.
func control() *system.Chain {
	const dt = 0.1
	c := &system.Chain{Loss: system.SampleMap{Batch: 1, Rows: 2, Cols: 2, Diag: []float64{10, 10}}}
	for k := range 20 {
		s := &system.BlockStage{P: 1, NOut: 2}
		s.G = system.FromDense(2, 1, []float64{0, dt})
		s.A = system.FromDense(1, 1, []float64{0.01}) // what a push costs
		if k > 0 {
			s.NIn = 2
			s.F = system.FromDense(2, 2, []float64{1, dt, 0, 1})
			s.Q = system.FromDense(2, 2, []float64{1, 0, 0, 0}) // what being away costs
		}
		c.Stages = append(c.Stages, s)
	}
	return c
}

func ExampleAugmented() {
	var f factor.Augmented
	if err := f.Analyse(control(), nil); err != nil {
		fmt.Println(err)
		return
	}
	if err := f.Factorize(0); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("order of K:", f.System().Order())
	fmt.Println("inertia of H:", f.Inertia())

	b := mat.NewVecDense(f.SymmetricDim(), nil)
	b.SetVec(0, 1)
	var x mat.VecDense
	if err := f.SolveVecTo(&x, b); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f %.4f %.4f\n", x.AtVec(0), x.AtVec(1), x.AtVec(2))
	// Output:
	// order of K: 100
	// inertia of H: (0, 0, 20)
	// 63.8147 -28.1920 -20.8369
}

func ExampleDense() {
	// Another damping makes H + εI indefinite.
	var f factor.Dense
	if err := f.Analyse(control(), nil); err != nil {
		fmt.Println(err)
		return
	}
	for _, eps := range []float64{0, -0.05, -1} {
		if err := f.Factorize(eps); err != nil {
			fmt.Println(err)
			return
		}
		log, sign := f.LogDet()
		fmt.Printf("ε = %5.2f  inertia %v  det = %v·exp(%.3f)\n", eps, f.Inertia(), sign, log)
	}
	// Output:
	// ε =  0.00  inertia (0, 0, 20)  det = 1·exp(-80.289)
	// ε = -0.05  inertia (18, 0, 2)  det = 1·exp(-58.291)
	// ε = -1.00  inertia (19, 0, 1)  det = -1·exp(0.570)
}

func ExampleMINRES() {
	var f factor.MINRES
	if err := f.Analyse(control(), nil); err != nil {
		fmt.Println(err)
		return
	}
	if err := f.Factorize(-1); err != nil {
		fmt.Println(err)
		return
	}
	b := mat.NewVecDense(f.SymmetricDim(), nil)
	b.SetVec(0, 1)
	var x mat.VecDense
	if err := f.SolveVecTo(&x, b); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("backward error at most 1e-14:", f.Report().BackwardError <= 1e-14)
	// Output:
	// backward error at most 1e-14: true
}

// Conjugate gradients notice that a matrix is not positive definite.
func ExampleCG() {
	var f factor.CG
	if err := f.Analyse(control(), nil); err != nil {
		fmt.Println(err)
		return
	}
	b := mat.NewVecDense(f.SymmetricDim(), nil)
	b.SetVec(0, 1)
	var x mat.VecDense
	for _, eps := range []float64{0, -1} {
		if err := f.Factorize(eps); err != nil {
			fmt.Println(err)
			return
		}
		switch err := f.SolveVecTo(&x, b).(type) {
		case nil:
			fmt.Println("solved to 1e-14:", f.Report().BackwardError <= 1e-14)
		case *factor.NegativeCurvatureError:
			fmt.Println("not positive definite: curvature below zero:", err.Curvature < 0)
		}
	}
	// Output:
	// solved to 1e-14: true
	// not positive definite: curvature below zero: true
}
