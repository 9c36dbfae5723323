package scaling

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/la"
)

// augmented is a random matrix with the pattern of an augmented system: a damping on the
// parameters, elements of all orders of magnitude up to spread digits apart, and -1 between states and
// costates.
func augmented(rng *rand.Rand, params, states int, spread float64) *la.Sym {
	n := params + 2*states
	b := la.NewSymBuilder(n, 8*n)
	for i := range params {
		b.Add(i, i, math.Pow(10, -spread*rng.Float64()))
		b.Add(params+rng.IntN(2*states), i, math.Pow(10, -spread*rng.Float64())*rng.NormFloat64())
	}
	for i := range states {
		b.Add(params+states+i, params+i, -1)
		if i > 0 {
			b.Add(params+states+i, params+rng.IntN(i), math.Pow(10, -spread*rng.Float64())*rng.NormFloat64())
		}
		b.Add(params+i, params+i, rng.NormFloat64())
	}
	a, _ := b.Build()
	return a
}

// TestSums checks that sums of rows end within a factor of alike of 1, that the same sizes come
// out where A is shared by two holders, and that rounding keeps them within powers of two.
func TestSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for trial := range 60 {
		params, states := 1+rng.IntN(60), 1+rng.IntN(20)
		a := augmented(rng, params, states, float64(trial%3)*6)
		low := a.RawLower()
		s, rows := make([]float64, low.N), make([]float64, low.N)
		sweeps := 0
		Sums(s, rows, Rows{
			Largest: func(rows []float64) { RowMaxima(rows, s, low) },
			Sums:    func(rows []float64) { sweeps++; RowSums(rows, s, low) },
		})
		RowSums(rows, s, low)
		if sweeps < sumSweeps {
			for i, v := range rows {
				if !(v <= alike && v >= 1/alike) {
					t.Errorf("trial %d: row %d sums to %g after %d sweeps", trial, i, v, sweeps)
				}
			}
		}
		shared, mine := make([]float64, low.N), make([]float64, low.N)
		parts := [2]la.Lower{low, low} // of the even and of the odd elements
		for k := range parts {
			parts[k].Val = append([]float64(nil), low.Val...)
			for at := range parts[k].Val {
				if at%2 != k {
					parts[k].Val[at] = 0
				}
			}
		}
		Sums(shared, rows, Rows{
			Largest: func(rows []float64) {
				RowMaxima(mine, shared, parts[0])
				RowMaxima(rows, shared, parts[1])
				for i := range rows {
					rows[i] = max(rows[i], mine[i])
				}
			},
			Sums: func(rows []float64) {
				RowSums(mine, shared, parts[0])
				RowSums(rows, shared, parts[1])
				for i := range rows {
					rows[i] += mine[i]
				}
			},
			Most: func(far float64) float64 { return far },
		})
		for i := range s {
			if math.Abs(shared[i]-s[i]) > 1e-9*s[i] {
				t.Errorf("trial %d: row %d is scaled by %g, in parts by %g", trial, i, s[i], shared[i])
			}
		}
		exact := append([]float64(nil), s...)
		RoundAugmented(s, params, states)
		for i, v := range s {
			if f, _ := math.Frexp(v); f != 0.5 {
				t.Errorf("trial %d: scale %g is no power of two", trial, v)
			}
			if i < params && !(v <= 1.5*exact[i] && v >= exact[i]/1.5) {
				t.Errorf("trial %d: parameter %d: %g rounded to %g", trial, i, exact[i], v)
			}
		}
		for i := range states {
			y, m := params+i, params+states+i
			if exact[y]*exact[m] >= 0.25 && s[y]*s[m] != 1 {
				t.Errorf("trial %d: the pair of state %d is scaled by %g", trial, i, s[y]*s[m])
			}
		}
	}
}
