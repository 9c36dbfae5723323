package partition

// stages constrain a minimum degree order.
type stages struct {
	stage []int32 // of each vertex; nil: there is one
	now   int32   // vertices of higher stages wait
	next  []int32 // vertices by stage
	taken int     // how many of next have been let in
}

// waiting is the predecessor of vertices that wait, in place of a list of
// vertices of the same degree.
const waiting = -2

func (s *stages) init(stage []int32) {
	if stage == nil {
		return
	}
	s.stage = append([]int32(nil), stage...)
	top := int32(0)
	for _, k := range stage {
		top = max(top, k)
	}
	start := make([]int32, top+2)
	for _, k := range stage {
		start[k+1]++
	}
	for k := range top {
		start[k+1] += start[k]
	}
	s.next = make([]int32, len(stage))
	s.taken = int(start[1])
	for v, k := range stage {
		s.next[start[k]] = int32(v)
		start[k]++
	}
}

// nextStage lets the vertices of the next stage in. A stage may have become lower,
// that of a vertex that is part of another one now, but not higher.
func (m *minimumDegree) nextStage() {
	for m.now++; m.taken < len(m.next); m.taken++ {
		v := m.next[m.taken]
		if m.stage[v] > m.now {
			return
		}
		if m.weight[v] > 0 && m.lists[v].elements >= 0 && m.lists[v].prev == waiting {
			m.enter(v, m.degree[v])
		}
	}
}
