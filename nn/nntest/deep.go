// Package nntest makes networks for tests.
package nntest

import (
	"math/rand/v2"
	"testing"

	"costate/nn"
)

// Deep is the linearization of a network of so many layers of width 10 on two samples, whose first
// layers hardly matter: at a small damping only a scaling shows which pivots do.
func Deep(t testing.TB, layers int) *nn.Linearization {
	t.Helper()
	rng := rand.New(rand.NewPCG(17, 18))
	widths := []int{5}
	for range layers - 1 {
		widths = append(widths, 10)
	}
	net, err := nn.New(5, nn.CrossEntropy, nn.MLP(append(widths, 3), nn.Tanh, false)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(1, nil)
	b := nn.Batch{N: 2, X: make([]float64, 10), Labels: []int{0, 2}}
	for i := range b.X {
		b.X[i] = rng.NormFloat64()
	}
	lin := new(nn.Linearization)
	if err := net.Linearize(lin, &b); err != nil {
		t.Fatal(err)
	}
	return lin
}
