package sweep

import (
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// Products of matrices over the batch with maps of one sample that have numbers. A thin
// sparse map is multiplied element by element; other sparse ones are spread in room,
// which has space for a block, and multiplied as full ones are.

// roomFor is how many numbers room needs for the maps of a stage.
func roomFor(s *system.DenseStage) int {
	n := s.J.Room()
	if s.Pass != nil {
		n = max(n, s.Pass.J.Room(), s.Pass.Cross.Room())
	}
	return n
}

// timesMap computes dst = A M, where A has the given rows.
func timesMap(be blas.Backend, room, dst, a []float64, rows int, m *system.SampleMap) {
	from, to := m.Batch*m.Rows, m.Batch*m.Cols
	switch {
	case m.Diag != nil:
		for i := range rows {
			row := dst[i*to : (i+1)*to]
			for j, v := range m.Diag {
				row[j] = a[i*from+j] * v
			}
		}
	case m.Thin():
		clear(dst[:rows*to])
		for b := range m.Batch {
			m.RowsTimesAdd(dst[b*m.Cols:], to, a[b*m.Rows:], from, rows, b)
		}
	default:
		for b := range m.Batch {
			be.Gemm(blas.NoTrans, blas.NoTrans, rows, m.Cols, m.Rows, 1, a[b*m.Rows:], from, m.Block(room, b), m.Cols, 0, dst[b*m.Cols:], to)
		}
	}
}

// transMapTimes computes dst = MᵀA, where A has the given columns.
func transMapTimes(be blas.Backend, room, dst, a []float64, cols int, m *system.SampleMap) {
	switch {
	case m.Diag != nil:
		for i, v := range m.Diag {
			vec.Scale(dst[i*cols:(i+1)*cols], v, a[i*cols:(i+1)*cols])
		}
	case m.Thin():
		clear(dst[:m.Batch*m.Cols*cols])
		for b := range m.Batch {
			m.TransTimesAdd(dst[b*m.Cols*cols:], a[b*m.Rows*cols:], cols, b)
		}
	default:
		for b := range m.Batch {
			be.Gemm(blas.Trans, blas.NoTrans, m.Cols, cols, m.Rows, 1, m.Block(room, b), m.Cols, a[b*m.Rows*cols:], cols, 0, dst[b*m.Cols*cols:], cols)
		}
	}
}

// addMapTimes computes dst += alpha M A, where A has the given columns.
func addMapTimes(be blas.Backend, room, dst, a []float64, cols int, m *system.SampleMap, alpha float64) {
	switch {
	case m.Diag != nil:
		for i, v := range m.Diag {
			vec.Axpy(dst[i*cols:(i+1)*cols], alpha*v, a[i*cols:])
		}
	case m.Thin():
		for b := range m.Batch {
			m.TimesAdd(dst[b*m.Rows*cols:], a[b*m.Cols*cols:], cols, alpha, b)
		}
	case m.HasBlocks():
		for b := range m.Batch {
			be.Gemm(blas.NoTrans, blas.NoTrans, m.Rows, cols, m.Cols, alpha, m.Block(room, b), m.Cols, a[b*m.Cols*cols:], cols, 1, dst[b*m.Rows*cols:], cols)
		}
	}
}

// timesTransMap computes dst = A Mᵀ, where A has the given rows.
func timesTransMap(be blas.Backend, room, dst, a []float64, rows int, m *system.SampleMap) {
	if !m.HasBlocks() { // Mᵀ = M
		timesMap(be, room, dst, a, rows, m)
		return
	}
	from, to := m.Batch*m.Cols, m.Batch*m.Rows
	for b := range m.Batch {
		be.Gemm(blas.NoTrans, blas.Trans, rows, m.Rows, m.Cols, 1, a[b*m.Cols:], from, m.Block(room, b), m.Cols, 0, dst[b*m.Rows:], to)
	}
}

// addMap adds a map to a matrix with cols columns.
func addMap(room, dst []float64, cols int, m *system.SampleMap) {
	for i, v := range m.Diag {
		dst[i*cols+i] += v
	}
	if !m.HasBlocks() {
		return
	}
	for b := range m.Batch {
		block := m.Block(room, b)
		for i := range m.Rows {
			vec.Axpy(dst[(b*m.Rows+i)*cols+b*m.Cols:][:m.Cols], 1, block[i*m.Cols:])
		}
	}
}
