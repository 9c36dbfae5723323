package factor

import "costate/factor/internal/sweep"

// chainEngine is the sweep as an inverseEngine.
type chainEngine struct{ *sweep.Engine }

func (e chainEngine) InverseDiag(dst []float64) { e.Invert(&sweep.Inverse{Diag: dst}) }

func (e chainEngine) StageInverse(dst []float64, k int) {
	e.Invert(&sweep.Inverse{Block: dst, Stage: k})
}

func (e chainEngine) OutputInverse(dst []float64) { e.Invert(&sweep.Inverse{Outputs: dst}) }

// Definite is false: rounding could have made a pivot positive.
func (e chainEngine) Definite() bool { return false }
