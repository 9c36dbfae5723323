package mtx

import (
	"io"
	"math"
	"strings"
)

// header is what a file says of itself.
type header struct {
	coordinate bool
	integer    bool
	pattern    bool
	symmetric  bool

	rows, cols int
	entries    int // that follow
}

// readHeader takes the first line and the line of sizes.
func readHeader(s *scanner, o *Options) (h header, err error) {
	if err := s.next(); err == io.EOF {
		s.line = 1
		return h, s.errorf("file is empty: no %%%%MatrixMarket header")
	} else if err != nil {
		return h, err
	}
	banner := s.token()
	if !strings.EqualFold(string(banner), "%%MatrixMarket") {
		return h, s.errorf("first word is %s, not %%%%MatrixMarket", quote(banner))
	}
	word := func(what string, allowed ...string) (string, error) {
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
	if _, err := word("object", "matrix"); err != nil {
		return h, err
	}
	format, err := word("format", "coordinate", "array")
	if err != nil {
		return h, err
	}
	field, err := word("field", "real", "double", "integer", "pattern")
	if err != nil {
		return h, err
	}
	symmetry, err := word("symmetry", "symmetric", "general")
	if err != nil {
		return h, err
	}
	if err := s.end(); err != nil {
		return h, err
	}
	h.coordinate = format == "coordinate"
	h.integer = field == "integer"
	h.pattern = field == "pattern"
	h.symmetric = symmetry == "symmetric"
	if h.pattern && !h.coordinate {
		return h, s.errorf("an array has values and cannot be a pattern")
	}

	if err := s.data(); err == io.EOF {
		return h, s.errorf("file ends before the line of sizes")
	} else if err != nil {
		return h, err
	}
	if h.rows, err = s.count("number of rows"); err != nil {
		return h, err
	}
	if h.cols, err = s.count("number of columns"); err != nil {
		return h, err
	}
	if limit := o.maxOrder(); h.rows > limit || h.cols > limit {
		return h, s.errorf("%d×%d is above the limit of %d rows and columns", h.rows, h.cols, limit)
	}
	if h.symmetric && h.rows != h.cols {
		return h, s.errorf("%d×%d is not square, but the header says symmetric", h.rows, h.cols)
	}
	switch {
	case h.coordinate:
		h.entries, err = s.count("number of entries")
	case h.symmetric: // n ≤ 2³¹, so this fits
		h.entries = int(uint64(h.rows) * uint64(h.rows+1) / 2)
	case h.cols > 0 && h.rows > math.MaxInt/h.cols:
		h.entries = math.MaxInt
	default:
		h.entries = h.rows * h.cols
	}
	if err != nil {
		return h, err
	}
	if limit := o.maxEntries(); h.entries > limit {
		return h, s.errorf("%d entries are above the limit of %d", h.entries, limit)
	}
	return h, s.end()
}
