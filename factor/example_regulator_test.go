package factor_test

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/partition"
	"costate/system"
)

// Model predictive control of a cart: at every step the best forces over a
// horizon are computed from where the cart is, and the first one is applied.
// The matrix is that of a chain with one stage a step,
//
//	z_k = F z_{k-1} + G x_k      cost Σ x_kᵀA x_k + z_kᵀQ z_k
//
// it is factored once, and each step of the cart is one solve. With the same
// chain assembled as a sparse matrix and put in order by stages, the general
// block factorization finds the same forces.
func Example_regulator() {
	const horizon = 60
	chain := cart(horizon)
	var f factor.Chain
	if err := errors.Join(f.Analyse(chain, nil), f.Factorize(0)); err != nil {
		fmt.Println(err)
		return
	}
	z := []float64{1, 0} // one metre off, at rest
	var force mat.VecDense
	for step := range 41 {
		if err := f.SolveVecTo(&force, descent(horizon, z)); err != nil {
			fmt.Println(err)
			return
		}
		if step%10 == 0 {
			fmt.Printf("%1.0f s: position %6.3f, speed %6.3f, force %6.3f\n", float64(step)*cartStep, z[0], z[1], force.AtVec(0))
		}
		move(z, force.AtVec(0))
	}

	// The last step again, by the sparse matrix in parameters, states and
	// costates.
	k := system.Assemble(chain, 0)
	order, sizes := k.StageOrder()
	perm := partition.Perm(order)
	gather, err := partition.Analyse(k.K, perm, partition.New(sizes))
	if err != nil {
		fmt.Println(err)
		return
	}
	blocks := gather.New()
	gather.To(blocks, k.K)

	z = []float64{1, 0}
	g := descent(horizon, z)
	b, v := make([]float64, k.Order()), make([]float64, k.Order())
	k.LiftTo(b, g.RawVector().Data)
	perm.Apply(v, b)
	var general factor.Block
	var solution mat.VecDense
	if err := errors.Join(general.Factorize(blocks), general.SolveVecTo(&solution, mat.NewVecDense(len(v), v)), f.SolveVecTo(&force, g)); err != nil {
		fmt.Println(err)
		return
	}
	perm.ApplyInverse(v, solution.RawVector().Data)
	x, _, _ := k.Split(v)
	fmt.Println("inertia of the sparse matrix:", general.Inertia())
	fmt.Println("both ways agree:", mat.EqualApprox(&force, mat.NewVecDense(len(x), x), 1e-10*mat.Norm(&force, 2)))
	// Output:
	// 0 s: position  1.000, speed  0.000, force -2.762
	// 1 s: position  0.383, speed -0.650, force  0.570
	// 2 s: position  0.013, speed -0.136, force  0.304
	// 3 s: position -0.023, speed  0.015, force  0.025
	// 4 s: position -0.006, speed  0.012, force -0.015
	// inertia of the sparse matrix: (120, 0, 180)
	// both ways agree: true
}

const cartStep = 0.1 // seconds

// cart is the chain of a cart of unit mass: position and speed, pushed by a
// constant force for each step.
func cart(horizon int) *system.Chain {
	const t = cartStep
	stage := system.BlockStage{
		P: 1, NIn: 2, NOut: 2,
		F: system.FromDense(2, 2, []float64{1, t, 0, 1}),
		G: system.FromDense(2, 1, []float64{t * t / 2, t}),
		A: system.FromDense(1, 1, []float64{0.1}),
		Q: system.FromDense(2, 2, []float64{1, 0, 0, 0.1}),
	}
	first := stage
	first.NIn, first.F, first.Q = 0, nil, nil // z_0 is given
	c := &system.Chain{Stages: []system.Stage{&first}}
	for range horizon - 1 {
		c.Stages = append(c.Stages, &stage)
	}
	c.Loss = system.SampleMap{Batch: 1, Rows: 2, Cols: 2, Full: []float64{1, 0, 0, 0.1}}
	return c
}

// descent is the negative gradient of half the cost in the forces, at no force,
// from the state z: the free motion, and then its costates backwards.
func descent(horizon int, z []float64) *mat.VecDense {
	const t = cartStep
	g := mat.NewVecDense(horizon, nil)
	free := make([][2]float64, horizon)
	p, v := z[0], z[1]
	for k := range free {
		p += t * v
		free[k] = [2]float64{p, v}
	}
	m0, m1 := 0.0, 0.0
	for k := horizon - 1; k >= 0; k-- {
		m0, m1 = free[k][0]+m0, 0.1*free[k][1]+t*m0+m1 // Qz + Fᵀm
		g.SetVec(k, -(t*t/2*m0 + t*m1))
	}
	return g
}

// move applies a force for one step.
func move(z []float64, force float64) {
	const t = cartStep
	z[0], z[1] = z[0]+t*z[1]+t*t/2*force, z[1]+t*force
}
