package partition

import "math"

// eliminate makes the live vertex e an element, and brings everything around it
// up to date.
func (m *minimumDegree) eliminate(e int32) {
	m.pivots = append(m.pivots, e)
	m.catchUp(e)
	m.left -= int(m.weight[e])
	m.gather(e)
	m.compare(e)
	m.update(e)
	m.advance(m.large)
	m.unite(e)
	m.release(e)
}

// gather makes the list of element e: the neighbours of e and the vertices of its
// elements, which it absorbs. Their weights turn negative.
func (m *minimumDegree) gather(e int32) {
	l := &m.lists[e]
	shown := int(l.elements)
	m.weight[e] = -m.weight[e]
	l.elements = none
	if shown == 0 {
		to, weight := m.take(m.list(e), l.at)
		l.length, m.degree[e] = int32(to-l.at), weight
		return
	}
	need := int(l.length) - shown
	for _, f := range m.list(e)[:shown] {
		need += int(m.lists[f].length)
	}
	if m.free+min(need, m.n) > len(m.space) {
		m.compact()
	}
	own, to, total := m.list(e), m.free, int32(0)
	for _, f := range own[:shown] {
		at, weight := m.take(m.list(f), to)
		to = at
		total += weight
		m.stamp[f], m.lists[f].length = 0, 0
	}
	to, weight := m.take(own[shown:], to)
	l.at, l.length, m.degree[e] = m.free, int32(to-m.free), total+weight
	m.free = to
}

// take appends the live vertices of a list that are not yet in the new element
// to it, whose end is at. It returns the new end and the weight of what was taken.
func (m *minimumDegree) take(list []int32, at int) (end int, total int32) {
	space, weight := m.space, m.weight
	for _, v := range list {
		if w := weight[v]; w > 0 {
			total += w
			weight[v] = -w
			space[at] = v
			at++
			m.leave(v)
		}
	}
	return at, total
}

// compare finds for each element f that shares vertices with e how much of
// it lies outside: stamp[f] - clock is the weight of f \ e.
func (m *minimumDegree) compare(e int32) {
	lists, space, weight, stamp, degree, clock := m.lists, m.space, m.weight, m.stamp, m.degree, m.clock
	for _, v := range m.list(e) {
		l := &lists[v]
		if l.length > m.long && m.deferred(v, e) {
			continue
		}
		w := uint32(-weight[v])
		for _, f := range space[l.at : l.at+int(l.elements)] {
			s := stamp[f]
			if s == 0 {
				continue
			}
			if first := uint32(degree[f]) + clock; s < clock {
				s = first
			}
			stamp[f] = s - w
		}
	}
}

// list returns the list of v.
func (m *minimumDegree) list(v int32) []int32 {
	l := &m.lists[v]
	return m.space[l.at : l.at+int(l.length)]
}

// update rewrites the list of each vertex of e, bounds its degree, and finds its
// bucket. Elements inside e are absorbed, also where e did not replace
// them; vertices without neighbours outside e are eliminated at once.
func (m *minimumDegree) update(e int32) {
	stamp, weight, space, now := m.stamp, m.weight, m.space, int64(m.clock)
	lists, degree := m.lists, m.degree
	bucket, mask := m.bucket, uint32(len(m.bucket)-1)
	for _, v := range m.list(e) {
		l := &lists[v]
		if l.length > m.long && l.chain == later {
			continue
		}
		start := l.at
		mid := start + int(l.elements)
		end := start + int(l.length)
		// The list gains e and loses something, at the latest e's own number
		// among the neighbours: e takes the first place, and what stood there the
		// place between elements and neighbours.
		to, outside, hash := start, 0, uint32(0)
		for _, f := range space[start:mid] {
			s := int64(stamp[f])
			if s == now {
				stamp[f], lists[f].length = 0, 0
				continue
			}
			// Whether f is absorbed, or u below live, is as good as at random, so that
			// masks are faster than branches: all ones for those that stay, else zeros.
			stays := -s >> 63
			outside += int((s - now) & stays)
			hash += uint32(int64(f) & stays)
			space[to] = f
			to -= int(stays)
		}
		border := to
		for _, u := range space[mid:end] {
			w := weight[u]
			stays := -w >> 31
			outside += int(w & stays)
			hash += uint32(u & stays)
			space[to] = u
			to -= int(stays)
		}
		if to == start {
			w := -weight[v]
			degree[e] -= w
			weight[e] -= w
			m.left -= int(w)
			m.vanish(v, e)
			continue
		}
		degree[v] = int32(min(int(degree[v]), outside))
		space[to] = space[border]
		space[border] = space[start]
		space[start] = e
		l.elements = int32(border-start) + 1
		l.length = int32(to-start) + 1
		l.hash = hash
		b := hash & mask
		l.chain = bucket[b]
		bucket[b] = v
	}
	m.large = max(m.large, uint32(degree[e]))
}

// vanish makes v part of host.
func (m *minimumDegree) vanish(v, host int32) {
	m.weight[v], m.lists[v].elements, m.lists[v].length = 0, none, 0
	m.behind[m.tail[host]] = v
	m.tail[host] = m.tail[v]
}

// advance moves the clock by d, so that all stamps are of the past.
func (m *minimumDegree) advance(d uint32) {
	if m.clock < math.MaxUint32-math.MaxInt32-d {
		m.clock += d + 1
		return
	}
	for v, s := range m.stamp {
		if s != 0 {
			m.stamp[v] = 1
		}
	}
	m.clock = 2
}

// unite finds vertices of e with the same list, and makes them one.
func (m *minimumDegree) unite(e int32) {
	for _, i := range m.list(e) {
		if m.weight[i] == 0 {
			continue
		}
		b := m.lists[i].hash & uint32(len(m.bucket)-1)
		v := m.bucket[b]
		m.bucket[b] = none // the first of a bucket does for all
		for ; v != none && m.lists[v].chain != none; v = m.lists[v].chain {
			marked := false
			last, l := v, &m.lists[v]
			for u := l.chain; u != none; u = m.lists[u].chain {
				if o := &m.lists[u]; o.hash != l.hash || o.length != l.length || o.elements != l.elements {
					last = u
					continue
				}
				if !marked {
					marked = true
					for _, w := range m.list(v)[1:] {
						m.stamp[w] = m.clock
					}
				}
				if !allStamped(m.list(u)[1:], m.stamp, m.clock) {
					last = u
					continue
				}
				m.weight[v] += m.weight[u]
				if m.stage != nil {
					m.stage[v] = min(m.stage[v], m.stage[u])
				}
				m.vanish(u, v)
				m.lists[last].chain = m.lists[u].chain
			}
			if marked {
				m.advance(0)
			}
		}
	}
}

// allStamped reports whether all of a list have the stamp.
func allStamped(list []int32, stamp []uint32, s uint32) bool {
	for _, v := range list {
		if stamp[v] != s {
			return false
		}
	}
	return true
}

// release makes the vertices of e live again, with their new degrees.
func (m *minimumDegree) release(e int32) {
	list, to, all := m.list(e), 0, m.degree[e]
	for _, v := range list {
		w := -m.weight[v]
		if w == 0 {
			continue
		}
		m.weight[v] = w
		d := int(m.degree[v])
		if l := &m.lists[v]; l.length <= m.long || l.chain != later {
			d += int(all - w)
		}
		d = min(d, m.left-int(w))
		m.degree[v] = int32(d)
		m.enter(v, int32(d))
		list[to] = v
		to++
	}
	m.lists[e].length = int32(to)
	if to == 0 {
		m.stamp[e] = 0
	}
}
