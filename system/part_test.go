package system_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/system"
	"costate/system/chaintest"
)

// TestParts: however the stages are cut, what the parts write adds up to K, also where
// they were sent to another process, and at other values.
func TestParts(t *testing.T) {
	for _, p := range chains {
		t.Run(p.name, func(t *testing.T) {
			c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), p.batch, p.in, p.stages...)
			other := chaintest.Random(rand.New(rand.NewPCG(2, 2)), p.batch, p.in, p.stages...)
			if len(p.stages) > 0 && hasPatterns(c) {
				other = c // patterns are as random as values
			}
			for ranks := 1; ranks <= len(c.Stages)+1; ranks++ {
				cuts := system.Split(c, ranks)
				if len(cuts) != ranks+1 || cuts[0] != 0 || cuts[ranks] != len(c.Stages) {
					t.Fatalf("cuts %v for %d ranks", cuts, ranks)
				}
				parts, sum := make([]*system.Augmented, ranks), int64(0)
				for r := range parts {
					part := sent(t, c.Part(cuts[r], cuts[r+1]))
					parts[r] = system.AssemblePart(part, 0.3)
					if got, want := part.Entries(), parts[r].Emissions(); got != want {
						t.Errorf("part %d of %d: %d entries, assembled %d", r, ranks, got, want)
					}
					sum += part.Entries()
				}
				if want := system.EntriesOf(c); sum != want {
					t.Errorf("%d parts of %d entries, K has %d", ranks, sum, want)
				}
				addUp(t, system.Assemble(c, 0.3), parts)
				for r := range parts {
					parts[r].UpdatePart(sent(t, other.Part(cuts[r], cuts[r+1])), -2)
				}
				addUp(t, system.Assemble(other, -2), parts)
			}
		})
	}
}

func sent(t *testing.T, p *system.Part) *system.Part {
	t.Helper()
	q, err := system.DecodePart(p.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// hasPatterns reports whether a chain has sparse matrices or maps.
func hasPatterns(c *system.Chain) bool {
	for _, s := range c.Stages {
		d, ok := s.(*system.DenseStage)
		if !ok || d.Gather != nil || d.J.Sparse != nil {
			return true
		}
	}
	return false
}

func addUp(t *testing.T, whole *system.Augmented, parts []*system.Augmented) {
	t.Helper()
	n := whole.Order()
	for i := range n {
		for j := range i + 1 {
			sum, size := 0.0, 0.0
			for _, p := range parts {
				sum += p.K.At(i, j)
				size += math.Abs(p.K.At(i, j))
			}
			if d := math.Abs(sum - whole.K.At(i, j)); !(d <= 1e-15*float64(n)*size) {
				t.Fatalf("element (%d, %d) of %d parts is %g, of K %g", i, j, len(parts), sum, whole.K.At(i, j))
			}
		}
	}
}

// TestSplit: no range has more entries than the best cut, found by trying all.
func TestSplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 30 {
		var stages []chaintest.Stage
		for range 1 + rng.IntN(6) {
			stages = append(stages, chaintest.Stage{Out: 1 + rng.IntN(6)})
		}
		c := chaintest.Random(rng, 2, 3, stages...)
		for n := 1; n <= 4; n++ {
			if got, want := largest(c, system.Split(c, n)), best(c, []int{0}, n); got != want {
				t.Errorf("%d ranges of at most %d entries; %d is possible", n, got, want)
			}
		}
	}
}

func largest(c *system.Chain, cuts []int) int64 {
	most := int64(0)
	for i := range len(cuts) - 1 {
		most = max(most, c.Part(cuts[i], cuts[i+1]).Entries())
	}
	return most
}

func best(c *system.Chain, cuts []int, n int) int64 {
	from := cuts[len(cuts)-1]
	if len(cuts) == n {
		return largest(c, append(cuts, len(c.Stages)))
	}
	least := int64(math.MaxInt64)
	for to := from; to <= len(c.Stages); to++ {
		least = min(least, best(c, append(cuts[:len(cuts):len(cuts)], to), n))
	}
	return least
}

// TestDecodePart: other bytes are an error.
func TestDecodePart(t *testing.T) {
	whole := chaintest.Random(rand.New(rand.NewPCG(4, 4)), 2, 2, chaintest.Stage{Out: 2}).Part(0, 1).Encode()
	for n := range whole {
		if _, err := system.DecodePart(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes were accepted", n, len(whole))
		}
	}
}
