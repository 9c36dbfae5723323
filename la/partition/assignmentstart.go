package partition

import "math"

// start finds duals and a matching to start from. What helps most matrices is to
// take them as they are: equal entries give many tight ones. Where that leaves
// many columns free the scaling of the matrix may be why, so that the start
// from duals that undo it is tried, and taken if it leaves clearly fewer, or
// undoes much.
func (s *assignment) start() {
	g := s.g
	s.startFrom(make([]int64, g.n))
	free := g.n - s.matched
	if free <= g.n/64 {
		return
	}
	x := g.means()
	low, high := int64(0), int64(0)
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	if low == 0 && high == 0 {
		return
	}
	even := *s
	s.clear()
	s.startFrom(x)
	if high-low < muchScaled*octave && g.n-s.matched > free-free/3 {
		*s = even
	}
}

// muchScaled is how many octaves of scales are much.
const muchScaled = 100

// startFrom is a start from duals that need not be feasible.
func (s *assignment) startFrom(x []int64) {
	s.matched = 0
	for i := range s.column {
		s.column[i], s.row[i] = -1, -1
	}
	s.firstDuals(x)
	s.firstMatching()
	s.lookAhead()
}

// firstDuals sets u = v so that each row has a tight entry. It starts from even
// duals, and adds half of the least reduced cost of its row to each: as an
// entry's reduced cost is at least that of both its rows, it stays at least
// zero.
func (s *assignment) firstDuals(start []int64) {
	g, x := s.g, s.u
	for i, v := range start {
		lo, hi := g.ptr[i], g.ptr[i+1]
		cost := g.cost[lo:hi]
		low := int64(math.MaxInt64)
		for t, j := range g.adj[lo:hi] {
			low = min(low, int64(cost[t])-start[j])
		}
		if len(cost) > 0 {
			v = (v + low) / 2 // exact
		}
		x[i] = v
	}
	s.raise(x)
	copy(s.v, x)
}

// raise brings each dual to the largest value that the others allow.
func (s *assignment) raise(x []int64) {
	g := s.g
	for i := range g.n {
		lo, hi := g.ptr[i], g.ptr[i+1]
		adj, cost := g.adj[lo:hi], g.cost[lo:hi]
		high := int64(math.MaxInt64)
		for t, j := range adj {
			c := int64(cost[t]) - x[j]
			if int(j) == i {
				c = int64(cost[t]) / 2 // exact
			}
			high = min(high, c)
		}
		if len(adj) > 0 {
			x[i] = high
		}
	}
}

// firstMatching matches rows that are tight on the diagonal with themselves,
// and others two by two.
func (s *assignment) firstMatching() {
	g, x := s.g, s.u
	for i := range g.n {
		if c := g.diag[i]; c != noCost && int64(c) == 2*x[i] {
			s.join(int32(i), int32(i))
		}
	}
	for i := range g.n {
		if s.column[i] >= 0 {
			continue
		}
		for t := g.ptr[i]; t < g.ptr[i+1]; t++ {
			j := g.adj[t]
			if s.column[j] < 0 && int64(g.cost[t]) == x[i]+x[j] && int(j) != i {
				s.join(int32(i), j)
				s.join(j, int32(i))
				break
			}
		}
	}
}

// join matches row i and column j, both free.
func (s *assignment) join(i, j int32) {
	s.column[i], s.row[j] = j, i
	s.matched++
}

// lookAhead matches free columns by tight entries: with a free row, or with one
// whose column has another tight entry in a free row. Rows once matched stay
// so, so that no column need be searched twice for a free row.
func (s *assignment) lookAhead() {
	g := s.g
	next := make([]int, g.n)
	copy(next, g.ptr)
	for j := range g.n {
		if s.row[j] >= 0 {
			continue
		}
		vj := s.v[j]
	search:
		for t := g.ptr[j]; t < g.ptr[j+1]; t++ {
			i := g.adj[t]
			if int64(g.cost[t]) != s.u[i]+vj {
				continue
			}
			k := s.column[i]
			if k < 0 {
				s.join(i, int32(j))
				break
			}
			for next[k] < g.ptr[k+1] {
				q := next[k]
				next[k]++
				if r := g.adj[q]; s.column[r] < 0 && int64(g.cost[q]) == s.u[r]+s.v[k] {
					s.column[r], s.row[k] = k, r
					s.column[i], s.row[j] = int32(j), i
					s.matched++
					break search
				}
			}
		}
	}
}

// meanSteps bounds the steps of conjugate gradients in means.
const meanSteps = 50

// means returns the duals x with the least Σ (cost_ij − x_i − x_j)² over all
// entries, to a quarter of an octave in the mean, as whole octaves. Scaling the matrix by powers of two moves
// them by as much, so that cost_ij − x_i − x_j is as if it had not been scaled.
// They solve
//
//	(N + E) x = c
//
// where N counts the entries of the rows, E is the pattern and c has the sums
// of the costs. Conjugate gradients take a few steps.
//
// Source: A. R. Curtis and J. K. Reid, On the automatic scaling of matrices for
// Gaussian elimination, J. Inst. Maths Applics 10 (1972).
func (g *magnitudes) means() []int64 {
	n := g.n
	x, r, p, w := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	count := make([]float64, n)
	rho := 0.0
	for i := range n {
		lo, hi := g.ptr[i], g.ptr[i+1]
		if lo == hi {
			continue
		}
		sum := 0.0
		for _, c := range g.cost[lo:hi] {
			sum += float64(c)
		}
		count[i], r[i] = float64(hi-lo), sum/octave
		p[i] = r[i] / count[i]
		rho += r[i] * p[i]
	}
	for range meanSteps {
		if !(rho > float64(n)/16) {
			break
		}
		pw := 0.0
		for i := range n {
			sum := count[i] * p[i]
			for _, j := range g.adj[g.ptr[i]:g.ptr[i+1]] {
				sum += p[j]
			}
			w[i] = sum
			pw += sum * p[i]
		}
		if !(pw > 0) {
			break
		}
		alpha, next := rho/pw, 0.0
		for i, c := range count {
			x[i] += alpha * p[i]
			r[i] -= alpha * w[i]
			if c > 0 {
				next += r[i] * r[i] / c
			}
		}
		beta := next / rho
		rho = next
		for i, c := range count {
			if c > 0 {
				p[i] = r[i]/c + beta*p[i]
			}
		}
	}
	out := make([]int64, n)
	for i, v := range x {
		out[i] = 2 * int64(math.Round(v*(octave/2)))
	}
	return out
}
