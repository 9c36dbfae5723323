package partition

import "slices"

// enough is the share of the time of the plain chain below which the search
// for leaves is content, unless more than a share of few of the unknowns stay
// in the chain although their level goes.
const (
	enough = 0.7
	few    = 0.02
)

// condense looks for a condensation of a component that takes less time than the
// plain chain, given the searches from its two ends. It tries level structures
// from whole sets of vertices at an end, because levels then come in step
// across the width: the level that is farthest from a vertex, and the vertices near
// there that have the same degree; and levels from single vertices.
func (p *planner) condense(a, b *search, plain float64) (best condensation, ok bool) {
	limit, content := 0.9*plain, false
	try := func(l levels) {
		c, better := p.split.condense(l, limit)
		if !better || !slices.Contains(c.gone, true) {
			return
		}
		c.levels, c.groups = c.levels.clone(), c.groups.clone()
		best, ok, limit = c, true, c.time
		content = c.time < enough*plain && float64(c.stayed()) <= few*float64(p.g.total(c.order))
	}
	ends := []levels{a.levels().clone(), b.levels().clone()}
	s := a
	tryFrom := func(set []int32) {
		s.run(set...)
		try(s.levels().pulled(p.g))
		if !content {
			try(s.levels())
		}
	}
	for _, end := range ends {
		tryFrom(end.last())
	}
	for _, end := range ends {
		if content {
			break
		}
		for _, set := range end.alike(p.g) {
			tryFrom(set)
		}
		try(end)
	}
	return best, ok
}

// addCondensed adds a component with leaves: the levels that stay, each with
// what stays of the level before it, make the chain.
func (p *planner) addCondensed(c condensation) {
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
			before := len(chain)
			for id := c.groups.level[k]; id < c.groups.level[k+1]; id++ {
				chain = p.addGroup(chain, c.groups, id)
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
		close(c.coupled[k] + kept)
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
func (p *planner) addGroup(chain []int32, c groups, id int) []int32 {
	size := 0
	for i := c.ptr[id]; i < c.ptr[id+1]; i++ {
		v := c.nodes[i]
		if c.kept[i] {
			chain = append(chain, v)
		} else {
			p.leaves = append(p.leaves, v)
			size += int(p.g.weight[v])
		}
	}
	if size > 0 {
		p.groups = append(p.groups, size)
		p.cost.addGroup(size, int(c.outside[id]))
	}
	return chain
}
