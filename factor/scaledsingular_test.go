package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// integers is a symmetric matrix of small integers: exact in float64, and scaled by
// powers of two as well.
type integers struct {
	n int
	a map[[2]int]float64
}

func newIntegers(n int) integers { return integers{n, map[[2]int]float64{}} }

func (m integers) add(i, j int, v float64) { m.a[[2]int{max(i, j), min(i, j)}] += v }

// scaled is D A D for a random diagonal of powers of two up to 2^±most.
func (m integers) scaled(rng *rand.Rand, most int) *la.Sym {
	d := make([]int, m.n)
	for i := range d {
		d[i] = rng.IntN(2*most+1) - most
	}
	b := la.NewSymBuilder(m.n, 0)
	for i := range m.n {
		for j := range i + 1 {
			if v, ok := m.a[[2]int{i, j}]; ok {
				b.Add(i, j, math.Ldexp(v, d[i]+d[j]))
			}
		}
	}
	a, _ := b.Build()
	return a
}

// inertia counts the negative and zero eigenvalues without rounding, by fractions.
func (m integers) inertia() (negative, zero int) {
	a := make([][]*big.Rat, m.n)
	for i := range a {
		a[i] = make([]*big.Rat, m.n)
		for j := range a[i] {
			a[i][j] = new(big.Rat).SetFloat64(m.a[[2]int{max(i, j), min(i, j)}])
		}
	}
	for len(a) > 0 {
		at := -1
		for i := range a {
			if a[i][i].Sign() != 0 {
				at = i
			}
		}
		if at < 0 {
			// x → x + y makes a pivot of an element beside the diagonal.
			i, j := firstNonzero(a)
			if i < 0 {
				return negative, len(a)
			}
			for k := range a {
				a[i][k].Add(a[i][k], a[j][k])
			}
			for k := range a {
				a[k][i].Add(a[k][i], a[k][j])
			}
			at = i
		}
		if a[at][at].Sign() < 0 {
			negative++
		}
		a = schur(a, at)
	}
	return negative, 0
}

func firstNonzero(a [][]*big.Rat) (i, j int) {
	for i := range a {
		for j := range a {
			if a[i][j].Sign() != 0 {
				return i, j
			}
		}
	}
	return -1, -1
}

// schur is what is left of a after elimination of unknown at.
func schur(a [][]*big.Rat, at int) [][]*big.Rat {
	var left [][]*big.Rat
	for i := range a {
		if i == at {
			continue
		}
		var row []*big.Rat
		l := new(big.Rat).Quo(a[i][at], a[at][at])
		for j := range a {
			if j != at {
				v := new(big.Rat).Mul(l, a[at][j])
				row = append(row, v.Sub(a[i][j], v))
			}
		}
		left = append(left, row)
	}
	return left
}

// path is the Laplacian of a path: singular along the vector of ones.
func path(rng *rand.Rand) integers {
	n := 2 + rng.IntN(40)
	m := newIntegers(n)
	for i := range n - 1 {
		m.edge(i, i+1, 1)
	}
	return m
}

// edge adds that of a graph.
func (m integers) edge(i, j int, w float64) {
	m.add(i, i, w)
	m.add(j, j, w)
	m.add(i, j, -w)
}

// graphs is the Laplacian of up to three connected graphs with weights.
func graphs(rng *rand.Rand) integers {
	parts := 1 + rng.IntN(3)
	each := 2 + rng.IntN(12)
	m := newIntegers(parts * each)
	for p := range parts {
		for i := 1; i < each; i++ {
			m.edge(p*each+i, p*each+rng.IntN(i), float64(1+rng.IntN(9)))
		}
		for range rng.IntN(2 * each) {
			if i, j := rng.IntN(each), rng.IntN(each); i != j {
				m.edge(p*each+i, p*each+j, float64(1+rng.IntN(9)))
			}
		}
	}
	return m
}

// deficient is the Gram matrix B Bᵀ of more rows than columns.
func deficient(rng *rand.Rand) integers {
	n := 3 + rng.IntN(12)
	r := max(1, n-1-rng.IntN(3))
	b := make([][]float64, n)
	for i := range b {
		b[i] = make([]float64, r)
		for j := range b[i] {
			b[i][j] = float64(rng.IntN(7) - 3)
		}
	}
	m := newIntegers(n)
	for i := range n {
		for j := range i + 1 {
			s := 0.0
			for k := range r {
				s += b[i][k] * b[j][k]
			}
			m.add(i, j, s)
		}
	}
	return m
}

// redundant is a saddle point some of whose constraints are sums and differences of
// others.
func redundant(rng *rand.Rand) integers {
	n := 4 + rng.IntN(12)
	k := 1 + rng.IntN(n/2)
	more := 1 + rng.IntN(3)
	m := newIntegers(n + k + more)
	for i := range n {
		m.add(i, i, float64(1+rng.IntN(9)))
		if i > 0 && rng.IntN(2) == 0 {
			m.add(i, rng.IntN(i), float64(rng.IntN(3)-1))
		}
	}
	c := make([][]float64, k, k+more)
	for i := range c {
		c[i] = make([]float64, n)
		c[i][i] = 1
		for range 1 + rng.IntN(3) {
			c[i][rng.IntN(n)] = float64(rng.IntN(7) - 3)
		}
	}
	for range more {
		row := make([]float64, n)
		for range 1 + rng.IntN(3) {
			t := c[rng.IntN(k)]
			s := float64(2*rng.IntN(2) - 1)
			for j := range row {
				row[j] += s * t[j]
			}
		}
		c = append(c, row)
	}
	for i, row := range c {
		for j, v := range row {
			if v != 0 {
				m.add(n+i, j, v)
			}
		}
	}
	return m
}

// kinds are matrices of known null space, and what makes them regular: something on the
// diagonal of unknown i.
var kinds = map[string]struct {
	make    func(*rand.Rand) integers
	regular func(m integers, i int) float64
}{
	"path":      {path, func(_ integers, i int) float64 { return float64(1 - min(i, 1)) }},
	"graphs":    {graphs, func(integers, int) float64 { return 1 }},
	"deficient": {deficient, func(integers, int) float64 { return 1 }},
	"redundant": {redundant, func(m integers, i int) float64 {
		if _, variable := m.a[[2]int{i, i}]; variable {
			return 0
		}
		return -1
	}},
}

// Matrices that are exactly singular are found to be so however their rows are scaled, with
// the number of eigenvalues that are zero, null vectors and solutions of systems that have
// some; those with a little more on the diagonal are not.
func TestScaledSingular(t *testing.T) { testScaledSingular(t, factor.EngineNative, 0) }

// testScaledSingular allows so many systems with a solution not to be solved.
func testScaledSingular(t *testing.T, engine string, unsolved int) {
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	opts := &factor.Options{Engine: engine}
	for name, kind := range kinds {
		for _, most := range []int{0, 6, 12, 20, 40} {
			rng := rand.New(rand.NewPCG(uint64(most), 17))
			certain, solved := 0, 0
			for round := range rounds {
				m := kind.make(rng)
				what := fmt.Sprintf("%s %d scaled by up to 2^%d, order %d", name, round, most, m.n)
				if checkScaledSingular(t, what, opts, rng, m, most) {
					solved++
				}
				for i := range m.n {
					m.add(i, i, kind.regular(m, i))
				}
				if checkScaledRegular(t, what, opts, rng, m, most) {
					certain++
				}
			}
			// The condition of what is not zero is up to 2^(4·most).
			if solved < rounds-unsolved && most <= 20 || solved < rounds-2 {
				t.Errorf("%s: only %d of %d systems that have solutions are solved", name, solved, rounds)
			}
			if certain < rounds-1 {
				t.Errorf("%s: only %d of %d regular matrices have an inertia that is certain", name, certain, rounds)
			}
		}
	}
}

// checkScaledSingular reports whether a system with a solution was solved.
func checkScaledSingular(t *testing.T, what string, opts *factor.Options, rng *rand.Rand, m integers, most int) (solved bool) {
	t.Helper()
	a := m.scaled(rng, most)
	negative, zero := m.inertia()
	if zero == 0 {
		t.Fatalf("%s: is regular", what)
	}
	var f factor.Sparse
	if err := f.Analyse(a, opts); err != nil {
		t.Fatal(err)
	}
	var singular *factor.SingularError
	if err := f.Factorize(a); !errors.As(err, &singular) || singular.Blind {
		t.Errorf("%s, nullity %d: %v, %v", what, zero, f.Inertia(), err)
		return false
	}
	if in := f.Inertia(); in.Negative != negative || in.Zero != zero {
		t.Errorf("%s: %v, want %d negative and %d zero", what, in, negative, zero)
	}
	var v mat.Dense
	if r, err := f.NullSpaceTo(&v); err != nil || r > 0x1p-50 { // some roundings of ‖A‖
		t.Errorf("%s: null vectors with residual %g, %v", what, r, err)
	}
	x, b := mat.NewVecDense(m.n, nil), mat.NewVecDense(m.n, nil)
	for i := range m.n {
		x.SetVec(i, rng.NormFloat64())
	}
	a.MulVecTo(b.RawVector().Data, x.RawVector().Data)
	err := f.SolveVecTo(x, b)
	var inaccurate *factor.AccuracyError
	if err != nil && !errors.As(err, &inaccurate) {
		t.Errorf("%s: %v", what, err)
	}
	return err == nil
}

// checkScaledRegular reports whether the inertia is certain.
func checkScaledRegular(t *testing.T, what string, opts *factor.Options, rng *rand.Rand, m integers, most int) (certain bool) {
	t.Helper()
	negative, zero := m.inertia()
	if zero > 0 {
		t.Fatalf("%s: is singular after all", what)
	}
	var f factor.Sparse
	a := m.scaled(rng, most)
	if err := f.Analyse(a, opts); err != nil {
		t.Fatal(err)
	}
	if err := f.Factorize(a); err != nil {
		t.Errorf("%s, made regular: %v", what, err)
	}
	in := f.Inertia()
	if in.Certain && (in.Negative != negative || in.Zero != 0) {
		t.Errorf("%s, made regular: certain of %v, want %d negative", what, in, negative)
	}
	return in.Certain
}

// A large singular matrix is no different.
func TestScaledSingularLarge(t *testing.T) {
	const n = 3000
	rng := rand.New(rand.NewPCG(4, 4))
	m := newIntegers(n)
	for i := 1; i < n; i++ {
		m.edge(i, max(0, i-1-rng.IntN(30)), float64(1+rng.IntN(9)))
		m.edge(i, rng.IntN(i), 1)
	}
	var f factor.Sparse
	var singular *factor.SingularError
	if err := f.Factorize(m.scaled(rng, 20)); !errors.As(err, &singular) || f.Inertia().Zero != 1 || f.Inertia().Negative != 0 {
		t.Errorf("%v, %v", f.Inertia(), err)
	}
}
