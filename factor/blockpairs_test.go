package factor

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/la/blas"
)

// A pairsSource is a random matrix with pairs in every block, and the same
// matrix in dense form with the unknowns of a block in the order s, m, rest.
type pairsSource struct {
	blocks []pairsBlock
	dense  *mat.SymDense
	first  []int // of each block in dense
}

type pairsBlock struct {
	p, rest, coup []float64
	e, a          [][]int32
	eval          [][]float64
	ediag         []float64
	aval          [][]float64
}

func (s *pairsSource) diagonal(k int, dst []float64, _ int) { copy(dst, s.blocks[k].p) }
func (s *pairsSource) rest(k int, dst []float64)            { copy(dst, s.blocks[k].rest) }
func (s *pairsSource) coupling(k int, dst []float64)        { copy(dst, s.blocks[k].coup) }
func (s *pairsSource) constraints(k int, t *pairs) {
	b := &s.blocks[k]
	clear(t.val)
	next := 0
	for i := range b.a {
		for j, v := range b.aval[i] {
			t.val[t.ptr[i]+j] = v
		}
		for _, v := range b.eval[i] {
			t.eval[next] = v
			next++
		}
	}
	copy(t.ediag, b.ediag)
}

// newPairsSource makes a matrix and the core for it. h, q and b are the pairs,
// rest and boundary of each block.
func newPairsSource(rng *rand.Rand, h, q, b []int) (*pairsSource, *core) {
	c := &core{backend: blas.Native(), blocks: make([]coreBlock, len(h))}
	s := &pairsSource{blocks: make([]pairsBlock, len(h)), first: make([]int, len(h)+1)}
	for k := range h {
		s.first[k+1] = s.first[k] + 2*h[k] + q[k]
	}
	n := s.first[len(h)]
	s.dense = mat.NewSymDense(n, nil)
	for k := range h {
		cb, sb := &c.blocks[k], &s.blocks[k]
		cb.h, cb.q, cb.src, cb.first = h[k], q[k], k, c.order
		c.order += q[k]
		if k+1 < len(h) {
			// A boundary with gaps, inside the next block's states.
			rows := rng.Perm(h[k+1])[:min(b[k], h[k+1])]
			mark := make([]bool, h[k+1])
			for _, r := range rows {
				mark[r] = true
			}
			rows = rows[:0]
			for r, m := range mark {
				if m {
					rows = append(rows, r)
				}
			}
			cb.setRows(rows)
			if cb.rows == nil { // as setRows leaves a range
				rows = make([]int, cb.b)
				for i := range rows {
					rows[i] = cb.off + i
				}
			}
			s.fill(rng, k, h[k], q[k], rows)
		} else {
			s.fill(rng, k, h[k], q[k], nil)
		}
		cb.t = newPairs(cb.q, cb.b, sb.e, sb.a)
	}
	c.alloc()
	return s, c
}

func (s *pairsSource) fill(rng *rand.Rand, k, h, q int, rows []int) {
	sb, at := &s.blocks[k], s.first[k]
	r0 := at + 2*h
	boundary := func(i int) int { return s.first[k+1] + rows[i] }
	sb.p, sb.rest, sb.coup = make([]float64, h*h), make([]float64, q*q), make([]float64, len(rows)*q)
	for i := range h {
		for j := range i + 1 {
			v := rng.NormFloat64()
			sb.p[i*h+j] = v
			s.dense.SetSym(at+i, at+j, v)
		}
	}
	for i := range q {
		for j := range i + 1 {
			v := rng.NormFloat64()
			sb.rest[i*q+j] = v
			s.dense.SetSym(r0+i, r0+j, v)
		}
	}
	for i := range rows {
		for j := range q {
			v := rng.NormFloat64()
			sb.coup[i*q+j] = v
			s.dense.SetSym(boundary(i), r0+j, v)
		}
	}
	for i := range h {
		d := math.Copysign(0.5+rng.Float64(), rng.NormFloat64())
		sb.ediag = append(sb.ediag, d)
		s.dense.SetSym(at+h+i, at+i, d)
		var e, a []int32
		var ev, av []float64
		for j := range i {
			if rng.IntN(3) == 0 {
				v := 0.5 * rng.NormFloat64()
				e, ev = append(e, int32(j)), append(ev, v)
				s.dense.SetSym(at+h+i, at+j, v)
			}
		}
		for j := range q + len(rows) {
			if rng.IntN(2) == 0 {
				v := rng.NormFloat64()
				a, av = append(a, int32(j)), append(av, v)
				col := r0 + j
				if j >= q {
					col = boundary(j - q)
				}
				s.dense.SetSym(at+h+i, col, v)
			}
		}
		sb.e, sb.eval, sb.a, sb.aval = append(sb.e, e), append(sb.eval, ev), append(sb.a, a), append(sb.aval, av)
	}
}

// Pairs of any kind: E triangular with any diagonal, boundaries with gaps,
// blocks without a rest.
func TestPairs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(r, "blocks")
		draw := func(name string, lo, hi int) []int { return rapid.SliceOfN(rapid.IntRange(lo, hi), n, n).Draw(r, name) }
		h, q, b := draw("h", 1, 5), draw("q", 0, 5), draw("b", 0, 5)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		s, c := newPairsSource(rng, h, q, b)
		values := eigenvalues(r, s.dense)
		neg, log, least, most := 0, 0.0, math.Inf(1), 0.0
		for _, v := range values {
			if v < 0 {
				neg++
			}
			log += math.Log(math.Abs(v))
			least, most = math.Min(least, math.Abs(v)), math.Max(most, math.Abs(v))
		}
		err := c.factor(s, 0, nil)
		growth := math.Max(1, c.stats.largest/most)
		tol := 1e-13 * float64(len(values)) * growth * most / least
		if tol > 1e-4 {
			return // singular, or an unlucky pivot block
		}
		if err != nil {
			r.Fatal(err)
		}
		st := c.stats
		if st.negative != neg || st.zero != 0 || st.positive != len(values)-neg {
			r.Fatalf("inertia (%d, %d, %d), want %d negative of %d", st.negative, st.zero, st.positive, neg, len(values))
		}
		if want := 1 - 2*float64(neg%2); st.sign != want {
			r.Fatalf("sign %v, want %v", st.sign, want)
		}
		if math.Abs(st.log-log) > tol*float64(len(values)) {
			r.Fatalf("log|det| %v, want %v", st.log, log)
		}
		// Right-hand sides on the rests only.
		const nr = 3
		x := make([]float64, c.order*nr)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		full := mat.NewDense(len(values), nr, nil)
		each := func(f func(i, dense int)) {
			i := 0
			for k := range h {
				for j := range q[k] {
					f(i, s.first[k]+2*h[k]+j)
					i++
				}
			}
		}
		each(func(i, at int) { full.SetRow(at, x[i*nr:(i+1)*nr]) })
		one := make([]float64, c.order)
		for i := range one {
			one[i] = x[i*nr+1]
		}
		var want mat.Dense
		if err := want.Solve(s.dense, full); err != nil {
			r.Fatal(err)
		}
		c.solve(x, nr)
		c.solve(one, 1)
		norm := mat.Norm(&want, 2)
		each(func(i, at int) {
			for j := range nr {
				if d := math.Abs(x[i*nr+j] - want.At(at, j)); d > tol*norm {
					r.Fatalf("x[%d,%d] differs by %g of %g", i, j, d, norm)
				}
			}
			if d := math.Abs(one[i] - want.At(at, 1)); d > tol*norm {
				r.Fatalf("x[%d] alone differs by %g of %g", i, d, norm)
			}
		})
	})
}
