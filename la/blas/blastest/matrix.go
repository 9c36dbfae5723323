package blastest

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
)

// u is the unit roundoff of float64.
const u = 1.0 / (1 << 53)

// guard is how many guard values lie before and after each operand.
const guard = 9

// A Matrix is an operand with guards: data is exactly as long as the contract
// allows, and everything that is not an element of it, before, after and
// between the rows, is NaN.
type Matrix struct {
	Rows, Cols, Ld int
	Data           []float64 // Ends at the last element.

	buf  []float64
	orig []float64
}

// NewMatrix returns a rows×cols matrix of NaN with gap more columns than it
// needs.
func NewMatrix(rows, cols, gap int) *Matrix {
	ld := max(1, cols+gap)
	n := 0
	if rows > 0 && cols > 0 {
		n = (rows-1)*ld + cols
	}
	m := &Matrix{Rows: rows, Cols: cols, Ld: ld, buf: make([]float64, n+2*guard)}
	for i := range m.buf {
		m.buf[i] = math.NaN()
	}
	m.Data = m.buf[guard : guard+n : guard+n]
	m.Keep()
	return m
}

// Random fills the matrix with numbers between -2 and 2.
func (m *Matrix) Random(rng *rand.Rand) *Matrix {
	for i := range m.Rows {
		for j := range m.Cols {
			m.Data[i*m.Ld+j] = 4*rng.Float64() - 2
		}
	}
	m.Keep()
	return m
}

// Triangle makes everything outside one triangle NaN, and with unit also the
// diagonal.
func (m *Matrix) Triangle(uplo blas.Uplo, unit bool) *Matrix {
	for i := range m.Rows {
		for j := range m.Cols {
			if !in(uplo, i, j) || unit && i == j {
				m.Data[i*m.Ld+j] = math.NaN()
			}
		}
	}
	m.Keep()
	return m
}

// At returns element (i, j), and T element (i, j) of op(m).
func (m *Matrix) At(i, j int) float64 { return m.Data[i*m.Ld+j] }

func (m *Matrix) T(t blas.Transpose, i, j int) float64 {
	if t == blas.Trans {
		i, j = j, i
	}
	return m.At(i, j)
}

// Set sets element (i, j).
func (m *Matrix) Set(i, j int, v float64) { m.Data[i*m.Ld+j] = v }

// Keep remembers the present values, for Was and CheckOnly.
func (m *Matrix) Keep() *Matrix {
	m.orig = append(m.orig[:0], m.buf...)
	return m
}

// Was returns element (i, j) as it was at the last Keep.
func (m *Matrix) Was(i, j int) float64 { return m.orig[guard+i*m.Ld+j] }

// Restore takes the values of the last Keep.
func (m *Matrix) Restore() { copy(m.buf, m.orig) }

// CheckOnly reports an error if anything changed since the last Keep but
// elements for which may is true; may can be nil, for none.
func (m *Matrix) CheckOnly(t testing.TB, name string, may func(i, j int) bool) {
	t.Helper()
	for p, v := range m.buf {
		if math.Float64bits(v) == math.Float64bits(m.orig[p]) {
			continue
		}
		p -= guard
		i, j := -1, -1
		if p >= 0 && p < len(m.Data) {
			i, j = p/m.Ld, p%m.Ld
			if j < m.Cols && may != nil && may(i, j) {
				continue
			}
		}
		t.Errorf("%s (%d×%d, ld %d): wrote outside its part at offset %d, row %d, column %d", name, m.Rows, m.Cols, m.Ld, p, i, j)
		return
	}
}

// in is whether (i, j) belongs to the triangle.
func in(uplo blas.Uplo, i, j int) bool {
	if uplo == blas.Lower {
		return j <= i
	}
	return j >= i
}

func all(int, int) bool { return true }

func triangle(uplo blas.Uplo) func(i, j int) bool {
	return func(i, j int) bool { return in(uplo, i, j) }
}

// dims are the rows and columns of a matrix A for which op(A) is rows×cols.
func dims(t blas.Transpose, rows, cols int) (int, int) {
	if t == blas.Trans {
		return cols, rows
	}
	return rows, cols
}

var (
	transposes = []blas.Transpose{blas.NoTrans, blas.Trans}
	triangles  = []blas.Uplo{blas.Lower, blas.Upper}
	sides      = []blas.Side{blas.Left, blas.Right}
	diagonals  = []blas.Diag{blas.NonUnit, blas.Unit}
	scalars    = []float64{1, 0, -1, 0.7}
)

// edges are orders around multiples of usual block sizes.
var edges = thinned([]int{129, 95, 96, 97, 127, 128, 191, 193, 255, 257})

// thinned leaves out most of a list where time is short.
func thinned[T any](list []T) []T {
	var some []T
	for i := 0; i < len(list); i += thin {
		some = append(some, list[i])
	}
	return some
}

// NewRand returns a source of random numbers with a fixed seed.
func NewRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)) }

func pick[T any](rng *rand.Rand, s []T) T { return s[rng.IntN(len(s))] }
