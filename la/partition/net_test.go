package partition

import (
	"math/rand/v2"

	"costate/la"
)

// A net describes a network of dense layers: widths[0] inputs, batch samples,
// damping eps; gn leaves out the second derivatives that Gauss–Newton drops.
type net struct {
	widths []int
	batch  int
	eps    float64
	gn     bool
}

// system is the augmented system of a network in parameters, states and
// costates, with random numbers of about the sizes that occur, in random order.
func (c net) system(rng *rand.Rand) *la.Sym {
	widths, batch, eps := c.widths, c.batch, c.eps
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
				switch {
				case k < L && !c.gn:
					add(yk+so, yk+so, 0.02*norm())
				case k == L:
					for o2 := range o + 1 {
						add(yk+so, yk+s*out+o2, 0.1*norm())
					}
				}
				for i := range in {
					add(xk+o*in+i, mk+so, norm())
					if k > 1 {
						yp := params + y[k-2] + s*in + i
						if !c.gn {
							add(xk+o*in+i, yp, 0.02*norm())
						}
						add(mk+so, yp, norm()/4)
					}
				}
			}
		}
	}
	a, _ := b.Build()
	return a
}

// widths are those of a net of L layers: d inputs, a units inside, c outputs.
func widths(d, a, c, L int) []int {
	w := []int{d}
	for range L - 1 {
		w = append(w, a)
	}
	return append(w, c)
}
