package gemm

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// shrink gives every instruction set small blocks while a test runs, so that
// products of moderate size straddle all of them.
func shrink(t *testing.T, kc, mcTiles, ncTiles int, packA, packB bool) {
	s := active.Load()
	small := *s
	small.kc, small.mc, small.nc = kc, mcTiles*s.mr, ncTiles*s.nr
	small.pack = func() (bool, bool) { return packA, packB }
	active.Store(&small)
	t.Cleanup(func() { active.Store(s) })
}

// TestBlocking has sizes on both sides of every block boundary, with and
// without packing.
func TestBlocking(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for x := range 4 {
			t.Run(fmt.Sprintf("packA=%v,packB=%v", x&1 != 0, x&2 != 0), func(t *testing.T) {
				shrink(t, 16, 3, 2, x&1 != 0, x&2 != 0)
				straddle(t)
			})
		}
	})
}

func straddle(t *testing.T) {
	s := active.Load()
	rnd := rand.New(rand.NewPCG(3, 4))
	around := func(block, times int) int { return block*times + rnd.IntN(3) - 1 }
	for range 150 / thinning {
		m := around(s.mc, 1+rnd.IntN(3))
		n := around(s.nc, 1+rnd.IntN(3))
		k := around(s.kc, 1+rnd.IntN(3))
		x := scalars[rnd.IntN(len(scalars))]
		sh := shape(rnd.IntN(3))
		if sh != whole {
			n = m
		}
		p := newProblem(rnd, sh, rnd.IntN(2) == 0, rnd.IntN(2) == 0, m, n, k, x[0], x[1])
		if err := p.run(1); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRealBlocking does the same with the blocks that are in use.
func TestRealBlocking(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		s := active.Load()
		rnd := rand.New(rand.NewPCG(5, 6))
		part := thinning // of the cases one runs
		if testing.Short() {
			part = max(part, 3)
		}
		for _, size := range [][3]int{
			{s.mc - 1, 40, s.kc + 1}, {s.mc + 1, 50, s.kc}, {2*s.mc + 3, 64, 2*s.kc - 1},
			{30, s.nc + 5, 20}, {130, 131, 2*s.kc + 3}, {1, 300, 300}, {300, 1, 300}, {300, 300, 1},
			{3*longCall/130 + 5, 3, 130}, {2*longCall/250 + 1, 9, 250},
		} {
			for x := range 4 {
				if rnd.IntN(part) > 0 {
					continue
				}
				p := newProblem(rnd, whole, x&1 != 0, x&2 != 0, size[0], size[1], size[2], 1, 1)
				if err := p.run(1 + x); err != nil {
					t.Fatal(err)
				}
			}
		}
		for x := range 4 {
			p := newProblem(rnd, shape(1+x%2), x&1 != 0, x&2 != 0, s.mc+7, s.mc+7, s.kc+9, -1, 0.5)
			if err := p.run(1 + x); err != nil {
				t.Fatal(err)
			}
		}
	})
}
