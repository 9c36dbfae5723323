package partition

// Keep returns a plan in which the given groups are no leaves: their unknowns go to
// the block of the chain that the group couples to, or to its neighbour where
// that is smaller and coupled to as well; groups that couple to nothing become
// blocks of their own. This is what to do with groups whose values make them
// bad pivots. The result fits the matrices that p fits; its Cost is not known
// until Analyse, and is left zero. It panics with ErrBlock if a group does not
// exist.
func (p *Plan) Keep(groups []int) *Plan {
	keep := make([]bool, p.Leaves.Blocks())
	for _, k := range groups {
		p.Leaves.check(k)
		keep[k] = true
	}
	q := &Plan{Components: p.Components, Perm: make(Perm, 0, len(p.Perm))}
	blocks := p.Chain.Blocks()
	sizes := p.Chain.Sizes()
	joins := make([][]int, blocks) // groups by the block they go to
	var alone []int
	var left []int
	for k, kept := range keep {
		switch h := p.Host[k]; {
		case !kept:
			left = append(left, p.Leaves.Size(k))
			q.Host = append(q.Host, h)
			q.Perm = append(q.Perm, p.Perm[p.Leaves.First(k):p.Leaves.Last(k)+1]...)
		case h < 0:
			alone = append(alone, k)
		default:
			// Both blocks that a group may couple to do: it couples to no
			// other group.
			if h+1 < blocks && sizes[h+1] < sizes[h] {
				h++
			}
			joins[h] = append(joins[h], k)
			sizes[h] += p.Leaves.Size(k)
		}
	}
	chain := p.Perm[p.Leaves.Len():]
	for b := range joins {
		q.Perm = append(q.Perm, chain[p.Chain.First(b):p.Chain.Last(b)+1]...)
		for _, k := range joins[b] {
			q.Perm = append(q.Perm, p.Perm[p.Leaves.First(k):p.Leaves.Last(k)+1]...)
		}
	}
	for _, k := range alone {
		sizes = append(sizes, p.Leaves.Size(k))
		q.Perm = append(q.Perm, p.Perm[p.Leaves.First(k):p.Leaves.Last(k)+1]...)
	}
	q.Leaves, q.Chain = New(left), New(sizes)
	return q
}

// Cost estimates the factorization of what s takes apart: its groups and its
// chain, with the structure that elimination fills.
func (s *Split) Cost() Cost {
	c := s.chain.Cost()
	for k := range s.group {
		g := &s.group[k]
		c.addGroup(g.size, g.end-g.boundary)
	}
	return c
}
