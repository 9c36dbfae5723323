package mtx

import (
	"io"
	"math"
	"os"

	"costate/la"
)

// Options are the settings of the readers. A nil pointer stands for the zero
// value, and a zero field for its default.
type Options struct {
	// MaxOrder is the largest number of rows or columns that is accepted. The
	// default is 2²⁶, and for a coordinate file 2²⁰ and 64 for each entry, if that
	// is less: a file can claim an order that costs memory in four bytes. The
	// elements of a dense matrix from a coordinate file are held to it, too.
	MaxOrder int

	// MaxEntries is the largest number of entries in the file that is
	// accepted. The default is 2³¹-1, which is also the greatest value.
	MaxEntries int

	// SymmetryTol is by how much elements across the diagonal of a general
	// matrix may differ, relative to the largest element of the two rows that
	// they are in: products such as B'DB come symmetric to that only. Their
	// mean is then used. The default is 1e-12; a negative value asks for
	// equality.
	SymmetryTol float64

	// Progress, if not nil, is called now and then with the number of bytes
	// read from the file and its size, or -1 where that is unknown. For a
	// compressed file these are compressed bytes.
	Progress func(read, total int64)
}

func (o *Options) maxOrder() int {
	if o.MaxOrder > 0 {
		return min(o.MaxOrder, math.MaxInt32)
	}
	return 1 << 26
}

// maxSparse is maxOrder for a coordinate file of some entries, whose order need not
// be paid for by data.
func (o *Options) maxSparse(entries int) int {
	if limit := o.maxOrder(); o.MaxOrder > 0 || entries > limit/64 {
		return limit
	}
	return min(o.maxOrder(), 1<<20+64*entries)
}

func (o *Options) maxEntries() int {
	if o.MaxEntries > 0 {
		return min(o.MaxEntries, math.MaxInt32)
	}
	return math.MaxInt32
}

func (o *Options) symmetryTol() float64 {
	switch {
	case o.SymmetryTol < 0:
		return 0
	case o.SymmetryTol == 0:
		return 1e-12
	}
	return o.SymmetryTol
}

// Read reads a symmetric matrix. Data that cannot be one is an *Error.
func Read(r io.Reader, o *Options) (*la.Sym, error) { return read(r, o, -1) }

// ReadFile reads a symmetric matrix from a file, compressed or not.
func ReadFile(name string, o *Options) (a *la.Sym, err error) {
	err = withFile(name, func(f *os.File, size int64) error {
		a, err = read(f, o, size)
		return err
	})
	return a, err
}

// withFile opens a file for reading and finds its size, -1 if it has none.
func withFile(name string, fn func(f *os.File, size int64) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	size := int64(-1)
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
		size = st.Size()
	}
	return fn(f, size)
}

// room is for how many entries memory is taken before the first has come.
func room(entries int) int { return min(entries, 1<<20) }

func read(r io.Reader, o *Options, size int64) (*la.Sym, error) {
	if o == nil {
		o = &Options{}
	}
	s, err := newScanner(r, o, size)
	if err != nil {
		return nil, err
	}
	format, err := s.sniff()
	if err != nil {
		return nil, err
	}
	sinkFor := func(h header) entrySink {
		if h.symmetric {
			return &triangleSink{b: la.NewSymBuilder(h.rows, room(h.entries)), s: s}
		}
		return newGeneralSink(h.rows, room(h.entries), o.symmetryTol())
	}
	var sink entrySink
	if format == harwellBoeing {
		sink, err = readBoeing(s, o, sinkFor)
	} else {
		sink, err = readMarket(s, o, sinkFor)
	}
	if err != nil {
		return nil, err
	}
	a, err := sink.matrix()
	if err != nil {
		return nil, err
	}
	if err := a.CheckFinite("A"); err != nil { // a sum of duplicates overflowed
		return nil, &Error{Line: s.line, Msg: "a sum of entries on one place overflows", Err: err}
	}
	return a, nil
}

// readMarket gives the entries of a Matrix Market file to the sink that sinkFor
// makes.
func readMarket(s *scanner, o *Options, sinkFor func(header) entrySink) (entrySink, error) {
	h, err := readHeader(s, o)
	if err != nil {
		return nil, err
	}
	if h.vector {
		return nil, s.errorf("a vector where a matrix is expected")
	}
	if h.rows != h.cols {
		return nil, s.errorf("%d×%d is not square", h.rows, h.cols)
	}
	sink := sinkFor(h)
	if h.coordinate {
		return sink, readCoordinate(s, h, sink.add)
	}
	return sink, readArray(s, h, sink.add)
}

// An entrySink takes entries, with indices from zero, and makes a matrix of them.
type entrySink interface {
	add(i, j int, v float64, line int) error
	matrix() (*la.Sym, error)
}

// readCoordinate gives the entries of a coordinate file to add.
func readCoordinate(s *scanner, h header, add func(i, j int, v float64, line int) error) error {
	for t := 0; t < h.entries; t++ {
		if err := s.data(); err == io.EOF {
			return s.errorf("file ends after %d of %d entries", t, h.entries)
		} else if err != nil {
			return err
		}
		i, err := s.count("row")
		if err != nil {
			return err
		}
		j := 1
		if !h.vector {
			if j, err = s.count("column"); err != nil {
				return err
			}
		}
		if i < 1 || i > h.rows {
			return s.errorf("row %d is not in 1…%d", i, h.rows)
		}
		if j < 1 || j > h.cols {
			return s.errorf("column %d is not in 1…%d", j, h.cols)
		}
		v := 1.0
		if !h.pattern {
			if v, err = s.element(h); err != nil {
				return err
			}
		}
		if err := s.end(); err != nil {
			return err
		}
		if err := add(i-1, j-1, v, s.line); err != nil {
			return err
		}
	}
	return nothingLeft(s, h)
}

// readArray gives the elements of an array file to add. Several may stand on
// a line.
func readArray(s *scanner, h header, add func(i, j int, v float64, line int) error) error {
	s.rest = nil
	t := 0
	for j := 0; j < h.cols; j++ {
		i := 0
		if h.symmetric {
			i = j
		}
		for ; i < h.rows; i++ {
			s.skipSpace()
			if len(s.rest) == 0 {
				if err := s.data(); err == io.EOF {
					return s.errorf("file ends after %d of %d elements", t, h.entries)
				} else if err != nil {
					return err
				}
			}
			v, err := s.element(h)
			if err != nil {
				return err
			}
			if err := add(i, j, v, s.line); err != nil {
				return err
			}
			t++
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	return nothingLeft(s, h)
}

// nothingLeft checks that only comments and blank lines follow. This also has
// the checksum of a compressed file verified.
func nothingLeft(s *scanner, h header) error {
	if err := s.data(); err == io.EOF {
		return nil
	} else if err != nil {
		return err
	}
	return s.errorf("file goes on after the %d entries that it announces", h.entries)
}
