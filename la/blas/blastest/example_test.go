package blastest_test

import (
	"fmt"
	"testing"

	"costate/la/blas"
	"costate/la/blas/blastest"
)

// A backend proves itself by one line in a test of its package.
func ExampleRun() {
	test := func(t *testing.T) { blastest.Run(t, blas.Native()) }
	_ = test

	// The matrices of the tests serve elsewhere too: here one with zeros on
	// the diagonal, whose first pivot has order two.
	f := blastest.NewFactor(blastest.Kinds[1], 4, 0, blastest.NewRand(1))
	f.Factorize(blas.Native())
	neg, zero, pos := blas.DInertia(f.N, f.A.Data, f.A.Ld, f.E)
	fmt.Println(blastest.Kinds[1].Name, neg, zero, pos)
	// Output:
	// zero-diagonal 3 0 1
}
