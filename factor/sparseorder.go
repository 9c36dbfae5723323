package factor

import (
	"costate/la"
	"costate/la/partition"
)

// orderSparse finds the plan for a matrix.
func orderSparse(a *la.Sym) (*partition.Plan, error) {
	return partition.Auto(a, nil)
}
