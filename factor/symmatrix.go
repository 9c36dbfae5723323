package factor

import (
	"math"

	"costate/factor/internal/space"
	"costate/la"
	"costate/la/vec"
)

// A symMatrix is the matrix A + shift·I by its entries: a certify.Operator.
type symMatrix struct {
	a       entryMatrix
	shift   float64
	norm    float64   // lower bound of ‖A + shift·I‖₂
	squares []float64 // of columns, scratch of measure
	pool    space.Pool[[]float64]
}

// An entryMatrix is a matrix that multiplies by its entries.
type entryMatrix interface {
	SymmetricDim() int
	MulVecTo(dst, x []float64)
	ResidualTo(r, work, b, x []float64, shift float64)
}

var (
	_ entryMatrix = (*la.Sym)(nil)
	_ entryMatrix = (*la.BlockTridiag)(nil)
)

// Order is the order of the matrix.
func (m *symMatrix) Order() int { return m.a.SymmetricDim() }

// MulTo computes dst = (A + shift·I) x.
func (m *symMatrix) MulTo(dst, x []float64) {
	w := m.pool.Get()
	defer m.pool.Put(w)
	*w = space.Resize(*w, len(x))
	m.a.MulVecTo(*w, x)
	for i, v := range *w {
		dst[i] = v + m.shift*x[i]
	}
}

// ResidualTo computes r = b − (A + shift·I) x in twice the working precision.
func (m *symMatrix) ResidualTo(r, b, x []float64) {
	w := m.pool.Get()
	defer m.pool.Put(w)
	*w = space.Resize(*w, 2*len(x))
	m.a.ResidualTo(r, *w, b, x, m.shift)
}

// Norm is the largest 2-norm of a column.
func (m *symMatrix) Norm() float64 { return m.norm }

// IsZero reports whether the norm, which is of the elements, is 0.
func (m *symMatrix) IsZero() bool { return m.norm == 0 }

// Sharpen does nothing: the norm is as good as it gets.
func (m *symMatrix) Sharpen() bool { return false }

// measure takes A + shift·I for a block-tridiagonal A: the norm becomes the
// largest 2-norm of a column. It reports whether all elements of A are finite.
func (m *symMatrix) measure(a *la.BlockTridiag, shift float64) (finite bool) {
	m.shift = shift
	m.squares = space.Resize(m.squares, a.SymmetricDim())
	sq := m.squares
	clear(sq)
	for k := range a.Blocks() {
		first := a.BlockFirst(k)
		d, q := a.Diag(k)
		for i := range q {
			v := d[i*q+i] + shift
			sq[first+i] += addSquares(sq[first:first+i], d[i*q:]) + v*v
		}
		if k+1 == a.Blocks() {
			break
		}
		b, q := a.Sub(k)
		next := a.BlockFirst(k + 1)
		for i := range a.BlockSize(k + 1) {
			sq[next+i] += addSquares(sq[first:first+q], b[i*q:])
		}
	}
	m.norm = math.Sqrt(vec.MaxMagnitude(sq))
	if m.norm > 1e-150 && m.norm <= math.MaxFloat64 {
		return true // no square was infinite, and those that underflowed do not matter
	}
	largest := a.NormMax()
	if !(m.norm <= math.MaxFloat64) || largest < 1e-150 {
		m.norm = max(largest, math.Abs(shift))
	}
	return largest-largest == 0
}

// addSquares adds the squares of the first elements of row to sums, and returns
// the sum of these squares.
func addSquares(sums, row []float64) (all float64) {
	row = row[:len(sums)]
	if len(sums) >= 12 {
		vec.MulAdd(sums, row, row)
		return vec.Dot(row, row)
	}
	for j, v := range row {
		v *= v
		sums[j] += v
		all += v
	}
	return all
}

// columnNorm is the largest 2-norm of a column of a + shift·I; squares is scratch
// of its order. It overestimates nothing, and where squares overflow it is
// infinite, where they underflow it is the largest element.
func columnNorm(a *la.Sym, shift float64, squares []float64) float64 {
	low := a.RawLower()
	clear(squares)
	largest := 0.0
	for i := range low.N {
		diag := shift
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			v := low.Val[t]
			j := int(low.Col[t])
			if j == i {
				diag += v
				continue
			}
			largest = max(largest, math.Abs(v))
			squares[i] += v * v
			squares[j] += v * v
		}
		largest = max(largest, math.Abs(diag))
		squares[i] += diag * diag
	}
	return max(math.Sqrt(vec.MaxMagnitude(squares)), largest)
}
