package mtx

import (
	"errors"
	"io"
	"math"
	"os"

	"costate/la"
)

// Options are the settings of the readers. A nil pointer stands for the zero
// value, and a zero field for its default.
type Options struct {
	// MaxOrder is the largest number of rows or columns that is accepted. The
	// default is 2²⁶: a file can claim an order that costs memory in four
	// bytes.
	MaxOrder int

	// MaxEntries is the largest number of entries in the file that is
	// accepted. The default is 2³¹-1, which is also the greatest value.
	MaxEntries int

	// SymmetryTol is by how much elements across the diagonal of a general
	// matrix may differ, relative to the larger one; their mean is then
	// used. The default is 1e-14; a negative value asks for equality.
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
		return 1e-14
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
	h, err := readHeader(s, o)
	if err != nil {
		return nil, err
	}
	if h.rows != h.cols {
		return nil, s.errorf("%d×%d is not square", h.rows, h.cols)
	}
	var sink entrySink
	if h.symmetric {
		sink = &triangleSink{b: la.NewSymBuilder(h.rows, room(h.entries)), s: s}
	} else {
		sink = newGeneralSink(h.rows, room(h.entries), o.symmetryTol())
	}
	if h.coordinate {
		err = readCoordinate(s, h, sink.add)
	} else {
		err = readArray(s, h, sink.add)
	}
	if err != nil {
		return nil, err
	}
	a, err := sink.matrix()
	if err != nil {
		return nil, err
	}
	if err := a.CheckFinite("A"); err != nil { // a sum of duplicates overflowed
		return nil, &Error{Line: s.line, Msg: err.Error() + " (indices from 0)", Err: err}
	}
	return a, nil
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
		j, err := s.count("column")
		if err != nil {
			return err
		}
		if i < 1 || i > h.rows {
			return s.errorf("row %d is not in 1…%d", i, h.rows)
		}
		if j < 1 || j > h.cols {
			return s.errorf("column %d is not in 1…%d", j, h.cols)
		}
		v := 1.0
		if !h.pattern {
			if v, err = s.value(h.integer); err != nil {
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
			v, err := s.value(h.integer)
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

// A triangleSink takes one triangle of a symmetric matrix, either, but not
// both: entries of both would be summed.
type triangleSink struct {
	b            *la.SymBuilder
	s            *scanner
	lower, upper int // the line where that triangle was first met
}

func (k *triangleSink) add(i, j int, v float64, line int) error {
	if i > j && k.lower == 0 {
		k.lower = line
	}
	if i < j && k.upper == 0 {
		k.upper = line
	}
	if k.lower > 0 && k.upper > 0 {
		return k.s.errorf("entry (%d, %d) is in the other triangle than that of line %d; a symmetric file holds one triangle", i+1, j+1, min(k.lower, k.upper))
	}
	k.b.Add(i, j, v)
	return nil
}

func (k *triangleSink) matrix() (*la.Sym, error) {
	a, _ := k.b.Build()
	return a, nil
}

// A generalSink takes both triangles, and remembers lines as far as they do not
// simply count up.
type generalSink struct {
	n        int
	tol      float64
	row, col []int32
	val      []float64
	jumps    []lineJump
	last     int
}

type lineJump struct{ entry, line int }

func newGeneralSink(n, entries int, tol float64) *generalSink {
	return &generalSink{n: n, tol: tol,
		row: make([]int32, 0, entries), col: make([]int32, 0, entries), val: make([]float64, 0, entries)}
}

func (k *generalSink) add(i, j int, v float64, line int) error {
	if line != k.last+1 {
		k.jumps = append(k.jumps, lineJump{entry: len(k.val), line: line})
	}
	k.last = line
	k.row, k.col, k.val = append(k.row, int32(i)), append(k.col, int32(j)), append(k.val, v)
	return nil
}

func (k *generalSink) matrix() (*la.Sym, error) {
	a, err := la.FromEntries(k.n, k.row, k.col, k.val, k.tol)
	var asym *la.AsymmetricError
	if errors.As(err, &asym) {
		return nil, &Error{Line: k.lineOf(asym.I, asym.J), Msg: err.Error() + " (indices from 0)", Err: err}
	}
	if err != nil {
		return nil, &Error{Line: k.last, Msg: err.Error(), Err: err}
	}
	return a, nil
}

// lineOf finds the line of the first entry at (i, j) or (j, i).
func (k *generalSink) lineOf(i, j int) int {
	for t := range k.val {
		r, c := int(k.row[t]), int(k.col[t])
		if r == i && c == j || r == j && c == i {
			line := 0
			for _, jump := range k.jumps {
				if jump.entry > t {
					break
				}
				line = jump.line + t - jump.entry
			}
			return line
		}
	}
	return k.last
}
