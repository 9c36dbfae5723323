package factor

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
)

// From wherever the two ends meet the answers are those of the matrix.
func TestBlockMeets(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for range 60 {
		sizes := make([]int, 1+rng.IntN(7))
		for k := range sizes {
			sizes[k] = 1 + rng.IntN(6)
		}
		a := randomTridiag(rng, sizes, []float64{0, 0.2, 0.6, 1}[rng.IntN(4)])
		a.FindSub()
		for meet := range sizes {
			var f Block
			f.opts = (*Options)(nil).withDefaults()
			if err := f.prepare(a, meet); err != nil {
				t.Fatal(err)
			}
			tree := f.engine.Tree()
			if err := tree.Perm.Validate(); err != nil {
				t.Fatalf("%v, block %d: %v", sizes, meet, err)
			}
			checkBlock(t, &f, a, rng)
			checkInverse(t, &f, a)
		}
	}
}

// Many small blocks are eliminated from both ends where there are two threads, few or large
// ones are not, and where the couplings make the way back dear the ends meet elsewhere.
func TestBlockMeeting(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	uniform := func(blocks, size int) []int {
		sizes := make([]int, blocks)
		for k := range sizes {
			sizes[k] = size
		}
		return sizes
	}
	for _, c := range []struct {
		name         string
		sizes        []int
		threads      int
		least, most  int
		columns, all int // of S that are not zero
	}{
		{"one thread", uniform(1000, 12), 1, 999, 999, 12, 12},
		{"two threads", uniform(1000, 12), 2, 490, 510, 12, 12},
		{"little work", uniform(10, 4), 2, 9, 9, 4, 4},
		{"two blocks", uniform(2, 300), 2, 1, 1, 300, 300},
		{"cheap way back", uniform(1000, 12), 2, 100, 490, 1, 12},
	} {
		a := randomTridiag(rng, c.sizes, 1)
		if c.columns < c.all {
			cols := make([]int, c.columns)
			for i := range cols {
				cols[i] = i
			}
			for k := range a.Blocks() - 1 {
				a.SetSub(k, nil, cols)
			}
		}
		opts := (&Options{Backend: blas.NativeThreads(c.threads)}).withDefaults()
		if got := meeting(a, treeOptions(&opts)); got < c.least || got > c.most {
			t.Errorf("%s: the ends meet at block %d", c.name, got)
		}
	}
}

// A chain long enough for two threads gives the same bits again, and what it gives is
// as accurate as from one end.
func TestBlockBothEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	sizes := make([]int, 400)
	for k := range sizes {
		sizes[k] = 10 + rng.IntN(8)
	}
	a := randomTridiag(rng, sizes, 1)
	b := randomVec(rng, a.SymmetricDim())
	var inertia [2]int
	for i, threads := range []int{1, 2} {
		var first, again mat.VecDense
		for _, x := range []*mat.VecDense{&first, &again} {
			var f Block
			if err := f.Analyse(a, &Options{Backend: blas.NativeThreads(threads)}); err != nil {
				t.Fatal(err)
			}
			if err := f.Factorize(a); err != nil {
				t.Fatal(err)
			}
			if err := f.SolveVecTo(x, b); err != nil {
				t.Fatal(err)
			}
			in := f.Inertia()
			if !in.Certain {
				t.Errorf("%d threads: %v", threads, in)
			}
			inertia[i] = in.Negative
			if both := f.path.meet != len(sizes)-1; both != (threads > 1) {
				t.Errorf("%d threads: the ends meet at block %d", threads, f.path.meet)
			}
		}
		if !mat.Equal(&first, &again) {
			t.Errorf("%d threads: other bits", threads)
		}
	}
	if inertia[0] != inertia[1] {
		t.Errorf("%d negative eigenvalues from one end, %d from both", inertia[0], inertia[1])
	}
}

// BenchmarkBlockThreads shows what elimination from both ends gains.
func BenchmarkBlockThreads(b *testing.B) {
	rng := rand.New(rand.NewPCG(37, 38))
	for _, size := range []int{4, 8, 16, 32, 64, 128, 256} {
		sizes := make([]int, max(4, 8000/size))
		for k := range sizes {
			sizes[k] = size
		}
		a := randomTridiag(rng, sizes, 1)
		for _, threads := range []int{1, 2} {
			var f Block
			if err := f.Analyse(a, &Options{Backend: blas.NativeThreads(threads)}); err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("size=%d/threads=%d", size, threads), func(b *testing.B) {
				for b.Loop() {
					if err := f.Factorize(a); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(f.Report().Flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gflop/s")
			})
		}
	}
}
