package la

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/mat"

	"costate/la/vec"
)

var (
	_ mat.Matrix      = (*Sym)(nil)
	_ mat.Symmetric   = (*Sym)(nil)
	_ mat.NonZeroDoer = (*Sym)(nil)
)

// Sym is a sparse symmetric matrix of order n. Its lower triangle, diagonal
// included, is stored by compressed rows with ascending columns; the pattern
// and the values are apart, so that values can be rewritten in place while
// everything that was derived from the pattern stays valid. Explicit zeros
// are part of the pattern.
//
// The zero value is the matrix of order 0. Build others with a SymBuilder, NewSym,
// FromCSR or FromSymmetric. Methods that only read may be called by many
// goroutines at once.
type Sym struct {
	n   int
	ptr []int
	col []int32
	val []float64
}

// Lower is the storage of a Sym: the entries of row i of the lower triangle
// are Val[Ptr[i]:Ptr[i+1]] in the columns Col[Ptr[i]:Ptr[i+1]], ascending, at
// most i, without repetition. Val may be written, Ptr and Col may not.
type Lower struct {
	N   int
	Ptr []int
	Col []int32
	Val []float64
}

// NewSym returns the symmetric matrix of order n whose lower triangle has the
// given compressed rows (see Lower). It keeps the slices. It panics if they are
// not what Lower describes.
func NewSym(n int, ptr []int, col []int32, val []float64) *Sym {
	if n < 0 || n > math.MaxInt32 {
		panic(ErrOrder)
	}
	if len(ptr) != n+1 || ptr[0] != 0 || ptr[n] != len(col) || len(col) != len(val) {
		panic(ErrCompressed)
	}
	for i := 0; i < n; i++ {
		if ptr[i] > ptr[i+1] || ptr[i+1] > len(col) {
			panic(ErrCompressed)
		}
		prev := int32(-1)
		for _, j := range col[ptr[i]:ptr[i+1]] {
			if j <= prev || int(j) > i {
				panic(ErrCompressed)
			}
			prev = j
		}
	}
	return &Sym{n: n, ptr: ptr, col: col, val: val}
}

// RawLower returns the storage of a, shared with it. Writing values changes a.
func (a *Sym) RawLower() Lower {
	if a.ptr == nil {
		return Lower{Ptr: []int{0}}
	}
	return Lower{N: a.n, Ptr: a.ptr, Col: a.col, Val: a.val}
}

// Clone returns a matrix with its own values and the pattern of a, shared.
func (a *Sym) Clone() *Sym {
	b := *a
	b.val = slices.Clone(a.val)
	return &b
}

// SamePattern reports whether a and b have the same order and pattern. It is
// immediate if they share the pattern, as clones do.
func (a *Sym) SamePattern(b *Sym) bool {
	if a.n != b.n || len(a.col) != len(b.col) {
		return false
	}
	if len(a.col) == 0 {
		return true
	}
	if &a.col[0] == &b.col[0] && &a.ptr[0] == &b.ptr[0] {
		return true
	}
	return slices.Equal(a.col, b.col) && slices.Equal(a.ptr, b.ptr)
}

// Dims returns the order of the matrix twice.
func (a *Sym) Dims() (r, c int) { return a.n, a.n }

// SymmetricDim returns the order of the matrix.
func (a *Sym) SymmetricDim() int { return a.n }

// T returns a itself: the matrix is its own transpose.
func (a *Sym) T() mat.Matrix { return a }

// At returns the element at row i, column j; it is zero outside the pattern. It
// searches row max(i, j), and panics if an index is out of range.
func (a *Sym) At(i, j int) float64 {
	if t := a.Index(i, j); t >= 0 {
		return a.val[t]
	}
	return 0
}

// Index returns where in the values the element at row i, column j is stored,
// or -1 if it is outside the pattern. It panics if an index is out of range.
func (a *Sym) Index(i, j int) int {
	if uint(i) >= uint(a.n) {
		panic(mat.ErrRowAccess)
	}
	if uint(j) >= uint(a.n) {
		panic(mat.ErrColAccess)
	}
	if i < j {
		i, j = j, i
	}
	row := a.col[a.ptr[i]:a.ptr[i+1]]
	t := sort.Search(len(row), func(t int) bool { return int(row[t]) >= j })
	if t < len(row) && int(row[t]) == j {
		return a.ptr[i] + t
	}
	return -1
}

// DoNonZero calls fn for each element that is not zero, of both triangles: for
// the stored ones by rows, each followed by its mirror image.
func (a *Sym) DoNonZero(fn func(i, j int, v float64)) {
	for i := 0; i < a.n; i++ {
		for t := a.ptr[i]; t < a.ptr[i+1]; t++ {
			v := a.val[t]
			if v == 0 {
				continue
			}
			j := int(a.col[t])
			fn(i, j, v)
			if i != j {
				fn(j, i, v)
			}
		}
	}
}

// Stored returns the number of stored entries: those of the lower triangle,
// explicit zeros included.
func (a *Sym) Stored() int { return len(a.val) }

// NNZ returns the number of entries in the pattern of the full matrix, both
// triangles, explicit zeros included.
func (a *Sym) NNZ() int {
	nnz := 2 * len(a.col)
	for i := 0; i < a.n; i++ {
		if end := a.ptr[i+1]; end > a.ptr[i] && int(a.col[end-1]) == i {
			nnz--
		}
	}
	return nnz
}

// Bandwidth returns the largest distance of an entry from the diagonal: 0 for
// a diagonal matrix, 1 for a tridiagonal one.
func (a *Sym) Bandwidth() int {
	bw := 0
	for i := 0; i < a.n; i++ {
		if t := a.ptr[i]; t < a.ptr[i+1] {
			bw = max(bw, i-int(a.col[t]))
		}
	}
	return bw
}

// CheckFinite returns a *NotFiniteError that names the first stored element,
// by rows, that is a NaN or an infinity, and nil if there is none. name is what
// the error calls the matrix.
func (a *Sym) CheckFinite(name string) error {
	t := vec.FirstNotFinite(a.val)
	if t < 0 {
		return nil
	}
	i := sort.Search(a.n, func(i int) bool { return a.ptr[i+1] > t })
	return notFiniteElement(name, i, int(a.col[t]), a.val[t])
}

// MulVecTo computes dst = A x, reading each stored entry once. It allocates
// nothing. dst and x have the order of the matrix as length and may not
// overlap.
func (a *Sym) MulVecTo(dst, x []float64) {
	checkMulVec(a.n, dst, x)
	clear(dst)
	for i, xi := range x {
		lo, hi := a.ptr[i], a.ptr[i+1]
		if lo == hi {
			continue
		}
		col := a.col[lo:hi]
		val := a.val[lo:hi]
		var s float64
		last := len(col) - 1
		v := val[last]
		if int(col[last]) == i {
			s = v * xi
			col, val = col[:last], val[:last]
		}
		for t, j := range col {
			v := val[t]
			s += v * x[j]
			dst[j] += v * xi
		}
		dst[i] += s
	}
}

// checkMulVec panics unless dst and x have length n and are apart.
func checkMulVec(n int, dst, x []float64) {
	if len(dst) != n || len(x) != n {
		panic(ErrLength)
	}
	if n > 0 && &dst[0] == &x[0] {
		panic(ErrAlias)
	}
}
