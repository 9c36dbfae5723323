package mtx

import (
	"io"
	"os"

	"gonum.org/v1/gonum/mat"
)

// ReadDense reads a general array or coordinate file as a dense matrix, by which many
// right-hand sides come as columns. A file with no rows or no columns gives an
// empty matrix.
func ReadDense(r io.Reader, o *Options) (*mat.Dense, error) { return readDense(r, o, -1) }

// ReadDenseFile reads a general matrix from a file, compressed or not.
func ReadDenseFile(name string, o *Options) (m *mat.Dense, err error) {
	err = withFile(name, func(f *os.File, size int64) error {
		m, err = readDense(f, o, size)
		return err
	})
	return m, err
}

// ReadColumns reads right-hand sides: the columns of a general array or coordinate
// file, or a vector. A single row counts as a column.
func ReadColumns(r io.Reader, o *Options) (*mat.Dense, error) { return readColumns(r, o, -1) }

// ReadColumnsFile reads right-hand sides from a file, compressed or not.
func ReadColumnsFile(name string, o *Options) (m *mat.Dense, err error) {
	err = withFile(name, func(f *os.File, size int64) error {
		m, err = readColumns(f, o, size)
		return err
	})
	return m, err
}

func readColumns(r io.Reader, o *Options, size int64) (*mat.Dense, error) {
	rows, cols, data, err := readElements(r, o, size, func(*scanner, header) error { return nil })
	if err != nil {
		return nil, err
	}
	if rows == 1 {
		rows, cols = cols, 1
	}
	if len(data) == 0 {
		return &mat.Dense{}, nil
	}
	return mat.NewDense(rows, cols, data), nil
}

// ReadVector reads a vector: a general array or coordinate file of one column
// or one row.
func ReadVector(r io.Reader, o *Options) ([]float64, error) { return readVector(r, o, -1) }

// ReadVectorFile reads a vector from a file, compressed or not.
func ReadVectorFile(name string, o *Options) (x []float64, err error) {
	err = withFile(name, func(f *os.File, size int64) error {
		x, err = readVector(f, o, size)
		return err
	})
	return x, err
}

func readDense(r io.Reader, o *Options, size int64) (*mat.Dense, error) {
	rows, cols, data, err := readElements(r, o, size, func(*scanner, header) error { return nil })
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return &mat.Dense{}, nil
	}
	return mat.NewDense(rows, cols, data), nil
}

func readVector(r io.Reader, o *Options, size int64) ([]float64, error) {
	_, _, data, err := readElements(r, o, size, func(s *scanner, h header) error {
		if h.rows != 1 && h.cols != 1 {
			return s.errorf("%d×%d is not a vector", h.rows, h.cols)
		}
		return nil
	})
	return data, err
}

// readElements reads a general matrix by rows. Memory for it is taken when as many
// numbers have come from an array file; for a coordinate file, which need not
// list zeros, rows times columns are held to MaxOrder.
func readElements(r io.Reader, o *Options, size int64, check func(*scanner, header) error) (rows, cols int, data []float64, err error) {
	if o == nil {
		o = &Options{}
	}
	s, err := newScanner(r, o, size)
	if err != nil {
		return 0, 0, nil, err
	}
	format, err := s.sniff()
	if err != nil {
		return 0, 0, nil, err
	}
	if format == harwellBoeing {
		s.line = 1
		return 0, 0, nil, s.errorf("a Harwell–Boeing file where vectors are expected, as a Matrix Market array")
	}
	h, err := readHeader(s, o)
	if err != nil {
		return 0, 0, nil, err
	}
	if h.symmetric {
		return 0, 0, nil, s.errorf("a symmetric matrix where a general one is expected")
	}
	if err := check(s, h); err != nil {
		return 0, 0, nil, err
	}
	if h.coordinate {
		if limit := o.maxSparse(h.entries); h.rows > 0 && h.cols > limit/h.rows {
			return 0, 0, nil, s.errorf("%d×%d elements are above the limit of %d in a dense matrix from a coordinate file of %d entries", h.rows, h.cols, limit, h.entries)
		}
		data = make([]float64, h.rows*h.cols)
		err = readCoordinate(s, h, func(i, j int, v float64, _ int) error {
			data[i*h.cols+j] += v
			return nil
		})
		if err != nil {
			return 0, 0, nil, err
		}
		return h.rows, h.cols, data, nil
	}
	byCols := make([]float64, 0, room(h.entries))
	err = readArray(s, h, func(_, _ int, v float64, _ int) error {
		byCols = append(byCols, v)
		return nil
	})
	if err != nil {
		return 0, 0, nil, err
	}
	if h.rows == 1 || h.cols == 1 {
		return h.rows, h.cols, byCols, nil
	}
	data = make([]float64, len(byCols))
	for j := 0; j < h.cols; j++ {
		for i := 0; i < h.rows; i++ {
			data[i*h.cols+j] = byCols[j*h.rows+i]
		}
	}
	return h.rows, h.cols, data, nil
}
