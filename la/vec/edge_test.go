package vec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// operands lends slices of random words that end or start at the edge of a page.
type operands struct {
	t      *testing.T
	rng    *rand.Rand
	edges  [][]float64
	lent   int
	atLast bool
}

func (o *operands) take(n int) []float64 {
	if o.lent == len(o.edges) {
		o.edges = append(o.edges, newEdge(o.t, 4096))
	}
	e := o.edges[o.lent]
	o.lent++
	x := e[:n:n]
	if o.atLast {
		x = e[len(e)-n:]
	}
	for i := range x {
		x[i] = o.rng.NormFloat64()
	}
	return x
}

func (o *operands) pair(n int) Pair { return Pair{Hi: o.take(n), Lo: o.take(n)} }

// same compares with what multiply-adds in their order give, to the last bit. Only
// assembly promises that.
func (o *operands) same(name string, got, want []float64) {
	if !assembly {
		return
	}
	for i, w := range want {
		if math.Float64bits(got[i]) != math.Float64bits(w) {
			o.t.Fatalf("%s of %d words: word %d is %v, want %v", name, len(got), i, got[i], w)
		}
	}
}

// TestEdges: no kernel touches memory beside its operands, whether or not that changes
// the result, and where sums have one order the assembly of every processor has the
// bits of multiply-adds in that order.
func TestEdges(t *testing.T) {
	both(t, func(t *testing.T, rng *rand.Rand) {
		o := &operands{t: t, rng: rng}
		for n := range 36 {
			for _, o.atLast = range []bool{false, true} {
				for _, f := range []func(o *operands, n int){edgeCombine, edgeElements, edgePairs, edgeTiles, edgeSmall, edgeProduct, edgeEliminate} {
					o.lent = 0
					f(o, n)
				}
			}
		}
	})
}

func edgeCombine(o *operands, n int) {
	for _, k := range []int{1, 2, 3, 4, 7, 8, 13} {
		o.lent = 0
		ld := n + o.rng.IntN(3)
		y, c, w := o.take(n), o.take(k), o.take((k-1)*ld+n)
		want := slices.Clone(y)
		for j, f := range c {
			for i := range want {
				want[i] = math.FMA(f, w[j*ld+i], want[i])
			}
		}
		Combine(y, c, w, ld)
		o.same("Combine", y, want)
		Dots(c, w, ld, y)
	}
}

func edgeElements(o *operands, n int) {
	x, y, u, v := o.take(n), o.take(n), o.take(n), o.take(n)
	if n >= 8 {
		want := slices.Clone(y)
		for i := range want {
			want[i] = math.FMA(0.3, u[i], want[i])
		}
		Axpy(y, 0.3, u)
		o.same("Axpy", y, want)
		for i := range want {
			want[i] = math.FMA(u[i], v[i], want[i])
		}
		MulAdd(y, u, v)
		o.same("MulAdd", y, want)
	}
	if n > 0 {
		y, u, l := o.take(n), o.take(n), o.take(n*n)
		SolveUnit(y, l, n)
		SolveUnitTrans(u, l, n)
	}
	f := o.take(3)
	c := [3]float64(f)
	first, second := make([]float64, n), make([]float64, n)
	for i := range x {
		first[i] = math.FMA(c[0], u[i], float64(c[1]*v[i]))
		second[i] = math.FMA(c[1], u[i], float64(c[2]*v[i]))
	}
	Pivot2(x, y, u, v, &c)
	o.same("Pivot2", x, first)
	o.same("Pivot2", y, second)
	m := make([]uint64, n)
	Mul(x, u, v)
	MulMost(y, u, v, m)
	Scale(x, 0.7, u)
	Tanh(x, y, u)
	Dot(u, v)
	if n > 0 {
		u[n-1] = -9
		if big := MaxAbsValue(u); big != 9 {
			o.t.Fatalf("MaxAbsValue of %d words: %v", n, big)
		}
		if big := MaxMagnitude(u); big != 9 {
			o.t.Fatalf("MaxMagnitude of %d words: %v", n, big)
		}
		if at, big := Peak(u); at != n-1 || big != 9 {
			o.t.Fatalf("Peak of %d words: %v at %d", n, big, at)
		}
	}
}

func edgePairs(o *operands, n int) {
	const k = 3
	ld := n + 1
	y, c, w := o.pair(2*n), o.pair(2*k), o.pair((k-1)*ld+n)
	MulPair(y, 2, c, k, 1, Pair{Hi: w.Hi}, ld, k)
	MulPair(y, 2, Pair{Hi: c.Hi}, k, 1, w, ld, k)
	MulPair(y, 2, Pair{Hi: c.Hi}, k, 1, Pair{Hi: w.Hi}, ld, k)
	h, x := o.pair(n), o.take(n)
	SubtractPair(x, h.Lo, 0.5, h, 0.3, x)
	DotPair(x, h)
	DotPair(x, Pair{Hi: h.Hi})
	MulAddPair(o.pair(n), x, h)
}

func edgeTiles(o *operands, n int) {
	if n == 0 || n > 8 {
		return
	}
	rows, k := 1+o.rng.IntN(n), 1+o.rng.IntN(5)
	ld, ldk := 4*n+o.rng.IntN(3), 4*n+o.rng.IntN(3)
	u, c, w := o.take((4*rows-1)*ld+4*n), o.take((k-1)*ldk+4*rows), o.take((k-1)*ldk+4*n)
	want := slices.Clone(u)
	for i := range 4 * rows {
		for j := i &^ 3; j < 4*n; j++ {
			for s := range k {
				want[i*ld+j] = math.FMA(-c[s*ldk+i], w[s*ldk+j], want[i*ld+j])
			}
		}
	}
	Trapezoid(u, ld, rows, n, k, c, ldk, w)
	o.same("Trapezoid", u, want)

	x, f := o.take(3*ld+4*n), [10]float64(o.take(10))
	want = slices.Clone(x)
	for j := range 4 * n {
		for i, at := 0, 0; i < 4; i++ {
			v := &want[i*ld+j]
			for r := range i {
				*v = math.FMA(-f[at], want[r*ld+j], *v)
				at++
			}
			*v *= f[at]
			at++
		}
	}
	Solve4(x, ld, n, &f)
	o.same("Solve4", x, want)
	Transpose(u, 4*rows, c[:4*rows], 4*rows, 1, 4)
	o.lent = 0
	high, wide := 4+o.rng.IntN(9), 4+o.rng.IntN(9)
	from, to := o.take(high*wide), o.take(high*wide)
	Transpose(to, high, from, wide, high, wide)
	for i, v := range from {
		if got := to[i%wide*high+i/wide]; got != v {
			o.t.Fatalf("Transpose of %d×%d: word %d is %v, want %v", high, wide, i, got, v)
		}
	}
}

func edgeSmall(o *operands, n int) {
	if n > 7 {
		return
	}
	for _, m := range []int{1, 2, 3, 4, 9} {
		o.lent = 0
		k, grow := 1+o.rng.IntN(5), o.rng.IntN(2)
		wide := 4 * (n + grow*((m-1)/4))
		if n == 0 {
			wide = 0
		}
		ldc, ldb := wide+o.rng.IntN(3), wide+o.rng.IntN(3)
		c, a, b := o.take((m-1)*ldc+wide), o.take((m-1)*k+k), o.take((k-1)*ldb+wide)
		for _, kind := range []struct {
			name       string
			keep, sign float64
			mul        func(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k, grow int)
		}{{"SetSmall", 0, 1, SetSmall}, {"AddSmall", 1, 1, AddSmall}, {"SubSmall", 1, -1, SubSmall}} {
			want := slices.Clone(c)
			for i := range m {
				for j := range min(wide, 4*(n+grow*(i/4))) {
					v := kind.keep * want[i*ldc+j]
					for p := range k {
						v = math.FMA(kind.sign*a[i*k+p], b[p*ldb+j], v)
					}
					want[i*ldc+j] = v
				}
			}
			kind.mul(c, ldc, a, k, 1, b, ldb, m, n, k, grow)
			o.same(kind.name, c, want)
		}
	}
	wide := (n + 3) &^ 3
	if n > 0 {
		s, d := o.take((n-1)*wide+wide), o.take(wide)
		ScaleSym(s, wide, s, wide, d, n)
	}
}

func edgeProduct(o *operands, n int) {
	for _, m := range []int{1, 2, 3, 4, 9} {
		o.lent = 0
		k := 1 + o.rng.IntN(5)
		ldc, ldb := n+o.rng.IntN(3), n+o.rng.IntN(3)
		c, a, b := o.take((m-1)*ldc+n), o.take(m*k), o.take((k-1)*ldb+n)
		for _, kind := range []struct {
			name       string
			keep, sign float64
			mul        func(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k int)
		}{{"SetProduct", 0, 1, SetProduct}, {"AddProduct", 1, 1, AddProduct}, {"SubProduct", 1, -1, SubProduct}} {
			want := slices.Clone(c)
			for i := range m {
				for j := range n {
					v := kind.keep * want[i*ldc+j]
					for p := range k {
						v = math.FMA(kind.sign*a[i*k+p], b[p*ldb+j], v)
					}
					want[i*ldc+j] = v
				}
			}
			kind.mul(c, ldc, a, k, 1, b, ldb, m, n, k)
			if n >= 4 {
				o.same(kind.name, c, want)
			}
		}
	}
	for _, k := range []int{1, 4, 7, 8} {
		o.lent = 0
		c, a, b := o.take(3*n), o.take(3*k), o.take(n*k)
		SetProductTrans(c, n, a, k, b, k, 3, n, k)
		AddProductTrans(c, n, a, k, b, k, 3, n, k)
		SubProductTrans(c, n, a, k, b, k, 3, n, k)
		CopyRows(c, n, o.take(3*n), n, 3, n)
	}
	if n > 7 {
		return
	}
	o.lent = 0
	m := 1 + o.rng.IntN(4)
	ldx, ldt := 4*n+o.rng.IntN(3), 4*m+o.rng.IntN(3)
	x, t := o.take((4*m-1)*ldx+4*n), o.take((4*m-2)*ldt+4*m)
	want := slices.Clone(x)
	for i := range 4 * m {
		for p := range i {
			for j := range 4 * n {
				want[i*ldx+j] = math.FMA(-t[p*ldt+i], want[p*ldx+j], want[i*ldx+j])
			}
		}
	}
	SolveSmall(x, ldx, m, n, t, ldt)
	o.same("SolveSmall", x, want)
	if n > 0 {
		ScaleRows(x[:(m-1)*ldx+4*n], ldx, t[:m], want[len(want)-((m-1)*ldx+4*n):], ldx, n)
		dst, src, d := o.take(16*n*n), o.take(16*n*n), o.take(4*n)
		ScaleLower(dst, 4*n, src, 4*n, d, 4*n-1)
	}
}

func edgeEliminate(o *operands, n int) {
	if n == 0 || n > 8 {
		return
	}
	rows, lanes, ld := o.rng.IntN(n+1), o.rng.IntN(4), 4*n+o.rng.IntN(3)
	for order := 1; order <= 2; order++ {
		o.lent = 0
		u, c, w := o.take(max(0, 4*rows-1)*ld+4*n), o.take(ld+4*n), o.take(ld+4*n)
		f := [3]float64(o.take(3))
		want, scaled := slices.Clone(u), slices.Clone(c)
		for j := range 4 * n {
			a, b := c[j], c[ld+j]
			if order == 1 {
				scaled[j] = f[0] * a
			} else {
				scaled[j] = math.FMA(f[1], b, float64(f[0]*a))
				scaled[ld+j] = math.FMA(f[2], b, float64(f[1]*a))
			}
		}
		for i := range 4 * rows {
			for j := i &^ 3; j < 4*n; j++ {
				for r := range order {
					if i >= lanes && j >= lanes {
						want[i*ld+j] = math.FMA(-scaled[r*ld+i], c[r*ld+j], want[i*ld+j])
					}
				}
			}
		}
		if order == 1 {
			Eliminate(u, ld, rows, n, c, w, lanes, f[0])
		} else {
			Eliminate2(u, ld, rows, n, c, w, lanes, &f)
		}
		o.same("Eliminate", u, want)
		o.same("Eliminate", c[lanes:4*n], scaled[lanes:4*n])
	}
	o.lent = 0
	ld = (4*n + 3) &^ 3
	t, d, w := o.take(4*n*ld), o.take(4*n-3), o.take(ld)
	for i := range 4 * n {
		t[i*ld+i] = 100
		for j := 4*n - 3; j < ld; j++ {
			t[i*ld+j] = 0
		}
	}
	if got := EliminateRun(t, ld, 0, 4*n-3, 0.6, d, w); got != 4*n-3 {
		o.t.Fatalf("EliminateRun of order %d stops at %d", 4*n-3, got)
	}
}
