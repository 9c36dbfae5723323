package partition

// A deferral keeps the elimination linear where a few vertices, the hubs, have
// long lists. Each elimination next to a hub would walk its whole list, which
// gains one element: hundreds of hubs with thousands of neighbours each take
// hours where all else takes seconds. A hub instead notes its new elements and is
// brought up to date when an eighth of its list is new, or when it is
// eliminated, so that a note costs a constant number of steps. Meanwhile its degree is
// that of the last time, its weight counts as outside of the elements that it
// shares, and it is compared with no other vertex. Degrees stay upper bounds up
// to what the hub has not seen; hubs come late whatever their exact degree.
type deferral struct {
	long    int32             // lists longer than this are those of hubs
	notes   map[int32][]int32 // elements that a hub has not in its list
	scratch []int32
}

// later marks, in vertexList.chain, a hub that passes over an elimination.
const later = -2

// init calls a list long that has over 256 entries and 16 times the average.
func (d *deferral) init(g *wgraph) {
	d.long = int32(256 + 16*len(g.adj)/max(1, g.len()))
}

// deferred decides whether the hub v only notes the new element e. If not, its list
// is complete but for e.
func (m *minimumDegree) deferred(v, e int32) bool {
	l, notes := &m.lists[v], m.notes[v]
	if 8*len(notes) > int(l.length) {
		m.catchUp(v)
		l.chain = none
		return false
	}
	if m.notes == nil {
		m.notes = make(map[int32][]int32)
	}
	m.notes[v] = append(notes, e)
	l.chain = later
	return true
}

// catchUp puts the elements that v has noted into its list, and cuts away what is
// dead in it. There is room: v is next to each noted element since a neighbour,
// or an element that shows it, became part of that element.
func (m *minimumDegree) catchUp(v int32) {
	notes := m.notes[v]
	if len(notes) == 0 {
		return
	}
	l := &m.lists[v]
	list, to := m.list(v), 0
	for _, f := range list[:l.elements] {
		if m.stamp[f] != 0 {
			list[to] = f
			to++
		}
	}
	near := m.scratch[:0]
	for _, u := range list[l.elements:] {
		if m.lists[u].elements != none {
			near = append(near, u)
		}
	}
	for _, f := range notes {
		if m.stamp[f] != 0 {
			list[to] = f
			to++
		}
	}
	l.elements = int32(to)
	l.length = int32(to + copy(list[to:], near))
	m.scratch = near
	m.notes[v] = notes[:0]
}
