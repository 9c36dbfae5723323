package la

import (
	"errors"
	"fmt"
	"math"

	"github.com/james-bowman/sparse"
	"gonum.org/v1/gonum/mat"
)

// ToCSR returns a copy of both triangles as a matrix of
// github.com/james-bowman/sparse: rows ascending, without repetition, explicit
// zeros kept.
func (a *Sym) ToCSR() *sparse.CSR {
	ptr, col, val := a.Full()
	return sparse.NewCSR(a.n, a.n, ptr, col, val)
}

// Full returns a copy of both triangles by compressed rows: the entries of row
// i are val[ptr[i]:ptr[i+1]] in the columns col[ptr[i]:ptr[i+1]], ascending.
func (a *Sym) Full() (ptr, col []int, val []float64) {
	n := a.n
	ptr = make([]int, n+1)
	for i := 0; i < n; i++ {
		for _, j := range a.col[a.ptr[i]:a.ptr[i+1]] {
			ptr[i+1]++
			if int(j) != i {
				ptr[j+1]++
			}
		}
	}
	for i := 0; i < n; i++ {
		ptr[i+1] += ptr[i]
	}
	col = make([]int, ptr[n])
	val = make([]float64, ptr[n])
	// Row i receives its lower part when it is visited, and after that its
	// upper part from the rows below, in ascending order.
	next := make([]int, n)
	copy(next, ptr)
	for i := 0; i < n; i++ {
		for t := a.ptr[i]; t < a.ptr[i+1]; t++ {
			j, v := int(a.col[t]), a.val[t]
			col[next[i]], val[next[i]] = j, v
			next[i]++
			if j != i {
				col[next[j]], val[next[j]] = i, v
				next[j]++
			}
		}
	}
	return ptr, col, val
}

// FromCSR returns the symmetric matrix that c holds in full. The storage of c is
// checked first: row pointers that do not ascend, columns out of range, an
// entry that occurs twice and a matrix that is not square are errors; columns
// need not be sorted. A NaN or an infinity is a *NotFiniteError.
//
// Two elements across the diagonal may differ by tol times the largest absolute
// value in the two rows (and columns) that they are in, and then their mean is
// used: rounding errors of a product such as BᵀDB are of that size. tol = 0 asks
// for equality. The first pair, by rows, that differs by more is named in an
// *AsymmetricError. A missing entry counts as zero.
func FromCSR(c *sparse.CSR, tol float64) (*Sym, error) {
	raw := c.RawMatrix()
	if raw.I != raw.J {
		return nil, fmt.Errorf("la: a CSR matrix of %d×%d is not square", raw.I, raw.J)
	}
	return FromFull(raw.I, raw.Indptr, raw.Ind, raw.Data, tol)
}

// FromFull returns the symmetric matrix of order n of which both triangles are
// given by compressed rows, as (*Sym).Full returns them. The checks, the errors
// and tol are those of FromCSR. The slices are not kept.
func FromFull(n int, ptr, col []int, val []float64, tol float64) (*Sym, error) {
	if n < 0 || n > math.MaxInt32 {
		return nil, fmt.Errorf("la: order %d is negative or above 2³¹-1", n)
	}
	if len(ptr) < n+1 {
		return nil, fmt.Errorf("la: %d row pointers for %d rows", len(ptr), n)
	}
	if m := len(col); m > math.MaxInt32 {
		return nil, errors.New("la: more than 2³¹-1 entries")
	}
	if ptr[0] < 0 {
		return nil, fmt.Errorf("la: row pointer 0 is %d", ptr[0])
	}
	for i := 0; i < n; i++ {
		if ptr[i+1] < ptr[i] || ptr[i+1] > len(col) || ptr[i+1] > len(val) {
			return nil, fmt.Errorf("la: row pointer %d is %d, after %d, for %d columns and %d values", i+1, ptr[i+1], ptr[i], len(col), len(val))
		}
	}
	f := fullEntries{n: n}
	f.grow(ptr[n] - ptr[0])
	for i := 0; i < n; i++ {
		for t := ptr[i]; t < ptr[i+1]; t++ {
			if uint(col[t]) >= uint(n) {
				return nil, fmt.Errorf("la: row %d has an entry in column %d of %d", i, col[t], n)
			}
			if v := val[t]; v-v != 0 {
				return nil, notFiniteElement("A", i, col[t], v)
			}
			f.add(i, col[t], val[t])
		}
	}
	f.sort()
	if i, j, ok := f.repeated(); ok {
		return nil, fmt.Errorf("la: element (%d, %d) is given twice", i, j)
	}
	return f.symmetric(tol)
}

// FromEntries returns the symmetric matrix of order n of which both triangles
// are given by entries (row[t], col[t], val[t]) in any order; entries on the
// same place are summed. The errors and tol are those of FromCSR. It panics if
// the slices differ in length or an index is out of range.
func FromEntries(n int, row, col []int32, val []float64, tol float64) (*Sym, error) {
	if n < 0 || n > math.MaxInt32 {
		panic(ErrOrder)
	}
	if len(row) != len(col) || len(row) != len(val) {
		panic(ErrLength)
	}
	if len(row) > math.MaxInt32 {
		panic(ErrEntries)
	}
	for t, i := range row {
		if uint(i) >= uint(n) {
			panic(mat.ErrRowAccess)
		}
		if uint(col[t]) >= uint(n) {
			panic(mat.ErrColAccess)
		}
		if v := val[t]; v-v != 0 {
			return nil, notFiniteElement("A", int(i), int(col[t]), v)
		}
	}
	f := fullEntries{n: n, row: row, col: col, val: val}
	f.sort()
	return f.symmetric(tol)
}

// FromSymmetric returns a sparse copy of a symmetric matrix. From a
// mat.SymBanded (or another mat.RawSymBander) it takes the whole band,
// zeros included; from other types the elements that are not zero. A NaN or an
// infinity is a *NotFiniteError.
func FromSymmetric(m mat.Symmetric) (*Sym, error) {
	n := m.SymmetricDim()
	if n > math.MaxInt32 {
		return nil, fmt.Errorf("la: order %d is above 2³¹-1", n)
	}
	var a *Sym
	switch m := m.(type) {
	case *Sym:
		a = m.Clone()
	case *BlockTridiag:
		a = m.ToSym()
	case mat.RawSymBander:
		a = fromBand(m, n)
	case mat.NonZeroDoer:
		b := NewSymBuilder(n, 0)
		m.DoNonZero(func(i, j int, v float64) {
			if i >= j {
				b.Add(i, j, v)
			}
		})
		a, _ = b.Build()
	default:
		a = &Sym{n: n, ptr: make([]int, n+1)}
		for i := 0; i < n; i++ {
			for j := 0; j <= i; j++ {
				if v := m.At(i, j); v != 0 {
					a.col = append(a.col, int32(j))
					a.val = append(a.val, v)
				}
			}
			a.ptr[i+1] = len(a.val)
		}
	}
	if err := a.CheckFinite("A"); err != nil {
		return nil, err
	}
	return a, nil
}

// fromBand copies the band of m. gonum stores the upper triangle: element
// (i, j) with i ≤ j at Data[i*Stride+j-i].
func fromBand(m mat.RawSymBander, n int) *Sym {
	raw := m.RawSymBand()
	a := &Sym{n: n, ptr: make([]int, n+1)}
	a.col = make([]int32, 0, n*(raw.K+1))
	a.val = make([]float64, 0, n*(raw.K+1))
	for i := 0; i < n; i++ {
		for j := max(0, i-raw.K); j <= i; j++ {
			a.col = append(a.col, int32(j))
			a.val = append(a.val, raw.Data[j*raw.Stride+i-j])
		}
		a.ptr[i+1] = len(a.val)
	}
	return a
}
