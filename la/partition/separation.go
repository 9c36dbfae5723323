package partition

import "math"

// Sides of a separation.
const (
	left  int8 = iota
	right      // 1 - left
	between
)

// A separation is a level whose vertices are on two sides or between them, no edge
// joining the sides. Moving a vertex from between to a side pulls its neighbours on the
// other side between:
//
//	left │ between │ right          gain of a move of v to the left:
//	  ·──│──v──────│──a             weight(v) − weight of its neighbours at
//	  ·──│──·      │──b             the right (here a alone)
type separation struct {
	*level
	side   []int8
	weigh  [3]int       // the sides
	pull   [2][]int32   // of a vertex between, the weight of its neighbours on each side
	locked []bool       // moved in this pass
	queue  *gainBuckets // vertices between, by the gain of a move in the direction of the pass

	middle []int32 // the vertices between, and perhaps some that are there no more
	listed []bool  // whether a vertex is in middle
	log    []move
	pulled []int32 // of all moves

	most int // what a side may weigh
}

// A move says which vertex went where, and where what it pulled starts.
type move struct {
	v     int32
	to    int8
	first int
}

const (
	// uneven is the part of the weight that a side may have: 1.2 times a half, as ndmetis of
	// METIS has it by default. Less freedom costs larger separators.
	uneven = 0.6

	// tilt is how much of the weight of a separator counts again for sides of
	// very different weight: it decides between separators that are alike within a tenth.
	tilt = 0.1
)

// separation returns a state of a level, everything being on one side.
func (p *separator) separation(l *level) *separation {
	n := l.len()
	s := &separation{level: l, side: p.bytes.take(n), locked: p.bools.take(n), listed: p.bools.take(n)}
	clear(s.locked)
	clear(s.listed)
	heaviest := int32(0)
	for _, w := range l.weight {
		heaviest = max(heaviest, w)
	}
	s.pull[left], s.pull[right] = p.kept.take(n), p.kept.take(n)
	s.queue = &p.queue
	s.queue.next, s.queue.prev, s.queue.in = p.kept.take(n), p.kept.take(n), p.bools.take(n)
	clear(s.queue.in)
	s.queue.scale(int(heaviest))
	s.middle, s.log, s.pulled = p.middle[:0], p.log[:0], p.pulled[:0]
	s.most = max(int(uneven*float64(l.total)), (l.total+1)/2)
	return s
}

// finish gives what has grown back.
func (p *separator) finish(s *separation) {
	p.middle, p.log, p.pulled = s.middle, s.log, s.pulled
}

// start takes the sides as they are.
func (s *separation) start() {
	s.weigh = [3]int{}
	for v, k := range s.side {
		s.weigh[k] += int(s.weight[v])
		if k == between {
			s.list(int32(v))
			s.look(int32(v))
		}
	}
}

// list adds v to middle.
func (s *separation) list(v int32) {
	if !s.listed[v] {
		s.listed[v] = true
		s.middle = append(s.middle, v)
	}
}

// look finds the pulls of v.
func (s *separation) look(v int32) {
	var pull [3]int32
	for _, u := range s.neighbours(v) {
		pull[s.side[u]] += s.weight[u]
	}
	s.pull[left][v], s.pull[right][v] = pull[left], pull[right]
}

// cost is what refinement makes small: the weight of the separator, more if the
// sides differ, and far more if one is too heavy.
//
// Source: C. Ashcraft and J. W. H. Liu, Applications of the Dulmage–Mendelsohn
// decomposition and network flow to graph bisection improvement, SIAM J.
// Matrix Anal. Appl. 19 (1998), section 1 (an evaluation function of both).
func (s *separation) cost() float64 {
	a, b := s.weigh[left], s.weigh[right]
	c := float64(s.weigh[between])
	c += c * tilt * math.Abs(float64(a-b)) / float64(a+b+1)
	if over := max(a, b) - s.most; over > 0 {
		c += float64(s.total) + float64(over)
	}
	return c
}

// gain is what the separator loses if v moves.
func (s *separation) gain(v int32, to int8) int {
	return int(s.weight[v]) - int(s.pull[1-to][v])
}

// move takes v to a side. What it pulls is queued to follow it.
func (s *separation) move(v int32, to int8) {
	from := 1 - to
	s.log = append(s.log, move{v, to, len(s.pulled)})
	s.queue.drop(v)
	w := s.weight[v]
	s.side[v] = to
	s.locked[v] = true
	s.weigh[between] -= int(w)
	s.weigh[to] += int(w)
	for _, u := range s.neighbours(v) {
		switch s.side[u] {
		case between:
			s.pull[to][u] += w
		case from:
			s.pulled = append(s.pulled, u)
			x := s.weight[u]
			s.side[u] = between
			s.weigh[from] -= int(x)
			s.weigh[between] += int(x)
			s.list(u)
			var pull [3]int32
			for _, t := range s.neighbours(u) {
				k := s.side[t]
				pull[k] += s.weight[t]
				if k == between {
					s.pull[from][t] -= x
					if s.queue.in[t] {
						s.queue.drop(t)
						s.queue.put(t, s.gain(t, to))
					}
				}
			}
			s.pull[left][u], s.pull[right][u] = pull[left], pull[right]
			if !s.locked[u] {
				s.queue.put(u, s.gain(u, to))
			}
		}
	}
}

// undo takes back all but the first n moves.
func (s *separation) undo(n int) {
	for k := len(s.log) - 1; k >= n; k-- {
		m := s.log[k]
		to, from := m.to, 1-m.to
		w := s.weight[m.v]
		s.side[m.v] = between
		s.weigh[to] -= int(w)
		s.weigh[between] += int(w)
		for _, u := range s.pulled[m.first:] {
			x := s.weight[u]
			s.side[u] = from
			s.weigh[between] -= int(x)
			s.weigh[from] += int(x)
			for _, t := range s.neighbours(u) {
				if s.side[t] == between {
					s.pull[from][t] += x
				}
			}
		}
		s.pulled = s.pulled[:m.first]
		s.list(m.v)
		var pull [3]int32
		for _, u := range s.neighbours(m.v) {
			k := s.side[u]
			pull[k] += s.weight[u]
			if k == between {
				s.pull[to][u] -= w
			}
		}
		s.pull[left][m.v], s.pull[right][m.v] = pull[left], pull[right]
	}
	for k := range s.log {
		s.locked[s.log[k].v] = false
	}
	s.log, s.pulled = s.log[:0], s.pulled[:0]
	s.queue.empty()
}

// refresh takes from middle what is between no more.
func (s *separation) refresh() {
	kept := s.middle[:0]
	for _, v := range s.middle {
		if s.side[v] == between {
			kept = append(kept, v)
		} else {
			s.listed[v] = false
		}
	}
	s.middle = kept
}

// refine improves the separator by passes to the left and to the right in turn, until
// neither finds something better. In a pass each vertex moves once at most, the best
// first, and moves after the best state are taken back. That all go in one
// direction takes a separator across plateaus of equal cost, on which moves to and fro
// would stay where they are. The heavier side comes first: the other way round the
// first pass would do no more than balance.
//
// Sources: C. M. Fiduccia and R. M. Mattheyses (1982), see gainBuckets; on
// separators: B. Hendrickson and E. Rothberg, Improving the run time and quality of
// nested dissection ordering, SIAM J. Sci. Comput. 20 (1998), section 3;
// C. Ashcraft and J. W. H. Liu, Using domain decomposition to find graph
// bisectors, BIT 37 (1997).
func (s *separation) refine() {
	to, idle := left, 0
	if s.weigh[right] > s.weigh[left] {
		to = right
	}
	for range passes {
		if s.pass(to) {
			idle = 0
		} else if idle++; idle == 2 {
			return
		}
		to = 1 - to
	}
}

// pass reports whether moves to a side have found something that is better by more than
// a slight part.
func (s *separation) pass(to int8) bool {
	s.refresh()
	for _, v := range s.middle {
		s.queue.put(v, s.gain(v, to))
	}
	first := s.cost()
	best, moves := first, 0
	limit := max(len(s.middle), min(patience, 2*len(s.middle)+20))
	for len(s.log) < moves+limit {
		v := s.queue.top()
		if v == none {
			break
		}
		if s.weigh[to]+int(s.weight[v]) > s.most && s.weigh[to] >= s.weigh[1-to] {
			s.queue.drop(v)
			continue
		}
		s.move(v, to)
		if c := s.cost(); c < best {
			best, moves = c, len(s.log)
		}
	}
	s.undo(moves)
	return best < first*(1-slight)
}

// grow makes the best separator that it meets while the left side grows out of
// one vertex, by the best move each time, until it is the heavier one.
func (s *separation) grow(seed int32) {
	for v := range s.side {
		s.side[v] = right
	}
	s.side[seed] = between
	s.weigh = [3]int{0, s.total - int(s.weight[seed]), int(s.weight[seed])}
	s.list(seed)
	s.look(seed)
	s.queue.put(seed, s.gain(seed, left))
	best, moves := math.Inf(1), 0
	for s.weigh[left] <= s.most {
		v := s.queue.top()
		if v == none {
			break
		}
		s.move(v, left)
		if c := s.cost(); c < best {
			best, moves = c, len(s.log)
		}
	}
	s.undo(moves)
}
