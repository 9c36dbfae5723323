//go:build !linux

package blastest

import (
	"testing"

	"costate/la/blas"
)

// Pages needs pages that may not be read, which are only made on Linux here.
func Pages(t *testing.T, g blas.Backend) { t.Log("no guard pages on this system") }
