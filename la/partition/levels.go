package partition

import "slices"

// levels is a level structure: edges join vertices of one level or of
// neighbouring ones.
type levels struct {
	level []int32 // of a vertex
	order []int32 // vertices by level
	start []int   // of each level in order, and the end
}

// last returns the last level.
func (l levels) last() []int32 {
	h := len(l.start) - 1
	return l.order[l.start[h-1]:l.start[h]]
}

// lowest returns a vertex of least degree in the last level.
func (l levels) lowest(g *graph) int32 {
	return slices.MinFunc(l.last(), func(u, v int32) int { return int(g.deg[u] - g.deg[v]) })
}

// alike returns the two largest sets of vertices of the same degree in the last
// three levels. What plays the same part at the end of a structure, such as all
// unknowns of one kind in its last stage, often has the same degree.
func (l levels) alike(g *graph) (sets [][]int32) {
	h := len(l.start) - 1
	near := slices.Clone(l.order[l.start[max(h-3, 0)]:])
	slices.SortStableFunc(near, func(u, v int32) int { return int(g.deg[u] - g.deg[v]) })
	for i := 0; i < len(near); {
		j := i
		for j < len(near) && g.deg[near[j]] == g.deg[near[i]] {
			j++
		}
		sets = append(sets, near[i:j])
		i = j
	}
	slices.SortStableFunc(sets, func(s, t []int32) int { return len(t) - len(s) })
	return sets[:min(2, len(sets))]
}

func (l levels) clone() levels {
	return levels{slices.Clone(l.level), slices.Clone(l.order), slices.Clone(l.start)}
}

// pulled returns the levels after every vertex without neighbours in the next
// level has gone to the level before. No edge skips a level then: a vertex that goes
// has no neighbours above, and its neighbours below stay because of it.
func (l levels) pulled(g *graph) levels {
	h := len(l.start) - 1
	q := levels{level: make([]int32, len(l.level)), order: make([]int32, len(l.order)), start: make([]int, h+1)}
	for _, v := range l.order {
		k := l.level[v]
		q.level[v] = k
		if k == 0 || int(k) == h-1 {
			continue
		}
		up := false
		for _, u := range g.adj[g.ptr[v]:g.ptr[v+1]] {
			if l.level[u] > k {
				up = true
				break
			}
		}
		if !up {
			q.level[v] = k - 1
		}
	}
	for _, v := range l.order {
		q.start[q.level[v]+1]++
	}
	for k := range h {
		q.start[k+1] += q.start[k]
	}
	next := slices.Clone(q.start)
	for _, v := range l.order {
		k := q.level[v]
		q.order[next[k]] = v
		next[k]++
	}
	return q
}
