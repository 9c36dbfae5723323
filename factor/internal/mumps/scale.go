//go:build cgo && mumps

package mumps

import (
	"costate/factor/internal/scaling"
	"costate/internal/space"
	"costate/la/ranks"
)

// scale finds S for K as it is damped, by scaling.Sums. The sums and maxima are over all
// ranks, and each rank has all of S.
func (s *share) scale() {
	s.s = space.Resize(s.s, s.k.Order())
	low := s.k.K.RawLower()
	scaling.Sums(s.s, s.scratch(1), scaling.Rows{
		Largest: func(rows []float64) {
			scaling.RowMaxima(rows, s.s, low)
			ranks.Max(rows)
		},
		Sums: func(rows []float64) {
			scaling.RowSums(rows, s.s, low)
			ranks.Sum(rows)
		},
		// Ranks need not have the same last bits of a sum, but of a maximum they have.
		Most: func(far float64) float64 {
			most := []float64{far}
			ranks.Max(most)
			return most[0]
		},
	})
	ranks.Broadcast(s.s)
	scaling.RoundAugmented(s.s, s.k.Params(), s.k.States())
}
