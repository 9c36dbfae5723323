package partition

import "slices"

// condense looks for the best condensation of a component that takes less time
// than limit, given the searches from its two ends. It tries level structures
// from the ends, and from all of the level that is farthest from a vertex:
// such levels come in step across the whole width. Of the vertices at an end
// those of least and of greatest degree are tried; what is alike often has the
// same degree.
func (p *planner) condense(a, b *search, limit float64) (best condensation, ok bool) {
	try := func(l levels) {
		if c, better := p.cond.choose(l, limit); better && slices.Contains(c.gone, true) {
			c.levels = l.clone()
			best, ok, limit = c, true, c.time
		}
	}
	var roots []int32
	var sets [][]int32
	for _, s := range []*search{a, b} {
		try(levels{s.level, s.order, s.start})
		sets = append(sets, slices.Clone(s.last()))
		if v := s.highest(); p.g.deg[v] != p.g.deg[s.lowest()] {
			roots = append(roots, v)
		}
	}
	for _, v := range roots {
		a.run(v)
		sets = append(sets, slices.Clone(a.last()))
	}
	for _, set := range sets {
		a.run(set...)
		l := levels{a.level, a.order, a.start}
		try(l.pulled(p.g))
		try(l)
	}
	return best, ok
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

// addCondensed adds a component with leaves: the levels that stay, each with
// what stays of the level before it, make the chain.
func (p *planner) addCondensed(c condensation) {
	coupled := p.cond.split(c.levels)
	var chain []int32
	first, rows := []int{0}, []int{} // of the levels in the chain
	var hosts []int                  // by group: level in the chain
	end, kept := 0, 0
	close := func(r int) {
		if end > first[len(first)-1] {
			first, rows = append(first, end), append(rows, r)
		}
	}
	for k, gone := range c.gone {
		if gone {
			p.cond.levelTime(k)
			before := len(chain)
			for id := p.cond.level[k]; id < p.cond.level[k+1]; id++ {
				chain = p.addGroup(chain, id)
			}
			kept = p.g.total(chain[before:])
			end += kept
			for len(hosts) < len(p.groups)-len(p.host) {
				hosts = append(hosts, max(len(rows)-1, 0))
			}
			continue
		}
		level := c.order[c.start[k]:c.start[k+1]]
		chain = append(chain, level...)
		end += p.g.total(level)
		close(coupled[k] + kept)
		kept = 0
	}
	close(kept)

	merged, rest, _ := merge(first, rows)
	base := len(p.blocks)
	block := make([]int, len(rows)) // of a level of the chain
	for k, b := 0, 0; k < len(rows); k++ {
		for first[k] >= merged[b+1] {
			b++
		}
		block[k] = base + b
	}
	p.chain = append(p.chain, chain...)
	p.addBlocks(merged, rest)
	for _, l := range hosts {
		if len(rows) == 0 {
			p.host = append(p.host, -1)
		} else {
			p.host = append(p.host, block[l])
		}
	}
}

// addGroup adds the group of a component of a level, and appends those of its
// vertices that stay to chain.
func (p *planner) addGroup(chain []int32, id int) []int32 {
	nodes := p.cond.nodes[p.cond.ptr[id]:p.cond.ptr[id+1]]
	size := 0
	for _, v := range nodes {
		if p.cond.kept[v] {
			chain = append(chain, v)
		} else {
			p.leaves = append(p.leaves, v)
			size += int(p.g.weight[v])
		}
	}
	if size > 0 {
		p.groups = append(p.groups, size)
		p.cost.addGroup(size, p.cond.boundary(nodes, int32(id)))
	}
	return chain
}
