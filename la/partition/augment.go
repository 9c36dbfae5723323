package partition

import "math"

// pathsAsk is how many columns there are from one question whether to give up to the next:
// a path may look at many of the entries, but few do.
const pathsAsk = 16

// augmentAll finds a shortest augmenting path from each free column.
func (s *assignment) augmentAll() {
	n := s.g.n
	s.rows = make([]reach, n)
	for i := range n {
		s.rows[i] = reach{u: s.u[i], dist: math.MaxInt64, column: s.column[i], place: fresh}
	}
	for j := range n {
		if s.interrupt != nil && j%pathsAsk == 0 && s.interrupt() {
			s.interrupted = true
			return
		}
		if s.row[j] < 0 && s.g.ptr[j] < s.g.ptr[j+1] {
			s.augment(int32(j))
		}
	}
	for i, r := range s.rows {
		s.u[i], s.column[i] = r.u, r.column
	}
	s.rows = nil
}

// augment matches the free column root by an alternating path to a free row
// that is shortest in the reduced costs, and moves the duals so that these stay
// at least zero and become zero along the path. It finds the distances from
// the root in rising order; rows as near as the one in hand need no heap.
//
// If no free row can be reached, the rows that can are matched with columns all
// of whose rows these are. No path leads out of them, ever, and later searches
// leave them out.
func (s *assignment) augment(root int32) {
	g := s.g
	s.done, s.seen, s.heap = s.done[:0], s.seen[:0], s.heap[:0]
	s.paths++
	best, end := int64(math.MaxInt64), int32(-1)
	base, j := int64(0), root // distance of the column in hand
	for next := 0; ; next++ {
		vj := s.v[j] - base
		lo, hi := g.ptr[j], g.ptr[j+1]
		s.steps += hi - lo
		adj, cost := g.adj[lo:hi], g.cost[lo:hi]
		for t, i := range adj {
			r := &s.rows[i]
			at := r.place
			if at <= settled {
				continue
			}
			d := int64(cost[t]) - r.u - vj
			if d >= best || d >= r.dist {
				continue
			}
			r.from = j
			if r.column < 0 {
				best, end = d, i
				if d == base {
					break
				}
				continue
			}
			if at == fresh {
				s.seen = append(s.seen, i)
			}
			r.dist = d
			switch {
			case at != fresh:
				s.lift(at, near{d, i})
			case d == base:
				r.place = settled
				s.done = append(s.done, i)
			default:
				s.heap = append(s.heap, near{d, i})
				s.lift(int32(len(s.heap)-1), near{d, i})
			}
		}
		if best == base {
			break
		}
		if next == len(s.done) {
			if len(s.heap) == 0 || s.heap[0].dist >= best {
				break
			}
			i := s.pop()
			s.rows[i].place = settled
			s.done = append(s.done, i)
		}
		i := s.done[next]
		base, j = s.rows[i].dist, s.rows[i].column
	}
	s.flip(root, end, best)
}

// flip matches along the path from root to the row end, of length best, and adapts the
// duals; without an end it marks what was reached as dead.
func (s *assignment) flip(root, end int32, best int64) {
	if end < 0 {
		for _, i := range s.done {
			s.rows[i].place = dead
		}
		return
	}
	s.v[root] += best
	for _, i := range s.done {
		r := &s.rows[i]
		if d := best - r.dist; d > 0 {
			r.u -= d
			s.v[r.column] += d
		}
	}
	for _, i := range s.seen {
		s.rows[i].dist, s.rows[i].place = math.MaxInt64, fresh
	}
	for i := end; i >= 0; {
		j := s.rows[i].from
		s.rows[i].column = j
		i, s.row[j] = s.row[j], i
	}
	s.matched++
}
