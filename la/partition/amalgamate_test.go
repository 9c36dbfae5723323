package partition

import (
	"math/rand/v2"
	"testing"
)

// Passes of amalgamation count the zeros that they store: those of all nodes are what the
// entries of the factor have grown by.
func TestAmalgamationCountsZeros(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 3))
	merged := 0
	for rep := range 200 {
		n := 1 + rng.IntN(400)
		g := graphOf(n, randomEdges(rng, n, rng.IntN(4*n)))
		for v := range g.weight {
			g.weight[v] += int32(rng.IntN(1 + rep%3))
		}
		s := newETree(g, minDegree(g)).fundamental()
		exact := entriesOfNodes(s)
		zeros := make([]float64, s.len())
		for pass := range 3 {
			before := s.len()
			s, zeros = s.merged(zeros)
			if pass > 0 && s.len() < before {
				merged++
			}
			sum := 0.0
			for _, z := range zeros {
				sum += z
			}
			if got := entriesOfNodes(s); len(zeros) != s.len() || got-exact != sum {
				t.Fatalf("%d, pass %d: %g entries, %g without zeros, of which %g are counted", rep, pass, got, exact, sum)
			}
		}
	}
	if merged == 0 {
		t.Error("no pass but the first has found anything to merge")
	}
}

// entriesOfNodes counts the entries of the factor that nodes store.
func entriesOfNodes(s *supernodes) (entries float64) {
	for k, c := range s.cols {
		p, q := float64(c), float64(s.rows[k])
		entries += p*(p+1)/2 + p*q
	}
	return entries
}
