package partition

import "slices"

// enough is the share of the time of the plain chain below which the search
// for leaves is content.
const enough = 0.7

// condense looks for a condensation of a component that takes less time than the
// plain chain, given the searches from its two ends. It tries level structures
// from all of the level that is farthest from a vertex, because such levels come in
// step across the whole width, and from single vertices. Of the vertices at
// an end those of least and of greatest degree are tried: what is alike often
// has the same degree.
func (p *planner) condense(a, b *search, plain float64) (best condensation, ok bool) {
	limit := 0.9 * plain
	try := func(l levels) {
		if c, better := p.split.condense(l, limit); better && slices.Contains(c.gone, true) {
			c.levels, c.groups = c.levels.clone(), c.groups.clone()
			best, ok, limit = c, true, c.time
		}
	}
	ends := []levels{a.levels().clone(), b.levels().clone()}
	s := a
	for _, end := range ends {
		s.run(end.last()...)
		try(s.levels().pulled(p.g))
		if limit >= enough*plain {
			try(s.levels())
		}
	}
	if limit < enough*plain {
		return best, ok
	}
	for _, end := range ends {
		try(end)
		if v := end.highest(p.g); p.g.deg[v] != p.g.deg[end.lowest(p.g)] {
			s.run(v)
			s.run(slices.Clone(s.last())...)
			try(s.levels().pulled(p.g))
			try(s.levels())
		}
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
