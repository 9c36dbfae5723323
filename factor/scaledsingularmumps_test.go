//go:build mumps

package factor_test

import (
	"testing"

	"costate/factor"
)

// MUMPS finds singular what the native engine does. One system in forty that has a solution may
// end with an *AccuracyError.
func TestScaledSingularMUMPS(t *testing.T) { testScaledSingular(t, factor.EngineMUMPS, 1) }
