package blas_test

import (
	"fmt"
	"testing"

	"costate/la/blas"
	"costate/la/blas/blastest"
)

// TestLdlpart runs the partial factorization with narrow panels, so that
// columns that fail and partners from outside meet the panels' edges
// everywhere, and its unblocked twin.
func TestLdlpart(t *testing.T) {
	for _, nb := range []int{0, 1, 2, 3, 7, 32} {
		t.Run(fmt.Sprintf("nb=%d", nb), func(t *testing.T) {
			blastest.PartialFactorization(t, blas.PanelledLdlpart(nb))
		})
	}
}
