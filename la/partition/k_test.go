package partition

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"costate/la"
)

// netSystem is the augmented system of a network in parameters, states and
// costates, with random numbers of about the sizes that occur: widths[0]
// inputs, batch samples, damping eps.
func netSystem(rng *rand.Rand, widths []int, batch int, eps float64, shuffle bool) *la.Sym {
	L := len(widths) - 1
	params, states := 0, 0
	x, y := make([]int, L+1), make([]int, L+1)
	for k := 1; k <= L; k++ {
		x[k-1], y[k-1] = params, states
		params += widths[k] * widths[k-1]
		states += widths[k] * batch
	}
	n := params + 2*states
	p := rng.Perm(n)
	if !shuffle {
		p = Identity(n)
	}
	b := la.NewSymBuilder(n, 0)
	add := func(i, j int, v float64) { b.Add(p[i], p[j], v) }
	norm := rng.NormFloat64
	for k := 1; k <= L; k++ {
		in, out := widths[k-1], widths[k]
		xk, yk, mk := x[k-1], params+y[k-1], params+states+y[k-1]
		for i := range in * out {
			add(xk+i, xk+i, eps)
		}
		for s := range batch {
			for o := range out {
				so := s*out + o
				add(mk+so, yk+so, -1)
				if k < L {
					add(yk+so, yk+so, 0.02*norm())
				} else {
					for o2 := range o + 1 {
						add(yk+so, yk+s*out+o2, 0.1*norm())
					}
				}
				for i := range in {
					add(xk+o*in+i, mk+so, norm())
					if k > 1 {
						yp := params + y[k-2] + s*in + i
						add(xk+o*in+i, yp, 0.02*norm())
						add(mk+so, yp, norm()/4)
					}
				}
			}
		}
	}
	a, _ := b.Build()
	return a
}

func widths(d, a, c, L int) []int {
	w := []int{d}
	for range L - 1 {
		w = append(w, a)
	}
	return append(w, c)
}

func TestTraceK(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ d, a, c, L, B int }{{5, 10, 3, 30, 2}, {16, 24, 10, 8, 16}, {16, 32, 10, 20, 16}, {5, 20, 3, 30, 8}, {16, 10, 4, 10, 20}, {768, 24, 10, 8, 64}} {
		for _, eps := range []float64{0.1, 1e-6} {
			a := netSystem(rng, widths(c.d, c.a, c.c, c.L), c.B, eps, true)
			fmt.Println(c, eps, "n", a.SymmetricDim(), "nnz", a.NNZ())
			t0 := time.Now()
			plain, _ := Auto(a, &Options{NoLeaves: true})
			t1 := time.Now()
			plan, _ := Auto(a, nil)
			t2 := time.Now()
			g, err := Analyse(a, plain.Perm, plain.Chain)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Printf("  plain %v: %d blocks up to %d, cost %.3g time %.3g;  plan %v: %d groups of %d, %d blocks up to %d, time %.3g\n",
				t1.Sub(t0), plain.Chain.Blocks(), plain.Chain.Largest(), g.Cost().Flops, g.Cost().Time, t2.Sub(t1), plan.Leaves.Blocks(), plan.Leaves.Len(), plan.Chain.Blocks(), plan.Chain.Largest(), plan.Cost.Time)
		}
	}
}
