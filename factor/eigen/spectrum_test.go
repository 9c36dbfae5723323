package eigen_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/factor/eigen"
	"costate/la/blas"
	"costate/la/matrixtest"
	"costate/system"
	"costate/system/chaintest"
)

func TestSpectrum(t *testing.T) {
	for i, tc := range chainCases {
		t.Run(tc.name, func(t *testing.T) {
			c := tc.make(uint64(i))
			ev := matrixtest.Eigenvalues(t, chaintest.Matrix(c, blas.Native()))
			n := len(ev)
			norm := math.Max(math.Abs(ev[0]), math.Abs(ev[n-1]))
			s, err := eigen.NewSpectrum(eigen.OfChain(c, nil), 2)
			if err != nil {
				t.Fatal(err)
			}
			var shifts []float64
			for j := range 41 {
				shifts = append(shifts, norm*(float64(j-20)/19+1e-3))
			}
			counts, err := s.Counts(shifts)
			if err != nil {
				t.Fatal(err)
			}
			last := 0
			for j, c := range counts {
				want, near := 0, math.Inf(1)
				for _, l := range ev {
					if l < shifts[j] {
						want++
					}
					near = math.Min(near, math.Abs(l-shifts[j]))
				}
				if !c.Certain {
					if near > 1e-6*norm {
						t.Errorf("count below %v is uncertain, the nearest eigenvalue is %.2g away", c.Shift, near)
					}
					continue
				}
				if c.Below != want || c.Below < last || c.Shift != shifts[j] {
					t.Errorf("%d eigenvalues below %v, want %d", c.Below, shifts[j], want)
				}
				last = c.Below
			}
			if last != n {
				t.Errorf("%d eigenvalues in all, want %d", last, n)
			}
			for k, get := range map[int]func(float64) (eigen.Interval, error){1: s.Min, n: s.Max} {
				in, err := get(1e-5)
				if err != nil {
					t.Fatal(err)
				}
				slack := 1e-12 * norm
				if l := ev[k-1]; in.Low-slack > l || l > in.High+slack || in.High-in.Low > 1.01e-5*norm {
					t.Errorf("eigenvalue %d is %v, bracketed in %v", k, l, in)
				}
			}
			got, certain, err := s.Between(-0.013*norm, 0.51*norm)
			want := 0
			for _, l := range ev {
				if l >= -0.013*norm && l < 0.51*norm {
					want++
				}
			}
			if err != nil || certain && got != want {
				t.Errorf("%d eigenvalues between, want %d: %v", got, want, err)
			}
		})
	}
}

// chainCases have batches below and above the widths, and every kind of stage.
var chainCases = []struct {
	name string
	make func(seed uint64) *system.Chain
}{
	{"batch below width", chain(3, 8, chaintest.Stage{Out: 6, Bias: true}, chaintest.Stage{Out: 5}, chaintest.Stage{Out: 3, Bias: true})},
	{"batch above width", chain(9, 3, chaintest.Stage{Out: 2}, chaintest.Stage{Out: 3, Bias: true}, chaintest.Stage{Out: 2})},
	{"blocks", chain(2, 3, chaintest.Stage{Blocks: true, P: 4, Out: 3}, chaintest.Stage{Out: 4, Full: true}, chaintest.Stage{Blocks: true, P: 3, Out: 2})},
}

func chain(batch, in int, stages ...chaintest.Stage) func(seed uint64) *system.Chain {
	return func(seed uint64) *system.Chain {
		return chaintest.Random(rand.New(rand.NewPCG(seed, 1)), batch, in, stages...)
	}
}
