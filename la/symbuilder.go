package la

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// A SymBuilder collects the entries of a symmetric matrix, in any order and
// from either triangle, and sums entries that fall on the same place. An
// entry (i, j) off the diagonal stands for (j, i) as well: give it once.
type SymBuilder struct {
	n        int
	row, col []int32 // row ≥ col
	val      []float64
}

// NewSymBuilder returns a builder for a symmetric matrix of order n with room for
// entries calls of Add; it grows as needed. It panics with ErrOrder if n is
// negative or above 2³¹-1.
func NewSymBuilder(n, entries int) *SymBuilder {
	b := &SymBuilder{}
	b.Reset(n)
	if entries > 0 {
		b.row = make([]int32, 0, entries)
		b.col = make([]int32, 0, entries)
		b.val = make([]float64, 0, entries)
	}
	return b
}

// Reset empties the builder, for a matrix of order n, and keeps its memory.
func (b *SymBuilder) Reset(n int) {
	if n < 0 || n > math.MaxInt32 {
		panic(ErrOrder)
	}
	b.n = n
	b.row, b.col, b.val = b.row[:0], b.col[:0], b.val[:0]
}

// SymmetricDim returns the order of the matrix being built.
func (b *SymBuilder) SymmetricDim() int { return b.n }

// Len returns the number of calls of Add so far.
func (b *SymBuilder) Len() int { return len(b.val) }

// Values returns the values given to Add, in that order. They may be written before
// Build.
func (b *SymBuilder) Values() []float64 { return b.val }

// Add adds v to the elements (i, j) and (j, i) of the matrix: once where i = j.
// A zero v puts an explicit zero into the pattern. It panics if an index is out
// of range.
func (b *SymBuilder) Add(i, j int, v float64) {
	if uint(i) >= uint(b.n) {
		panic(mat.ErrRowAccess)
	}
	if uint(j) >= uint(b.n) {
		panic(mat.ErrColAccess)
	}
	if i < j {
		i, j = j, i
	}
	b.row = append(b.row, int32(i))
	b.col = append(b.col, int32(j))
	b.val = append(b.val, v)
}

// Build returns the matrix and, for the t-th call of Add, the index slots[t]
// in the values of the matrix where it was summed. A caller that emits new
// values in the same order needs no second Build:
//
//	val := a.RawLower().Val
//	clear(val)
//	for t, v := range values { val[slots[t]] += v }
//
// which is what (*Sym).SetValues does, with the same bits as Build. The work
// is linear in the order plus the number of entries: two stable counting
// sorts, by column and by row. The builder is left as it was.
func (b *SymBuilder) Build() (a *Sym, slots []int32) {
	m := len(b.val)
	if m > math.MaxInt32 {
		panic(ErrEntries)
	}
	byCol := make([]int32, m)
	countingSort(byCol, nil, b.col, b.n)
	slots = make([]int32, m)
	ptr := countingSort(slots, byCol, b.row, b.n)
	order := slots // entries by row, then column, then call

	// Number the places in that order. byCol is free: it takes the numbers.
	place := byCol
	nnz := 0
	next := 0
	for i := 0; i < b.n; i++ {
		end := ptr[i+1]
		ptr[i+1] = 0
		prev := int32(-1)
		for ; next < end; next++ {
			t := order[next]
			if j := b.col[t]; j != prev {
				nnz++
				prev = j
			}
			place[t] = int32(nnz - 1)
		}
		ptr[i+1] = nnz
	}
	a = &Sym{n: b.n, ptr: ptr, col: make([]int32, nnz), val: make([]float64, nnz)}
	for t, s := range place {
		a.col[s] = b.col[t]
		a.val[s] += b.val[t]
	}
	return a, place
}

// countingSort writes to dst the indices 0..len(key)-1, taken in the order src
// (nil: ascending), sorted stably by their keys, which are in 0..n-1. It
// returns the n+1 starts of the keys' stretches.
func countingSort(dst, src, key []int32, n int) (ptr []int) {
	ptr = make([]int, n+1)
	for _, k := range key {
		ptr[k+1]++
	}
	for i := 0; i < n; i++ {
		ptr[i+1] += ptr[i]
	}
	if src == nil {
		for t, k := range key {
			dst[ptr[k]] = int32(t)
			ptr[k]++
		}
	} else {
		for _, t := range src {
			k := key[t]
			dst[ptr[k]] = t
			ptr[k]++
		}
	}
	copy(ptr[1:], ptr[:n])
	ptr[0] = 0
	return ptr
}

// SetValues rewrites the values of a from those of the calls of Add that built
// its pattern, in the same order, and the slots that Build returned. Places
// that no call names become zero.
func (a *Sym) SetValues(slots []int32, values []float64) {
	if len(slots) != len(values) {
		panic(ErrLength)
	}
	clear(a.val)
	for t, s := range slots {
		a.val[s] += values[t]
	}
}
