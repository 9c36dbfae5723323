package partition

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"costate/la"
)

// symOf builds a matrix from the lower triangle of a full one; NaN stands for
// no entry.
func symOf(full [][]float64) *la.Sym {
	b := la.NewSymBuilder(len(full), 0)
	for i, row := range full {
		for j := range i + 1 {
			if v := row[j]; v == v {
				b.Add(i, j, v)
			}
		}
	}
	a, _ := b.Build()
	return a
}

// randomFull draws a full symmetric matrix with about the given share of
// entries, whose magnitudes spread over 2^±range; one entry in eight is an
// explicit zero.
func randomFull(rng *rand.Rand, n int, share, diag, spread float64) [][]float64 {
	full := make([][]float64, n)
	for i := range full {
		full[i] = make([]float64, n)
		for j := range i + 1 {
			p := share
			if i == j {
				p = diag
			}
			v := math.NaN()
			if rng.Float64() < p {
				v = math.Exp2(spread*(2*rng.Float64()-1)) * float64(1-2*rng.IntN(2))
				if rng.IntN(8) == 0 {
					v = 0
				}
			}
			full[i][j], full[j][i] = v, v
		}
	}
	return full
}

func logAbs(v float64) float64 {
	if v == 0 || v != v {
		return math.Inf(-1)
	}
	return min(1024, math.Log2(math.Abs(v)))
}

// bestProduct returns log₂ of the largest product of a transversal, by dynamic
// programming over the sets of columns that the first rows take.
func bestProduct(full [][]float64) float64 {
	n := len(full)
	best := make([]float64, 1<<n)
	for set := 1; set < len(best); set++ {
		best[set] = math.Inf(-1)
		i := -1
		for s := set; s > 0; s &= s - 1 {
			i++
		}
		for j := range n {
			if set>>j&1 == 1 {
				best[set] = max(best[set], best[set&^(1<<j)]+logAbs(full[i][j]))
			}
		}
	}
	return best[len(best)-1]
}

// bestRank returns the structural rank, by dynamic programming over the sets of
// columns.
func bestRank(full [][]float64) int {
	n := len(full)
	reached := map[int]bool{0: true}
	for i := range n {
		next := map[int]bool{}
		for set := range reached {
			next[set] = true
			for j := range n {
				if set>>j&1 == 0 && !math.IsInf(logAbs(full[i][j]), -1) {
					next[set|1<<j] = true
				}
			}
		}
		reached = next
	}
	most := 0
	for set := range reached {
		k := 0
		for ; set > 0; set &= set - 1 {
			k++
		}
		most = max(most, k)
	}
	return most
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// checkMatching checks everything that can be checked without brute force.
func checkMatching(t failer, a *la.Sym) (*Matching, *assignment) {
	t.Helper()
	m, s := match(a, nil)
	n := a.SymmetricDim()
	if len(m.Mate) != n || len(m.Scale) != n {
		t.Fatalf("a matching of %d and scales of %d unknowns of %d", len(m.Mate), len(m.Scale), n)
	}
	// Duals are feasible and tight where matched: exactly.
	g := s.g
	matched := 0
	for j := range n {
		for q := g.ptr[j]; q < g.ptr[j+1]; q++ {
			i := g.adj[q]
			c := int64(g.cost[q]) - s.u[i] - s.v[j]
			if c < 0 || c > 0 && s.row[j] == i {
				t.Fatalf("reduced cost of (%d, %d) is %d", i, j, c)
			}
		}
		if i := s.row[j]; i >= 0 {
			matched++
			if s.column[i] != int32(j) {
				t.Fatalf("row %d has column %d, which has row %d", i, s.column[i], s.row[s.column[i]])
			}
		}
	}
	if matched != m.Rank || s.matched != m.Rank {
		t.Fatalf("%d matched, rank %d", matched, m.Rank)
	}
	with := 0
	for i, j := range m.Mate {
		if (j < 0) != (s.column[i] < 0) {
			t.Fatalf("%d has mate %d and is matched with %d", i, j, s.column[i])
		}
		if j < 0 {
			continue
		}
		with++
		if m.Mate[j] != int32(i) {
			t.Fatalf("mate of %d is %d, whose mate is %d", i, j, m.Mate[j])
		}
		if int(j) == i {
			continue
		}
		// A sensible pivot of order two: the entry is 1, the determinant does
		// not cancel, and one of them could not do alone.
		if s.column[i] != j && s.column[j] != int32(i) {
			t.Fatalf("pair (%d, %d) is not matched", i, j)
		}
		if a.At(i, int(j)) == 0 {
			t.Fatalf("pair (%d, %d) has no entry", i, j)
		}
		di, dj, off := logAbs(a.At(i, i)), logAbs(a.At(int(j), int(j))), logAbs(a.At(i, int(j)))
		if a.At(i, i)*a.At(int(j), int(j)) > 0 && di+dj-2*off > math.Log2(0.95) {
			t.Fatalf("pair (%d, %d) cancels: diagonals 2^%g, 2^%g, entry 2^%g", i, j, di, dj, off)
		}
	}
	if with != m.Rank {
		t.Fatalf("%d unknowns have mates, rank %d", with, m.Rank)
	}
	// The scaled matrix.
	clamped := false
	for _, e := range m.Scale {
		clamped = clamped || e == maxScale || e == -maxScale
	}
	if clamped {
		return m, s
	}
	const slack = 1 + 1e-5
	most := make([]float64, n)
	a.DoNonZero(func(i, j int, v float64) {
		l := logAbs(v)
		if math.IsInf(l, 0) {
			return
		}
		l += float64(m.Scale[i] + m.Scale[j])
		if l > slack {
			t.Fatalf("scaled entry (%d, %d) is 2^%g", i, j, l)
		}
		if s.column[i] == int32(j) && l < -slack {
			t.Fatalf("matched entry (%d, %d) is 2^%g", i, j, l)
		}
		most[i] = max(most[i], math.Exp2(l))
	})
	for i, v := range most {
		if v != 0 && (v < 0.499 || v > 2.001) {
			t.Fatalf("largest entry of scaled row %d is %g", i, v)
		}
		if v == 0 && m.Scale[i] != 0 {
			t.Fatalf("row %d of zeros has scale %d", i, m.Scale[i])
		}
	}
	return m, s
}

func TestMatchBest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	perfect := 0
	for trial := range 4000 {
		n := rng.IntN(9)
		full := randomFull(rng, n, 0.1+0.9*rng.Float64(), rng.Float64(), []float64{0, 1, 30, 500}[trial%4])
		m, s := checkMatching(t, symOf(full))
		want := bestProduct(full)
		if (m.Rank == n) == math.IsInf(want, -1) {
			t.Fatalf("rank %d of %d, best product 2^%g of %v", m.Rank, n, want, full)
		}
		if m.Rank < n {
			continue
		}
		perfect++
		got := 0.0
		for i, j := range s.column {
			got += logAbs(full[i][j])
		}
		if math.Abs(got-want) > 1e-5*float64(n) {
			t.Fatalf("product 2^%g, best 2^%g of %v", got, want, full)
		}
	}
	if perfect < 1000 {
		t.Errorf("only %d perfect matchings", perfect)
	}
}

func TestMatchRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	singular := 0
	for range 3000 {
		n := 1 + rng.IntN(10)
		full := randomFull(rng, n, 0.05+0.3*rng.Float64(), 0.3*rng.Float64(), 10)
		m, _ := checkMatching(t, symOf(full))
		if want := bestRank(full); m.Rank != want {
			t.Fatalf("rank %d, want %d of %v", m.Rank, want, full)
		}
		// Those with mates are nonsingular by themselves.
		var in []int
		for i, j := range m.Mate {
			if j >= 0 {
				in = append(in, i)
			}
		}
		sub := make([][]float64, len(in))
		for k, i := range in {
			for _, j := range in {
				sub[k] = append(sub[k], full[i][j])
			}
		}
		if math.IsInf(bestProduct(sub), -1) {
			t.Fatalf("unknowns %v are singular", in)
		}
		if m.Rank < n {
			singular++
		}
	}
	if singular < 500 {
		t.Errorf("only %d singular matrices", singular)
	}
}

// TestMatchScaled scales a matrix by powers of two: the rank stays, and the best
// product moves by exactly what all permutations do.
func TestMatchScaled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		full := randomFull(rng, n, 4/float64(n+4), 0.5, 3)
		a := symOf(full)
		m, before := checkMatching(t, a)
		e := make([]int, n)
		for i := range e {
			e[i] = rapid.IntRange(-400, 400).Draw(t, "e")
		}
		b := a.Clone()
		low := b.RawLower()
		for i := range n {
			for q := low.Ptr[i]; q < low.Ptr[i+1]; q++ {
				low.Val[q] = math.Ldexp(low.Val[q], e[i]+e[low.Col[q]])
			}
		}
		k, after := checkMatching(t, b)
		if k.Rank != m.Rank {
			t.Fatalf("rank %d, scaled %d", m.Rank, k.Rank)
		}
		if m.Rank < n {
			return
		}
		moved := int64(0)
		for i := range n {
			moved += before.u[i] + before.v[i] - after.u[i] - after.v[i] - int64(2*e[i]*octave)
		}
		if moved != 0 {
			t.Fatalf("the product moved by %d units too many", moved)
		}
	})
}

// saddle is a regularized KKT matrix [H Bᵀ; B −δI] with n unknowns and m
// multipliers.
func saddle(rng *rand.Rand, n, m int, delta float64) *la.Sym {
	b := la.NewSymBuilder(n+m, 0)
	for i := range n {
		b.Add(i, i, math.Exp2(8*rng.Float64()-4))
	}
	for k := range m {
		b.Add(n+k, n+k, -delta)
		for i := range 2 {
			b.Add(n+k, (k*n/m+i)%n, 1+float64(i)*rng.Float64())
		}
		b.Add(n+k, rng.IntN(n), rng.Float64())
	}
	a, _ := b.Build()
	return a
}

func TestMatchSaddle(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for trial := range 200 {
		n := 2 + rng.IntN(60)
		k := 1 + rng.IntN(n/2)
		delta := []float64{0, 1e-8}[trial%2]
		m, _ := checkMatching(t, saddle(rng, n, k, delta))
		if m.Rank < n+k {
			continue
		}
		for i := range k {
			if j := m.Mate[n+i]; int(j) == n+i {
				t.Fatalf("multiplier %d with diagonal entry %g stands alone", i, delta)
			}
		}
	}
}

func TestMatchRepeats(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	a := symOf(randomFull(rng, 200, 0.03, 0.3, 2))
	m := Match(a)
	for range 3 {
		if got := Match(a); fmt.Sprint(got) != fmt.Sprint(m) {
			t.Fatal("the same matrix has two matchings")
		}
	}
}

func TestCostOf(t *testing.T) {
	for e := -1074; e < 1024; e++ {
		if got := costOf(math.Ldexp(1, e)); got != int32(-e*octave) {
			t.Fatalf("cost of 2^%d is %d units, %g octaves", e, got, float64(got)/octave)
		}
	}
	rng := rand.New(rand.NewPCG(9, 10))
	for range 100000 {
		v := math.Exp2(2098*rng.Float64() - 1074)
		if v == 0 {
			continue
		}
		got, want := float64(costOf(-v))/octave, -math.Log2(v)
		if math.Abs(got-want) > 1.1/octave || costOf(v)&1 != 0 {
			t.Fatalf("cost of %g is %g, want %g", v, got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte{3, 0, 1, 10, 2, 1, 200, 2, 2, 0})
	f.Add([]byte{1})
	f.Add([]byte{9, 0, 0, 255, 1, 0, 1, 8, 8, 17, 8, 3, 17})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		n := int(data[0] % 11)
		b := la.NewSymBuilder(n, 0)
		for data = data[1:]; len(data) >= 3 && n > 0; data = data[3:] {
			v := math.Ldexp(1+float64(data[2]%4)/4, 8*int(int8(data[2])))
			if data[2] == 0 {
				v = 0
			}
			b.Add(int(data[0])%n, int(data[1])%n, v)
		}
		a, _ := b.Build()
		m, _ := checkMatching(t, a)
		full := make([][]float64, n)
		for i := range full {
			for j := range n {
				full[i] = append(full[i], a.At(i, j))
			}
		}
		if want := bestRank(full); m.Rank != want {
			t.Fatalf("rank %d, want %d", m.Rank, want)
		}
	})
}
