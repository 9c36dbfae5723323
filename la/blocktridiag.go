package la

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/mat"
)

var (
	_ mat.Matrix      = (*BlockTridiag)(nil)
	_ mat.Symmetric   = (*BlockTridiag)(nil)
	_ mat.NonZeroDoer = (*BlockTridiag)(nil)
)

// BlockTridiag is a symmetric block-tridiagonal matrix with K diagonal blocks
// of orders n_0, …, n_{K-1}:
//
//	    [ D_0  S_0ᵀ           ]
//	A = [ S_0  D_1  S_1ᵀ      ]      D_k is n_k×n_k, S_k is n_{k+1}×n_k
//	    [      S_1  D_2   ⋱   ]
//	    [           ⋱     ⋱   ]
//
// Blocks are dense and stored by rows, one after the other in one slice, in
// the order D_0, S_0, D_1, S_1, …. Of a diagonal block only the lower triangle
// is read. The rows and columns of S_k that may hold something else than zero can
// be declared (see SetSub), so that a factorization works with these only.
type BlockTridiag struct {
	first      []int // of block k; first[K] is the order
	diag, sub  []int // where blocks start in data
	data       []float64
	cols, rows [][]int // structure of S_k; nil: everything
	all        []int   // 0, 1, …, as long as the widest block
}

// NewBlockTridiag returns a zero matrix with the given block sizes, which are
// positive. Every row and column of S_k may be used until SetSub says
// otherwise. It panics with ErrBlockSize if a size is not positive.
func NewBlockTridiag(sizes []int) *BlockTridiag {
	a := &BlockTridiag{}
	a.Reset(sizes)
	return a
}

// BlockTridiagElements returns how many numbers a BlockTridiag with the given
// block sizes stores, without making one. ok is false if that many cannot be
// addressed.
func BlockTridiagElements(sizes []int) (elements int, ok bool) {
	const limit = math.MaxInt / 8
	for k, n := range sizes {
		if n <= 0 {
			panic(ErrBlockSize)
		}
		w := n
		if k+1 < len(sizes) {
			w += sizes[k+1]
		}
		if w < 0 || w > (limit-elements)/n {
			return 0, false
		}
		elements += n * w
	}
	return elements, true
}

// Reset makes a the zero matrix with the given block sizes, in its own memory where
// that is enough. Every row and column of S_k may be used again.
func (a *BlockTridiag) Reset(sizes []int) {
	total, ok := BlockTridiagElements(sizes)
	if !ok {
		panic(ErrBlockSize)
	}
	nb := len(sizes)
	a.first = append(a.first[:0], make([]int, nb+1)...)
	a.diag = append(a.diag[:0], make([]int, nb)...)
	a.sub = append(a.sub[:0], make([]int, max(nb-1, 0))...)
	a.cols = append(a.cols[:0], make([][]int, len(a.sub))...)
	a.rows = append(a.rows[:0], make([][]int, len(a.sub))...)
	at, widest := 0, 0
	for k, n := range sizes {
		a.first[k+1] = a.first[k] + n
		a.diag[k] = at
		at += n * n
		if k+1 < nb {
			a.sub[k] = at
			at += n * sizes[k+1]
		}
		widest = max(widest, n)
	}
	for i := len(a.all); i < widest; i++ {
		a.all = append(a.all, i)
	}
	if cap(a.data) < total {
		a.data = make([]float64, total)
		return
	}
	a.data = a.data[:total]
	clear(a.data)
}

// Zero sets all elements to zero and keeps sizes and structure.
func (a *BlockTridiag) Zero() { clear(a.data) }

// CopyFrom makes a a copy of b, in its own memory where that is enough. The
// declared structure is shared.
func (a *BlockTridiag) CopyFrom(b *BlockTridiag) {
	a.first = append(a.first[:0], b.first...)
	a.diag = append(a.diag[:0], b.diag...)
	a.sub = append(a.sub[:0], b.sub...)
	a.cols = append(a.cols[:0], b.cols...)
	a.rows = append(a.rows[:0], b.rows...)
	a.data = append(a.data[:0], b.data...)
	a.all = b.all
}

// Blocks returns the number of diagonal blocks.
func (a *BlockTridiag) Blocks() int { return len(a.diag) }

// BlockSize returns the order of diagonal block k.
func (a *BlockTridiag) BlockSize(k int) int {
	a.checkBlock(k, len(a.diag))
	return a.first[k+1] - a.first[k]
}

// BlockFirst returns the first index of block k; for k = Blocks() it is the
// order of the matrix.
func (a *BlockTridiag) BlockFirst(k int) int {
	a.checkBlock(k, len(a.first))
	return a.first[k]
}

// Sizes returns the block sizes, in a new slice.
func (a *BlockTridiag) Sizes() []int {
	s := make([]int, len(a.diag))
	for k := range s {
		s[k] = a.first[k+1] - a.first[k]
	}
	return s
}

// Diag returns diagonal block k, shared: element (i, j) is data[i*ld+j], for
// i ≥ j only.
func (a *BlockTridiag) Diag(k int) (data []float64, ld int) {
	n := a.BlockSize(k)
	at := a.diag[k]
	return a.data[at : at+n*n : at+n*n], n
}

// Sub returns the block S_k = A_{k+1,k} below diagonal block k, shared: n_{k+1}
// rows of n_k elements, element (i, j) is data[i*ld+j].
func (a *BlockTridiag) Sub(k int) (data []float64, ld int) {
	a.checkBlock(k, len(a.sub))
	at, n := a.sub[k], a.BlockSize(k)
	end := at + n*a.BlockSize(k+1)
	return a.data[at:end:end], n
}

// SubCols returns the columns of S_k that may hold something else than zero,
// ascending. The slice is not to be changed.
func (a *BlockTridiag) SubCols(k int) []int {
	a.checkBlock(k, len(a.sub))
	if c := a.cols[k]; c != nil {
		return c
	}
	return a.all[:a.BlockSize(k)]
}

// SubRows returns the rows of S_k that may hold something else than zero,
// ascending. The slice is not to be changed.
func (a *BlockTridiag) SubRows(k int) []int {
	a.checkBlock(k, len(a.sub))
	if r := a.rows[k]; r != nil {
		return r
	}
	return a.all[:a.BlockSize(k+1)]
}

// SetSub declares the rows and columns of S_k that may hold something else than
// zero; all others are zero. Both lists ascend without repetition, and nil stands
// for all. SetSub keeps the slices and does not look at the values. It panics with
// ErrStructure if a list does not ascend or leaves the block.
func (a *BlockTridiag) SetSub(k int, rows, cols []int) {
	a.checkBlock(k, len(a.sub))
	if !ascendingBelow(rows, a.BlockSize(k+1)) || !ascendingBelow(cols, a.BlockSize(k)) {
		panic(ErrStructure)
	}
	a.rows[k], a.cols[k] = rows, cols
}

func ascendingBelow(x []int, n int) bool {
	prev := -1
	for _, v := range x {
		if v <= prev || v >= n {
			return false
		}
		prev = v
	}
	return true
}

// FindSub declares, for every block S_k, the rows and columns that are not all zero
// now.
func (a *BlockTridiag) FindSub() {
	for k := range a.sub {
		data, n := a.Sub(k)
		m := a.BlockSize(k + 1)
		rows, seen := []int{}, make([]bool, n)
		for i := 0; i < m; i++ {
			any := false
			for j, v := range data[i*n : i*n+n] {
				if v != 0 {
					seen[j], any = true, true
				}
			}
			if any {
				rows = append(rows, i)
			}
		}
		cols := []int{}
		for j, s := range seen {
			if s {
				cols = append(cols, j)
			}
		}
		a.rows[k], a.cols[k] = slices.Clip(rows), slices.Clip(cols)
	}
}

// Raw returns the slice that backs all blocks, shared.
func (a *BlockTridiag) Raw() []float64 { return a.data }

// Dims returns the order of the matrix twice.
func (a *BlockTridiag) Dims() (r, c int) { n := a.SymmetricDim(); return n, n }

// SymmetricDim returns the order of the matrix.
func (a *BlockTridiag) SymmetricDim() int {
	if len(a.first) == 0 {
		return 0
	}
	return a.first[len(a.first)-1]
}

// T returns a itself: the matrix is its own transpose.
func (a *BlockTridiag) T() mat.Matrix { return a }

// At returns the element at row i, column j. It panics if an index is out of range.
func (a *BlockTridiag) At(i, j int) float64 {
	if t := a.Index(i, j); t >= 0 {
		return a.data[t]
	}
	return 0
}

// Index returns where in Raw the element at row i, column j is stored, or -1
// if it is outside the blocks. It panics if an index is out of range.
func (a *BlockTridiag) Index(i, j int) int {
	n := a.SymmetricDim()
	if uint(i) >= uint(n) {
		panic(mat.ErrRowAccess)
	}
	if uint(j) >= uint(n) {
		panic(mat.ErrColAccess)
	}
	if i < j {
		i, j = j, i
	}
	k := sort.Search(len(a.diag), func(k int) bool { return a.first[k+1] > j })
	ld := a.first[k+1] - a.first[k]
	switch {
	case i < a.first[k+1]:
		return a.diag[k] + (i-a.first[k])*ld + j - a.first[k]
	case i < a.first[k+2]:
		return a.sub[k] + (i-a.first[k+1])*ld + j - a.first[k]
	}
	return -1
}

// Set sets the element at row i, column j, and so the one at row j, column i, to
// v. It panics if an index is out of range, and with ErrOutside if the element is
// neither in a diagonal block nor in the declared rows and columns of a block S_k.
// For many elements writing to Diag and Sub is faster.
func (a *BlockTridiag) Set(i, j int, v float64) {
	t := a.Index(i, j)
	if t < 0 || !a.declared(max(i, j), min(i, j)) {
		panic(ErrOutside)
	}
	a.data[t] = v
}

// declared reports whether the element at row i, column j ≤ i, of the blocks is
// in the structure that SetSub or FindSub declared.
func (a *BlockTridiag) declared(i, j int) bool {
	k := a.BlockOf(j)
	if i < a.first[k+1] {
		return true
	}
	in := func(x []int, i int) bool {
		if x == nil {
			return true
		}
		_, found := slices.BinarySearch(x, i)
		return found
	}
	return in(a.rows[k], i-a.first[k+1]) && in(a.cols[k], j-a.first[k])
}

func (a *BlockTridiag) checkBlock(k, n int) {
	if uint(k) >= uint(n) {
		panic(ErrBlock)
	}
}
