package factor

import (
	"fmt"

	"costate/factor/internal/tree"
	"costate/la"
	"costate/la/partition"
)

func blockWhat(a *la.BlockTridiag) string {
	return fmt.Sprintf("a block LDLᵀ of order %d", a.SymmetricDim())
}

// A pathSource is a block-tridiagonal matrix whose blocks are eliminated from both ends, up
// to block meet, the last: first the blocks before it, each into the next, then those
// after it from the last one on, each into the one before. If meet is the last block that
// is the usual order. It is the tree.Source of its matrix.
//
// Source: H. A. van der Vorst, Large tridiagonal and block tridiagonal linear systems on
// vector and parallel computers, Parallel Computing 5 (1987) (twisted factorizations).
type pathSource struct {
	a    *la.BlockTridiag
	meet int
}

// block is that of node k, and node is the node of block j.
func (p pathSource) block(k int) int {
	switch last := p.a.Blocks() - 1; {
	case k < p.meet:
		return k
	case k == last:
		return p.meet
	default:
		return last - (k - p.meet)
	}
}

func (p pathSource) node(j int) int {
	switch last := p.a.Blocks() - 1; {
	case j < p.meet:
		return j
	case j == p.meet:
		return last
	default:
		return last - (j - p.meet)
	}
}

// below is the block into which block j is eliminated, -1 if there is none, and its rows
// that are not zero in the columns of j: elimination fills these, and no others.
func (p pathSource) below(j int) (next int, rows []int) {
	if j == p.meet {
		return -1, nil
	}
	if j < p.meet {
		if len(p.a.SubCols(j)) > 0 {
			rows = p.a.SubRows(j)
		}
		next = j + 1
	} else {
		if len(p.a.SubRows(j-1)) > 0 {
			rows = p.a.SubCols(j - 1)
		}
		next = j - 1
	}
	if len(rows) == 0 {
		return -1, nil
	}
	return next, rows
}

// tree has the blocks as nodes. A block that couples to no next one is a root.
func (p pathSource) tree() *partition.Tree {
	a := p.a
	blocks := a.Blocks()
	t := &partition.Tree{Parent: make([]int, blocks), Rows: make([][]int32, blocks)}
	sizes := make([]int, blocks)
	for k := range sizes {
		j := p.block(k)
		sizes[k] = a.BlockSize(j)
		for i := range sizes[k] {
			t.Perm = append(t.Perm, a.BlockFirst(j)+i)
		}
	}
	t.Nodes = partition.New(sizes)
	for k := range t.Parent {
		t.Parent[k] = -1
		next, rows := p.below(p.block(k))
		if next < 0 {
			continue
		}
		t.Parent[k] = p.node(next)
		first := t.Nodes.First(t.Parent[k])
		for _, r := range rows {
			t.Rows[k] = append(t.Rows[k], int32(first+r))
		}
	}
	return t
}

// cost counts what the blocks alone take, before anything is made of them.
func (p pathSource) cost() Cost {
	c := Cost{Bytes: 8 * int64(len(p.a.Raw()))}
	for j := range p.a.Blocks() {
		_, rows := p.below(j)
		q, r := int64(p.a.BlockSize(j)), int64(len(rows))
		c.Factor += q*q*q/3 + q*q*r + q*r*r
		c.Solve += 2*q*q + 4*q*r
		c.Bytes += 8 * (q*q + q*r)
	}
	return c
}

// Front implements tree.Source: D_j, and the rows of S_j, or of S_{j-1}ᵀ, that are not zero.
func (p pathSource) Front(k int, f, x []float64, ld int) {
	j := p.block(k)
	d, q := p.a.Diag(j)
	for i := range q {
		copy(f[i*ld:i*ld+i+1], d[i*q:])
	}
	_, rows := p.below(j)
	switch {
	case len(rows) == 0:
	case j < p.meet:
		b, q := p.a.Sub(j)
		for i, r := range rows {
			copy(x[i*ld:i*ld+q], b[r*q:])
		}
	default:
		b, q := p.a.Sub(j - 1)
		for _, c := range p.a.SubRows(j - 1) {
			for i, r := range rows {
				x[i*ld+c] = b[c*q+r]
			}
		}
	}
}

// Bytes implements tree.Source: the matrix is counted elsewhere.
func (p pathSource) Bytes() int64 { return 0 }

// bothEnds is the fraction of the time from one end that elimination from both must stay
// below.
const bothEnds = 0.8

// meeting is the block where elimination from both ends meets so that it takes the
// shortest time, and the last block where that would not pay.
func meeting(a *la.BlockTridiag, o tree.Options) int {
	blocks := a.Blocks()
	last := blocks - 1
	threads := o.Threads()
	if threads < 2 || blocks < 3 {
		return last
	}
	one, down := 0.0, make([]float64, blocks+1) // of the blocks from j on, from the end
	for j := last; j >= 0; j-- {
		_, rows := pathSource{a, 0}.below(j)
		down[j] = down[j+1] + tree.Time(a.BlockSize(j), len(rows), 1)
		_, rows = pathSource{a, last}.below(j)
		one += tree.Time(a.BlockSize(j), len(rows), threads)
	}
	if one < tree.LeastShared {
		return last
	}
	at, best := last, bothEnds*one
	up := 0.0
	for j := range last {
		if time := max(up, down[j+1]) + tree.Time(a.BlockSize(j), 0, threads); time < best {
			at, best = j, time
		}
		_, rows := pathSource{a, last}.below(j)
		up += tree.Time(a.BlockSize(j), len(rows), 1)
	}
	return at
}
