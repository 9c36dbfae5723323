package factor_test

import (
	"fmt"
	"testing"

	"costate/factor"
	"costate/la/blas"
	"costate/system/chaintest"
)

func TestAugmented(t *testing.T) {
	for i, tc := range chainCases {
		for _, gn := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/gn=%v", tc.name, gn), func(t *testing.T) {
				c := tc.make(uint64(i))
				if gn {
					c = c.GaussNewton()
				}
				h := chaintest.Matrix(c, blas.Native())
				var f factor.Augmented
				if err := f.Analyse(c, nil); err != nil {
					t.Fatal(err)
				}
				for _, eps := range dampings {
					check(t, &f, h, eps)
				}
			})
		}
	}
}
