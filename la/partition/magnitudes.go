package partition

import (
	"math"

	"costate/la"
)

// Magnitudes is the full pattern of the entries of a symmetric matrix that are not
// zero, with their magnitudes as costs −log₂|a_ij|: in fixed point, so that
// sums are exact and equal costs are equal, and even, so that halves are.
type magnitudes struct {
	n    int
	ptr  []int // the rows of column j are adj[ptr[j]:ptr[j+1]]
	adj  []int32
	cost []int32
	diag []int32 // cost of the diagonal entry, or noCost
	neg  []bool  // the diagonal entry is negative

	// Entries of the columns that were left out, which have no others then.
	outPtr  []int
	outAdj  []int32
	outCost []int32
}

const (
	octaveBits = 20 // of the fraction of a cost
	octave     = 1 << octaveBits
	noCost     = math.MaxInt32
)

func newMagnitudes(a *la.Sym) *magnitudes {
	low := a.RawLower()
	n := low.N
	g := &magnitudes{n: n, ptr: make([]int, n+1), diag: make([]int32, n), neg: make([]bool, n)}
	ptr := g.ptr
	for i := range n {
		g.diag[i] = noCost
		k := 0
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			if v := low.Val[t]; v == 0 || v != v {
				continue
			}
			k++
			if j := low.Col[t]; int(j) != i {
				ptr[j+1]++
			}
		}
		ptr[i+1] += k
	}
	for i := range n {
		ptr[i+1] += ptr[i]
	}
	g.adj, g.cost = make([]int32, ptr[n]), make([]int32, ptr[n])
	for i := range n {
		at := ptr[i]
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			v := low.Val[t]
			if v == 0 || v != v {
				continue
			}
			j, c := low.Col[t], costOf(v)
			g.adj[at], g.cost[at] = j, c
			at++
			if int(j) == i {
				g.diag[i], g.neg[i] = c, v < 0
				continue
			}
			// All of column j up to its diagonal is there already.
			p := ptr[j]
			g.adj[p], g.cost[p] = int32(i), c
			ptr[j]++
		}
		ptr[i] = at
	}
	copy(ptr[1:], ptr[:n])
	ptr[0] = 0
	return g
}

// out returns the range in outAdj and outCost of the entries of column i, which
// was left out.
func (g *magnitudes) out(i int) (from, to int) {
	if g.outPtr == nil {
		return 0, 0
	}
	return g.outPtr[i], g.outPtr[i+1]
}

// leaveOut takes away the given rows and columns, and keeps their entries apart.
func (g *magnitudes) leaveOut(out []bool) {
	g.outPtr = make([]int, g.n+1)
	to, from := 0, 0
	for j := range g.n {
		end := g.ptr[j+1]
		if out[j] {
			g.outAdj = append(g.outAdj, g.adj[from:end]...)
			g.outCost = append(g.outCost, g.cost[from:end]...)
			g.diag[j] = noCost
			from = end
		}
		for ; from < end; from++ {
			if i := g.adj[from]; !out[i] {
				g.adj[to], g.cost[to] = i, g.cost[from]
				to++
			}
		}
		g.ptr[j+1] = to
		g.outPtr[j+1] = len(g.outAdj)
	}
	g.adj, g.cost = g.adj[:to], g.cost[:to]
}

// costOf returns −log₂|v| for v not zero, as a multiple of two units.
func costOf(v float64) int32 {
	const fraction = 52
	b := math.Float64bits(v) &^ (1 << 63)
	e := int(b >> fraction)
	if e == 0 {
		b = math.Float64bits(math.Abs(v) * 0x1p64)
		e = int(b>>fraction) - 64
	}
	if e == 0x7ff {
		return -1024 * octave
	}
	// |v| = 2^(e-1023) m, m = k (1 + r), k the nearest below of the table.
	k := b >> (fraction - logBits) & (1<<logBits - 1)
	m := math.Float64frombits(b&(1<<fraction-1) | 1023<<fraction)
	r := m*logInverse[k] - 1
	l := logTable[k] + r*(math.Log2E+r*(-math.Log2E/2+r*(math.Log2E/3)))
	return int32(-(e-1023)*octave) - 2*int32(l*(octave/2)+0.5)
}

const logBits = 7

// logTable and logInverse have log₂ k and 1/k for k = 1 + t/2^logBits.
var logTable, logInverse = logTables()

func logTables() (log, inverse [1 << logBits]float64) {
	for t := range log {
		k := 1 + float64(t)/(1<<logBits)
		log[t], inverse[t] = math.Log2(k), 1/k
	}
	return log, inverse
}
