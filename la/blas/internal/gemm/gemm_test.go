package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// A guarded matrix is a slice with a guard value on all the words that do not
// belong to the matrix: before, after, and between the rows.
type guarded struct {
	all  []float64
	x    []float64
	r, c int
	ld   int
}

const guardBits = 0x7ff8dead0000beef // a NaN: reading it shows too

func newGuarded(rnd *rand.Rand, r, c, extra int) *guarded {
	const margin = 24
	ld := max(1, c) + extra
	n := 0
	if r > 0 && c > 0 {
		n = (r-1)*ld + c
	}
	g := &guarded{all: make([]float64, n+2*margin), r: r, c: c, ld: ld}
	for i := range g.all {
		g.all[i] = math.Float64frombits(guardBits)
	}
	g.x = g.all[margin : margin+n : margin+n]
	for i := 0; i < r; i++ {
		for j := 0; j < c; j++ {
			g.x[i*ld+j] = rnd.NormFloat64()
		}
	}
	return g
}

func (g *guarded) clone() *guarded {
	h := *g
	h.all = append([]float64(nil), g.all...)
	off := (uintptr(unsafe.Pointer(unsafe.SliceData(g.x))) - uintptr(unsafe.Pointer(&g.all[0]))) / 8
	h.x = h.all[off : int(off)+len(g.x)]
	return &h
}

// broken reports a guard that changed.
func (g *guarded) broken() error {
	inside := make([]bool, len(g.all))
	off := int(uintptr(unsafe.Pointer(unsafe.SliceData(g.x)))-uintptr(unsafe.Pointer(&g.all[0]))) / 8
	for i := 0; i < g.r; i++ {
		for j := 0; j < g.c; j++ {
			inside[off+i*g.ld+j] = true
		}
	}
	for i, in := range inside {
		if !in && math.Float64bits(g.all[i]) != guardBits {
			return fmt.Errorf("guard at %d changed to %v", i-off, g.all[i])
		}
	}
	return nil
}

// A problem is one product with its operands.
type problem struct {
	shape       shape
	tA, tB      bool
	m, n, k     int
	alpha, beta float64
	a, b, c     *guarded
}

func newProblem(rnd *rand.Rand, sh shape, tA, tB bool, m, n, k int, alpha, beta float64) *problem {
	p := &problem{shape: sh, tA: tA, tB: tB, m: m, n: n, k: k, alpha: alpha, beta: beta}
	if tA {
		p.a = newGuarded(rnd, k, m, rnd.IntN(4))
	} else {
		p.a = newGuarded(rnd, m, k, rnd.IntN(4))
	}
	if tB {
		p.b = newGuarded(rnd, n, k, rnd.IntN(4))
	} else {
		p.b = newGuarded(rnd, k, n, rnd.IntN(4))
	}
	p.c = newGuarded(rnd, m, n, rnd.IntN(4))
	if beta == 0 {
		for i := range p.c.x {
			p.c.x[i] = math.Float64frombits(guardBits)
		}
	}
	return p
}

func (p *problem) product() product {
	return product{p.shape, p.tA, p.tB, p.m, p.n, p.k, p.alpha, p.beta, p.a.x, p.b.x, p.c.x, p.a.ld, p.b.ld, p.c.ld}
}

func (p *problem) at(g *guarded, t bool, i, j int) float64 {
	if t {
		i, j = j, i
	}
	return g.x[i*g.ld+j]
}

// verify compares got with the sums in their definition; every element must
// be within the bound of Higham (2002), section 3.1, for its own sum.
func (p *problem) verify(got *guarded) error {
	if err := got.broken(); err != nil {
		return err
	}
	pr := p.product()
	for i := 0; i < p.m; i++ {
		lo, hi := pr.columns(i)
		for j := 0; j < p.n; j++ {
			old, v := p.c.x[i*p.c.ld+j], got.x[i*got.ld+j]
			if j < lo || j >= hi {
				if math.Float64bits(old) != math.Float64bits(v) {
					return fmt.Errorf("element (%d, %d) outside the triangle changed from %v to %v", i, j, old, v)
				}
				continue
			}
			var sum, size float64
			for q := 0; q < p.k && p.alpha != 0; q++ {
				x := p.at(p.a, p.tA, i, q) * p.at(p.b, p.tB, q, j)
				sum += x
				size += math.Abs(x)
			}
			want := p.alpha * sum
			size *= math.Abs(p.alpha)
			if p.beta != 0 {
				want += p.beta * old
				size += math.Abs(p.beta * old)
			}
			if d := math.Abs(want - v); !(d <= 2*float64(p.k+4)*0x1p-53*size) {
				return fmt.Errorf("element (%d, %d) is %v, want %v", i, j, v, want)
			}
		}
	}
	return nil
}

func (p *problem) run(threads int) error {
	got := p.c.clone()
	pr := p.product()
	pr.c = got.x
	pr.check()
	pr.compute(threads)
	if err := p.verify(got); err != nil {
		return fmt.Errorf("%s shape %d tA %v tB %v m %d n %d k %d alpha %v beta %v lda %d ldb %d ldc %d threads %d: %w",
			ISA(), p.shape, p.tA, p.tB, p.m, p.n, p.k, p.alpha, p.beta, p.a.ld, p.b.ld, p.c.ld, threads, err)
	}
	return nil
}

// eachISA runs f with every instruction set that works here.
func eachISA(t *testing.T, f func(t *testing.T)) {
	for _, name := range ISAs() {
		t.Run(name, func(t *testing.T) {
			undo, err := Force(name)
			if err != nil {
				t.Fatal(err)
			}
			defer undo()
			f(t)
		})
	}
}

var scalars = [][2]float64{{1, 0}, {1, 1}, {-1, 1}, {2.5, -0.5}, {0, 2}, {0, 0}, {-1, math.Copysign(0, -1)}}

func TestSmallSizes(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 2))
		for m := 0; m <= 20; m++ {
			for n := 0; n <= 28; n += 1 + rnd.IntN(thinning) {
				for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 17} {
					s := scalars[rnd.IntN(len(scalars))]
					p := newProblem(rnd, whole, rnd.IntN(2) == 0, rnd.IntN(2) == 0, m, n, k, s[0], s[1])
					if err := p.run(1 + rnd.IntN(2)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		for n := 0; n <= 40; n += 1 + rnd.IntN(thinning) {
			for _, k := range []int{0, 1, 2, 5, 8, 33} {
				for _, sh := range []shape{lower, upper} {
					s := scalars[rnd.IntN(len(scalars))]
					p := newProblem(rnd, sh, rnd.IntN(2) == 0, rnd.IntN(2) == 0, n, n, k, s[0], s[1])
					if err := p.run(1); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}
