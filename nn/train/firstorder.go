package train

import (
	"fmt"
	"math"

	"costate/internal/space"
	"costate/la/vec"
	"costate/nn"
)

// SGD is gradient descent, θ ← θ − ηg, with the gradient of the batch it is
// given: of all data or of a mini-batch. With Momentum μ it is Polyak's heavy
// ball,
//
//	v ← μv + g        θ ← θ − ηv
//
// as in PyTorch's SGD.
//
// Source: B. T. Polyak, Some methods of speeding up the convergence of iteration
// methods, USSR Comput. Math. Math. Phys. 4 (1964).
type SGD struct {
	Rate     float64 // η; 0 is 0.1, which is no recommendation
	Momentum float64 // μ; 0 is none

	owner owner
	first firstOrder
	v     []float64
}

// Name is "sgd", or "momentum" if there is any.
func (o *SGD) Name() string {
	if o.Momentum != 0 {
		return "momentum"
	}
	return "sgd"
}

// Step implements Optimizer.
func (o *SGD) Step(t *Task) (Info, error) {
	if o.owner.changes(t.Net) {
		o.v = nil
	}
	info, err := o.first.begin(t)
	if err != nil {
		return info, err
	}
	rate := orDefault(o.Rate, 0.1)
	step := o.first.grad
	if o.Momentum != 0 {
		if len(o.v) != len(step) {
			o.v = make([]float64, len(step))
		}
		for i, g := range step {
			o.v[i] = o.Momentum*o.v[i] + g
		}
		step = o.v
	}
	vec.Axpy(o.first.theta, -rate, step)
	t.Net.SetParams(o.first.theta)
	return info, nil
}

// State implements Optimizer.
func (o *SGD) State() State { return State{"v": clone(o.v)} }

// SetState implements Optimizer.
func (o *SGD) SetState(s State) error {
	v, ok := s["v"]
	if !ok || len(s) != 1 {
		return badState(o.Name())
	}
	o.owner.release()
	o.v = clone(v)
	return nil
}

// Adam is gradient descent with a rate for each parameter, of running means of
// the gradient and its square,
//
//	m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²
//	θ ← θ − η m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)
//
// Source: D. P. Kingma and J. Ba, Adam: a method for stochastic optimization,
// arXiv:1412.6980, algorithm 1.
type Adam struct {
	Rate  float64 // η; 0 is 0.001; these defaults are the paper's
	Beta1 float64 // 0 is 0.9
	Beta2 float64 // 0 is 0.999
	Eps   float64 // 0 is 1e-8

	owner owner
	first firstOrder
	t     float64 // steps made
	m, v  []float64
}

// Name is "adam".
func (o *Adam) Name() string { return "adam" }

// Step implements Optimizer.
func (o *Adam) Step(t *Task) (Info, error) {
	if o.owner.changes(t.Net) {
		o.t, o.m, o.v = 0, nil, nil
	}
	info, err := o.first.begin(t)
	if err != nil {
		return info, err
	}
	g, theta := o.first.grad, o.first.theta
	if len(o.m) != len(g) {
		o.t, o.m, o.v = 0, make([]float64, len(g)), make([]float64, len(g))
	}
	b1, b2 := orDefault(o.Beta1, 0.9), orDefault(o.Beta2, 0.999)
	eps := orDefault(o.Eps, 1e-8)
	o.t++
	rate := orDefault(o.Rate, 1e-3) / (1 - math.Pow(b1, o.t))
	c2 := 1 / (1 - math.Pow(b2, o.t))
	for i, gi := range g {
		m := b1*o.m[i] + (1-b1)*gi
		v := b2*o.v[i] + (1-b2)*gi*gi
		o.m[i], o.v[i] = m, v
		theta[i] -= rate * m / (math.Sqrt(v*c2) + eps)
	}
	t.Net.SetParams(theta)
	return info, nil
}

// State implements Optimizer.
func (o *Adam) State() State {
	return State{"t": {o.t}, "m": clone(o.m), "v": clone(o.v)}
}

// SetState implements Optimizer.
func (o *Adam) SetState(s State) error {
	t, m, v := s["t"], s["m"], s["v"]
	if len(s) != 3 || len(t) != 1 || len(m) != len(v) {
		return badState(o.Name())
	}
	o.owner.release()
	o.t, o.m, o.v = t[0], clone(m), clone(v)
	return nil
}

// firstOrder is what methods share that need nothing but the gradient.
type firstOrder struct {
	ws          nn.Workspace
	theta, grad []float64
}

// begin evaluates loss and gradient and takes the parameters.
func (f *firstOrder) begin(t *Task) (Info, error) {
	n := t.Net.NumParams()
	f.theta, f.grad = space.Resize(f.theta, n), space.Resize(f.grad, n)
	info := unknown()
	loss, err := t.gradient(f.grad, t.Net, &f.ws)
	if err != nil {
		return info, err
	}
	t.Net.ParamsTo(f.theta)
	info.Loss, info.Gradient, info.Accepted = loss, vec.Norm2(f.grad), true
	return info, nil
}

// orDefault is x, or d where x is 0.
func orDefault(x, d float64) float64 {
	if x == 0 {
		return d
	}
	return x
}

func clone(x []float64) []float64 { return append([]float64{}, x...) }

func badState(name string) error {
	return fmt.Errorf("train: the state is not one of the optimizer %q", name)
}
