package partition

import "math"

// augmentAll finds a shortest augmenting path from each free column.
func (s *assignment) augmentAll() {
	n := s.g.n
	s.dist, s.from, s.place = make([]int64, n), make([]int32, n), make([]int32, n)
	for i := range n {
		s.dist[i], s.place[i] = math.MaxInt64, fresh
	}
	for j := range n {
		if s.row[j] < 0 && s.g.ptr[j] < s.g.ptr[j+1] {
			s.augment(int32(j))
		}
	}
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
			at := s.place[i]
			if at <= settled {
				continue
			}
			d := int64(cost[t]) - s.u[i] - vj
			if d >= best || d >= s.dist[i] {
				continue
			}
			if s.column[i] < 0 {
				best, end = d, i
				s.from[i] = j
				if d == base {
					break
				}
				continue
			}
			if at == fresh {
				s.seen = append(s.seen, i)
			}
			s.dist[i], s.from[i] = d, j
			switch {
			case at != fresh:
				s.lift(at, i)
			case d == base:
				s.place[i] = settled
				s.done = append(s.done, i)
			default:
				s.heap = append(s.heap, i)
				s.lift(int32(len(s.heap)-1), i)
			}
		}
		if best == base {
			break
		}
		if next == len(s.done) {
			if len(s.heap) == 0 {
				break
			}
			i := s.heap[0]
			if s.dist[i] >= best {
				break
			}
			s.pop()
			s.place[i] = settled
			s.done = append(s.done, i)
		}
		i := s.done[next]
		base, j = s.dist[i], s.column[i]
	}
	if end < 0 {
		for _, i := range s.done {
			s.place[i] = dead
		}
		return
	}
	s.v[root] += best
	for _, i := range s.done {
		if d := best - s.dist[i]; d > 0 {
			s.u[i] -= d
			s.v[s.column[i]] += d
		}
	}
	for _, i := range s.seen {
		s.dist[i], s.place[i] = math.MaxInt64, fresh
	}
	for i := end; i >= 0; {
		j := s.from[i]
		s.column[i] = j
		i, s.row[j] = s.row[j], i
	}
	s.matched++
}

// lift moves row i, whose place in the heap is at, towards the root of the heap
// until no row above it is farther away.
func (s *assignment) lift(at, i int32) {
	d := s.dist[i]
	for at > 0 {
		up := (at - 1) / 2
		k := s.heap[up]
		if s.dist[k] <= d {
			break
		}
		s.heap[at], s.place[k] = k, at
		at = up
	}
	s.heap[at], s.place[i] = i, at
}

// pop removes the root of the heap.
func (s *assignment) pop() {
	last := int32(len(s.heap) - 1)
	i := s.heap[last]
	s.heap = s.heap[:last]
	if last == 0 {
		return
	}
	d, at := s.dist[i], int32(0)
	for {
		k := 2*at + 1
		if k >= last {
			break
		}
		if k+1 < last && s.dist[s.heap[k+1]] < s.dist[s.heap[k]] {
			k++
		}
		down := s.heap[k]
		if s.dist[down] >= d {
			break
		}
		s.heap[at], s.place[down] = down, at
		at = k
	}
	s.heap[at], s.place[i] = i, at
}
