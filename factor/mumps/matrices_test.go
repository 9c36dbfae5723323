//go:build cgo && mumps

package mumps_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"costate/la"
)

// build makes a matrix of the entries that fill adds.
func build(n int, fill func(add func(i, j int, v float64))) *la.Sym {
	b := la.NewSymBuilder(n, 0)
	fill(b.Add)
	a, _ := b.Build()
	return a
}

// mesh is the seven-point Laplacian of m³ points, less sigma.
func mesh(m int, sigma float64) *la.Sym {
	return build(m*m*m, func(add func(i, j int, v float64)) {
		for i := range m * m * m {
			add(i, i, 6-sigma)
			if i%m > 0 {
				add(i, i-1, -1)
			}
			if i/m%m > 0 {
				add(i, i-m, -1)
			}
			if i/m/m > 0 {
				add(i, i-m*m, -1)
			}
		}
	})
}

// saddle is [H Bᵀ; B 0] with a diagonal H and a sparse B of full rank.
func saddle(rng *rand.Rand, n, m int) *la.Sym {
	return build(n+m, func(add func(i, j int, v float64)) {
		for i := range n {
			add(i, i, math.Exp(3*rng.NormFloat64()))
		}
		for i := range m {
			add(n+i, i, 1+rng.Float64())
			for range 3 {
				add(n+i, rng.IntN(n), rng.NormFloat64())
			}
		}
	})
}

// matrices are of all kinds, orders 0 and 1 included.
func matrices() map[string]*la.Sym {
	rng := rand.New(rand.NewPCG(1, 2))
	all := map[string]*la.Sym{
		"empty":             build(0, func(func(i, j int, v float64)) {}),
		"one":               build(1, func(add func(i, j int, v float64)) { add(0, 0, -3) }),
		"swap":              build(2, func(add func(i, j int, v float64)) { add(1, 0, 2) }),
		"mesh":              mesh(9, 0),
		"indefinite mesh":   mesh(10, 2.345),
		"saddle":            saddle(rng, 400, 150),
		"saddle with pairs": saddle(rng, 300, 290),
	}
	for _, n := range []int{5, 60, 900} {
		all[fmt.Sprintf("random %d", n)] = build(n, func(add func(i, j int, v float64)) {
			for i := range n {
				add(i, i, rng.NormFloat64())
				for range 3 {
					add(i, rng.IntN(n), rng.NormFloat64())
				}
			}
		})
		all[fmt.Sprintf("zero diagonal %d", 2*n)] = build(2*n, func(add func(i, j int, v float64)) {
			p := rng.Perm(2 * n)
			for i := range n {
				add(p[2*i], p[2*i+1], 3+rng.Float64())
				if i > 0 {
					add(p[2*i-1], p[2*i], rng.NormFloat64()/4)
				}
			}
		})
		all[fmt.Sprintf("scaled %d", n)] = build(n, func(add func(i, j int, v float64)) {
			s := make([]float64, n)
			for i := range s {
				s[i] = math.Exp2(float64(rng.IntN(60) - 30))
			}
			for i := range n {
				add(i, i, s[i]*s[i]*(4+rng.Float64()))
				if i > 0 {
					j := rng.IntN(i)
					add(i, j, s[i]*s[j]*rng.NormFloat64())
				}
			}
		})
		all[fmt.Sprintf("arrow %d", n)] = build(n, func(add func(i, j int, v float64)) {
			for i := range n {
				add(i, i, 1+rng.Float64())
				if i > 0 {
					add(i, 0, rng.NormFloat64())
				}
			}
		})
	}
	return all
}
