package factor

import "costate/la/vec"

func norm2(v []float64) float64 { return vec.Norm2(v) }
func written(err error) bool {
	_, bad := err.(*NotFiniteError)
	return !bad
}

const (
	unit        = 0x1p-53
	growthAlarm = 1e10
	shiftBy     = 1e-8
)
