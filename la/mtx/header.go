package mtx

import (
	"io"
	"math"
	"strings"
)

// header is what a file says of itself.
type header struct {
	vector     bool // not a matrix
	coordinate bool
	integer    bool
	pattern    bool
	complex    bool // with imaginary parts, which must be zero
	symmetric  bool

	rows, cols int
	entries    int // that follow
}

// Words of the first line, in the order of preference in messages.
var (
	objectWords   = []string{"matrix", "vector"}
	formatWords   = []string{"coordinate", "array"}
	fieldWords    = []string{"real", "double", "integer", "unsigned-integer", "pattern", "complex"}
	symmetryWords = []string{"symmetric", "general", "hermitian", "skew-symmetric"}
)

// readHeader takes the first line and the line of sizes.
func readHeader(s *scanner, o *Options) (h header, err error) {
	if err := s.next(); err == io.EOF {
		s.line = 1
		return h, s.errorf("file is empty: no %%%%MatrixMarket header")
	} else if err != nil {
		return h, err
	}
	// One percent sign is not the format, but occurs, and cannot be mistaken.
	if banner := s.token(); !strings.EqualFold(strings.TrimLeft(string(banner), "%"), "MatrixMarket") || banner[0] != '%' {
		return h, s.errorf("first word is %s, not %%%%MatrixMarket", quote(banner))
	}
	if err := h.kind(s); err != nil {
		return h, err
	}
	if err := s.data(); err == io.EOF {
		return h, s.errorf("file ends before the line of sizes")
	} else if err != nil {
		return h, err
	}
	if err := h.sizes(s, o); err != nil {
		return h, err
	}
	if limit := o.maxEntries(); h.entries > limit {
		return h, s.errorf("%d entries are above the limit of %d", h.entries, limit)
	}
	return h, s.end()
}

// kind takes the words after the banner.
func (h *header) kind(s *scanner) error {
	object, err := s.word("object", objectWords)
	if err != nil {
		return err
	}
	format, err := s.word("format", formatWords)
	if err != nil {
		return err
	}
	field, err := s.word("field", fieldWords)
	if err != nil {
		return err
	}
	symmetry, err := s.word("symmetry", symmetryWords)
	if err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	h.vector = object == "vector"
	h.coordinate = format == "coordinate"
	h.integer = field == "integer" || field == "unsigned-integer"
	h.pattern = field == "pattern"
	h.complex = field == "complex"
	h.symmetric = symmetry == "symmetric" || symmetry == "hermitian"
	switch {
	case symmetry == "skew-symmetric":
		return s.errorf("the matrix is skew-symmetric, its transpose is its negative; a symmetric one is needed")
	case h.vector && symmetry != "general":
		return s.errorf("a vector cannot be %s", symmetry)
	case h.pattern && !h.coordinate:
		return s.errorf("an array has values and cannot be a pattern")
	}
	return nil
}

// sizes takes the line of sizes. That of a vector has no number of columns.
func (h *header) sizes(s *scanner, o *Options) (err error) {
	if h.rows, err = s.count("number of rows"); err != nil {
		return err
	}
	h.cols = 1
	if !h.vector {
		if h.cols, err = s.count("number of columns"); err != nil {
			return err
		}
	}
	if limit := o.maxOrder(); h.rows > limit || h.cols > limit {
		return s.errorf("%d×%d is above the limit of %d rows and columns", h.rows, h.cols, limit)
	}
	if h.symmetric && h.rows != h.cols {
		return s.errorf("%d×%d is not square, but the header says symmetric", h.rows, h.cols)
	}
	switch {
	case h.coordinate:
		h.entries, err = s.count("number of entries")
		if limit := o.maxSparse(h.entries); err == nil && max(h.rows, h.cols) > limit {
			return s.errorf("%d×%d with only %d entries is above the limit of %d rows and columns: most rows are empty", h.rows, h.cols, h.entries, limit)
		}
	case h.symmetric: // n ≤ 2³¹, so this fits
		h.entries = int(uint64(h.rows) * uint64(h.rows+1) / 2)
	case h.cols > 0 && h.rows > math.MaxInt/h.cols:
		h.entries = math.MaxInt
	default:
		h.entries = h.rows * h.cols
	}
	return err
}

// word takes one of some words.
func (s *scanner) word(what string, allowed []string) (string, error) {
	w := s.token()
	for _, a := range allowed {
		if strings.EqualFold(string(w), a) {
			return a, nil
		}
	}
	if len(w) == 0 {
		return "", s.errorf("%s is missing in the header (%s)", what, strings.Join(allowed, ", "))
	}
	return "", s.errorf("%s %s is not one that is read here (%s)", what, quote(w), strings.Join(allowed, ", "))
}
