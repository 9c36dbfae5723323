package factor

import (
	"math"

	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
)

// rejectAll finds the unstable pivots of the groups that have not been
// eliminated yet.
func (l *leaves) rejectAll() {
	for k, done := range l.done {
		for _, b := range l.bundles[l.ptr[k]:l.ptr[k+1]] {
			for i := b.from; i < b.to && !done; i++ {
				l.eliminate(&l.groups[i], true)
			}
		}
	}
}

// replan returns the plan with the rejected unknowns moved into the chain, to
// the block that hosts their group.
func (l *leaves) replan() *partition.Plan {
	p := l.plan
	out := make([]bool, p.Leaves.Len())
	for _, i := range l.rejected {
		out[i] = true
	}
	n := &partition.Plan{Perm: make(partition.Perm, 0, len(p.Perm)), Components: p.Components, Cost: p.Cost}
	sizes, extra := []int{}, make([][]int, p.Chain.Blocks())
	for k := range p.Leaves.Blocks() {
		at := len(n.Perm)
		for i := p.Leaves.First(k); i <= p.Leaves.Last(k); i++ {
			if h := p.Host[k]; out[i] && h >= 0 {
				extra[h] = append(extra[h], p.Perm[i])
			} else {
				n.Perm = append(n.Perm, p.Perm[i])
			}
		}
		if size := len(n.Perm) - at; size > 0 {
			sizes, n.Host = append(sizes, size), append(n.Host, p.Host[k])
		}
	}
	n.Leaves = partition.New(sizes)
	sizes = p.Chain.Sizes()
	lead := p.Leaves.Len()
	for k, more := range extra {
		n.Perm = append(n.Perm, p.Perm[lead+p.Chain.First(k):lead+p.Chain.Last(k)+1]...)
		n.Perm = append(n.Perm, more...)
		sizes[k] += len(more)
	}
	n.Chain = partition.New(sizes)
	return n
}

// rejectGroups rejects all unknowns of the groups that have rejected ones.
func (l *leaves) rejectGroups() {
	p := l.plan.Leaves
	bad := make([]bool, p.Blocks())
	for _, i := range l.rejected {
		bad[p.BlockOf(int(i))] = true
	}
	l.rejected = l.rejected[:0]
	for k, b := range bad {
		for i := p.First(k); b && i <= p.Last(k); i++ {
			l.rejected = append(l.rejected, int32(i))
		}
	}
}

// settlePlan takes the unknowns into the chain that have no pivot inside their
// group, whatever the rest of the matrix is: their pivots are as small as
// rounding errors.
func settlePlan(a *la.Sym, plan *partition.Plan, be blas.Backend) *partition.Plan {
	p := plan.Leaves
	if p.Blocks() == 0 {
		return plan
	}
	largest := p.Largest()
	f, e, perm := make([]float64, largest*largest), make([]float64, largest), make([]int, largest)
	work := make([]float64, max(2*largest, be.SytrfWork(largest)))
	pos := make([]int32, a.SymmetricDim())
	for i := range pos {
		pos[i] = -1
	}
	low := a.RawLower()
	var rejected []int32
	for k := range p.Blocks() {
		n, first := p.Size(k), p.First(k)
		if n == 1 || plan.Host[k] < 0 {
			continue // nothing to compare with, or nowhere to go
		}
		members := plan.Perm[first : first+n]
		for i, v := range members {
			pos[v] = int32(i)
		}
		clear(f[:n*n])
		for i, v := range members {
			for t := low.Ptr[v]; t < low.Ptr[v+1]; t++ {
				if j := int(pos[low.Col[t]]); j >= 0 {
					f[max(i, j)*n+min(i, j)] = low.Val[t]
				}
			}
		}
		for _, v := range members {
			pos[v] = -1
		}
		size := largestLower(n, f, n)
		be.Sytrf(n, f, n, e, perm, work)
		for j := 0; j < n; j++ {
			if e[j] != 0 {
				j++
				continue
			}
			if math.Abs(f[j*n+j]) < tinyPivot*float64(n)*unit*size {
				rejected = append(rejected, int32(first+perm[j]))
			}
		}
	}
	if len(rejected) == 0 {
		return plan
	}
	l := leaves{plan: plan, rejected: rejected}
	return l.replan()
}
