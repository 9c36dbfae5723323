package pivot

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The pivots of a block, of all sizes, counted together against one by one.
func TestCount(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 6))
	special := []float64{0, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, 5e-324}
	for round := range 500 {
		d := make([]float64, rng.IntN(60))
		for i := range d {
			d[i] = math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000)
			if round%3 == 0 {
				d[i] = math.Ldexp(rng.NormFloat64(), -rng.IntN(1000))
			}
			if round%5 == 0 && rng.IntN(20) == 0 {
				d[i] = special[rng.IntN(len(special))]
			}
		}
		const big = 3.0
		p := Empty()
		c := p.count(len(d), big, 7)
		want := Empty()
		for i, v := range d {
			c.add(v, i)
			if v < 0 {
				want.Negative++
			}
			if v == 0 {
				want.Zero++
			}
			f, e := math.Frexp(math.Abs(v)) // math.Log is wrong for subnormal numbers on amd64
			want.LogAbs += math.Log(f) + float64(e)*math.Ln2
			want.Finite = want.Finite && v-v == 0
			if u := math.Abs(v) / (float64(len(d)) * Unit * big); u < want.Tiny {
				want.Tiny, want.Row = u, i
			}
		}
		c.done()
		if p.Negative != want.Negative || p.Zero != want.Zero || p.Finite != want.Finite {
			t.Fatalf("%v: counted %+v, want %+v", d, p, want)
		}
		if want.Finite && (p.Tiny != want.Tiny || p.Row != want.Row || len(d) > 0 && p.Block != 7) {
			t.Fatalf("%v: tiny %+v, want %+v", d, p, want)
		}
		same := p.LogAbs == want.LogAbs || p.LogAbs != p.LogAbs && want.LogAbs != want.LogAbs
		if !same && !(math.Abs(p.LogAbs-want.LogAbs) <= 1e-12*float64(len(d))*700) {
			t.Fatalf("%v: log %v, want %v", d, p.LogAbs, want.LogAbs)
		}
	}
}

// Logarithms of blocks that cancel: the error stays within LogRound, which is not idle.
func TestLogRound(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for round := range 300 {
		p, det := Empty(), big.NewRat(1, 1)
		scale := rng.IntN(400)
		blocks, size := 1+rng.IntN(20), 1+rng.IntN(12)
		pivots := make([][]float64, 2*blocks)
		for k := range blocks {
			for range size {
				d := math.Ldexp(1+rng.Float64(), rng.IntN(scale+1))
				pivots[k] = append(pivots[k], d)
				pivots[blocks+k] = append(pivots[blocks+k], 1/d)
			}
		}
		for k, block := range pivots {
			c := p.count(size, 1, k)
			for i, d := range block {
				c.add(d, i)
				det.Mul(det, new(big.Rat).SetFloat64(d))
			}
			c.done()
		}
		off, _ := det.Sub(det, big.NewRat(1, 1)).Float64()
		want := math.Log1p(off)
		if err := math.Abs(p.LogAbs - want); err > p.LogRound {
			t.Errorf("round %d: log %v, want %v: off by %.1e, bound %.1e", round, p.LogAbs, want, err, p.LogRound)
		}
		if n := float64(2 * blocks * size); p.LogRound > 10*Unit*n*(1+float64(scale*blocks)) {
			t.Errorf("round %d: bound %.1e for %d blocks of %d", round, p.LogRound, 2*blocks, size)
		}
	}
}
