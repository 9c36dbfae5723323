package partition

// A near is a row in the binary heap of the rows that a search for a path has
// reached. Rows know their place in it.
type near struct {
	dist int64
	row  int32
}

// lift moves e, which belongs at the given place of the heap, towards its root
// until nothing above it is farther away.
func (s *assignment) lift(at int32, e near) {
	for at > 0 {
		up := (at - 1) / 2
		k := s.heap[up]
		if k.dist <= e.dist {
			break
		}
		s.heap[at] = k
		s.rows[k.row].place = at
		at = up
	}
	s.heap[at] = e
	s.rows[e.row].place = at
}

// pop takes the nearest row out of the heap.
func (s *assignment) pop() int32 {
	top, last := s.heap[0].row, len(s.heap)-1
	e := s.heap[last]
	s.heap = s.heap[:last]
	if last == 0 {
		return top
	}
	at := 0
	for {
		k := 2*at + 1
		if k >= last {
			break
		}
		if k+1 < last && s.heap[k+1].dist < s.heap[k].dist {
			k++
		}
		down := s.heap[k]
		if down.dist >= e.dist {
			break
		}
		s.heap[at] = down
		s.rows[down.row].place = int32(at)
		at = k
	}
	s.heap[at] = e
	s.rows[e.row].place = int32(at)
	return top
}
