package partition

import (
	"math/rand/v2"

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
