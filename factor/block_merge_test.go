package factor

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/la"
)

// Diagonal blocks of low rank, or zero, in matrices of any shape: where the
// matrix itself is well conditioned the factorization finds its way, by
// merging or, where that is forbidden, by a shift.
func TestBlockSingularBlocks(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 6), 1, 6).Draw(r, "sizes")
		keep := rapid.SampledFrom([]float64{0.5, 1}).Draw(r, "keep")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		singularBlocks(r, rng, sizes, keep, rapid.Bool().Draw(r, "forbid"))
	})
	// A fixed set that is known to reach both ways out.
	var merged, shifted int
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		sizes := make([]int, 1+rng.IntN(6))
		for k := range sizes {
			sizes[k] = 1 + rng.IntN(6)
		}
		m, s := singularBlocks(t, rng, sizes, 1, seed%2 == 0)
		merged, shifted = merged+m, shifted+s
	}
	if merged == 0 || shifted == 0 {
		t.Errorf("%d merged, %d shifted: the test does not reach them", merged, shifted)
	}
}

// singularBlocks checks one matrix whose diagonal blocks are of random rank,
// and reports whether its factorization merged blocks or shifted.
func singularBlocks(r rapid.TB, rng *rand.Rand, sizes []int, keep float64, forbid bool) (merged, shifted int) {
	a := randomTridiag(rng, sizes, keep)
	for k, n := range sizes {
		// D_k = V Vᵀ with rank columns.
		rank := rng.IntN(n + 1)
		d, _ := a.Diag(k)
		clear(d)
		for range rank {
			v := randomVec(rng, n)
			for i := range n {
				for j := range i + 1 {
					d[i*n+j] += v.AtVec(i) * v.AtVec(j)
				}
			}
		}
	}
	least, most := math.Inf(1), 0.0
	for _, v := range eigenvalues(r, a) {
		least, most = math.Min(least, math.Abs(v)), math.Max(most, math.Abs(v))
	}
	var f Block
	if err := f.Analyse(a, nil); err != nil {
		r.Fatal(err)
	}
	if forbid {
		f.core.limit = 0
	}
	if least <= 1e-5*most {
		var s *SingularError
		if err := f.Factorize(a); err != nil && !errors.As(err, &s) {
			r.Fatal(err)
		}
		if least <= 1e-15*most && f.Inertia().Certain {
			r.Fatalf("singular, but inertia %v", f.Inertia())
		}
		return 0, 0
	}
	checkBlock(r, &f, a, rng)
	if !f.Inertia().Certain {
		r.Fatalf("condition number %g, but inertia %v", most/least, f.Inertia())
	}
	if f.Report().Shift != 0 {
		return 0, 1
	}
	if len(f.core.blocks) < len(sizes) {
		return 1, 0
	}
	return 0, 0
}

func TestBlockZeroDiagonal(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	sizes := make([]int, 1000)
	for k := range sizes {
		sizes[k] = 3
	}
	a := randomTridiag(rng, sizes, 1)
	for k := range sizes {
		d, _ := a.Diag(k)
		clear(d)
		if k%2 == 0 && k+1 < len(sizes) {
			// Well conditioned couplings inside the pairs.
			s, n := a.Sub(k)
			for i := range n {
				s[i*n+i] += 10
			}
		}
	}
	n := a.SymmetricDim()
	var f Block
	b, x := randomVec(rng, n), mat.NewVecDense(n, nil)
	step := func() {
		if err := errors.Join(f.Factorize(a), f.SolveVecTo(x, b)); err != nil {
			t.Fatal(err)
		}
	}
	step()
	if in := f.Inertia(); in != (la.Inertia{Negative: n / 2, Positive: n / 2, Certain: true}) {
		t.Errorf("inertia %v", in)
	}
	if r := f.Report(); r.Shift != 0 || len(f.core.blocks) != len(sizes)/2 {
		t.Errorf("shift %g, %d blocks", r.Shift, len(f.core.blocks))
	}
	if got := testing.AllocsPerRun(3, step); got != 0 {
		t.Errorf("%v allocations with merged blocks", got)
	}
}

// A zero block whose coupling has gaps in its rows and columns, before and after
// another one.
func TestBlockMergeGaps(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	for zero := range 3 {
		a := randomTridiag(rng, []int{3, 5, 4, 6}, 1)
		d, n := a.Diag(zero)
		clear(d)
		s, _ := a.Sub(zero)
		rows := []int{0, 2, 3}
		for i := range a.BlockSize(zero + 1) {
			if i != 0 && i != 2 && i != 3 {
				clear(s[i*n : i*n+n])
			}
		}
		a.SetSub(zero, rows, nil)
		if n > 3 { // keep the zero block from making A singular
			for i := 3; i < n; i++ {
				d[i*n+i] = 1
			}
		}
		var f Block
		checkBlock(t, &f, a, rng)
		if zero == 0 && len(f.core.blocks) != 3 {
			t.Errorf("%d blocks", len(f.core.blocks))
		}
	}
}

// Blocks that are badly scaled, but none the worse for it, stay as they are.
func TestBlockGraded(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	a := randomTridiag(rng, []int{4, 4, 4, 4}, 1)
	for i := range a.SymmetricDim() {
		for j := range i + 1 {
			if at := a.Index(i, j); at >= 0 {
				a.Raw()[at] *= math.Pow(10, -float64(i%4+j%4))
			}
		}
		a.Raw()[a.Index(i, i)] += 10 * math.Pow(10, -2*float64(i%4))
	}
	var f Block
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	if len(f.core.blocks) != 4 || f.Report().Shift != 0 {
		t.Errorf("%d blocks, shift %g", len(f.core.blocks), f.Report().Shift)
	}
}
