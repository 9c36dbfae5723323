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
// largest 2-norm of a column. It returns the largest element of A in absolute
// value, NaN or infinite if one is not finite.
func (m *symMatrix) measure(a *la.BlockTridiag, shift float64) (largest float64) {
	m.shift = shift
	largest = a.MaxMagnitude()
	n := a.SymmetricDim()
	m.squares = space.Resize(m.squares, n)
	sq := m.squares
	clear(sq)
	add := func(i, j int, v float64) {
		v *= v
		sq[j] += v
		if i != j {
			sq[i] += v
		}
	}
	for k := range a.Blocks() {
		first := a.BlockFirst(k)
		d, q := a.Diag(k)
		for i := range q {
			row, si := d[i*q:i*q+i], sq[first+i]
			to := sq[first : first+i]
			for j, v := range row {
				v *= v
				to[j] += v
				si += v
			}
			sq[first+i] = si
			add(first+i, first+i, d[i*q+i]+shift)
		}
		if k+1 == a.Blocks() {
			break
		}
		b, q := a.Sub(k)
		next := a.BlockFirst(k + 1)
		to := sq[first : first+q]
		for i := range a.BlockSize(k + 1) {
			si := 0.0
			for j, v := range b[i*q : i*q+q] {
				v *= v
				to[j] += v
				si += v
			}
			sq[next+i] += si
		}
	}
	m.norm = math.Sqrt(vec.MaxMagnitude(sq))
	if m.norm == 0 || math.IsInf(m.norm, 1) || largest < 1e-150 {
		m.norm = max(largest, math.Abs(shift)) // squares over- or underflow
	}
	return largest
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
