package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestTall has sizes on both sides of what isTall asks for, packed and not.
func TestTall(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(21, 22))
		for x := range 4 {
			t.Run(fmt.Sprintf("packA=%v,packB=%v", x&1 != 0, x&2 != 0), func(t *testing.T) {
				s := active.Load()
				shrink(t, s.kc, s.mc/s.mr, s.nc/s.nr, x&1 != 0, x&2 != 0)
				for _, k := range []int{7, 24, tallDepth, tallDepth + 1} {
					for _, w := range []int{s.nr, s.nr + 1, tallBlock / k, tallBlock/k + 1} {
						h := tallWords/k + rnd.IntN(2*s.mr)
						p := newProblem(rnd, whole, rnd.IntN(2) == 0, rnd.IntN(2) == 0, h, w, k, -1, float64(rnd.IntN(2)))
						if err := p.run(1); err != nil {
							t.Fatalf("%d×%d, sums of %d: %v", h, w, k, err)
						}
					}
				}
			})
		}
	})
}

// TestTallAlike: tall products have the bits of the same product by panels.
func TestTallAlike(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(23, 24))
		h, w, k := 6*tallWords/24, 24, 24
		p := newProblem(rnd, whole, false, false, h, w, k, 1, 0.5)
		if !isTall(h, w, k) {
			t.Fatal("the product is not tall")
		}
		tall, parts := p.c.clone(), p.c.clone()
		pr := p.product()
		pr.c = tall.x
		active.Load().direct(&pr, 0, h, 0, w)
		pr.c = parts.x
		for i := 0; i < h; i += 48 {
			if isTall(48, w, k) {
				t.Fatal("a part is tall")
			}
			active.Load().direct(&pr, i, min(i+48, h), 0, w)
		}
		for i, v := range tall.x {
			if math.Float64bits(v) != math.Float64bits(parts.x[i]) {
				t.Fatalf("element %d: %v, by parts %v", i, v, parts.x[i])
			}
		}
	})
}
