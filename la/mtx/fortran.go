package mtx

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
)

// A fortranFormat is a line format such as (16I5) or (1P,4E20.12): so many fields
// of so many bytes, without anything between them.
type fortranFormat struct {
	perLine, width int
	real           bool
}

var fortranPattern = regexp.MustCompile(`(?i)^\(\s*(?:\d+P\s*,?\s*)?(\d*)\s*\(?\s*(?:\d+P\s*,?\s*)?([IEDFG])(\d+)(?:\.\d+)?(?:E\d+)?\s*\)*$`)

// maxFieldWidth bounds fields: no number needs more.
const maxFieldWidth = 256

// parseFortran understands the formats of integers and reals.
func parseFortran(text string) (f fortranFormat, ok bool) {
	m := fortranPattern.FindStringSubmatch(text)
	if m == nil {
		return f, false
	}
	f.perLine = 1
	if m[1] != "" {
		f.perLine, _ = strconv.Atoi(m[1])
	}
	f.width, _ = strconv.Atoi(m[3])
	f.real = m[2] != "I" && m[2] != "i"
	return f, f.perLine >= 1 && f.width >= 1 && f.width <= maxFieldWidth && f.perLine <= lineBytes
}

// A fieldReader takes the fields of one section of a file, which begins on a line
// of its own.
type fieldReader struct {
	s    *scanner
	f    fortranFormat
	left int // fields on this line
	what string
}

// next takes the next field, without blanks around it.
func (r *fieldReader) next() ([]byte, error) {
	s := r.s
	if r.left == 0 {
		if err := s.next(); err == io.EOF {
			return nil, s.errorf("file ends in its %s", r.what)
		} else if err != nil {
			return nil, err
		}
		s.rest = bytes.TrimRight(s.rest, "\r\n")
		r.left = r.f.perLine
	}
	r.left--
	n := min(r.f.width, len(s.rest))
	field := bytes.TrimSpace(s.rest[:n])
	s.rest = s.rest[n:]
	if len(field) == 0 {
		return nil, s.errorf("a number of its %s is missing", r.what)
	}
	return field, nil
}

// count takes a number from 1 up to limit.
func (r *fieldReader) count(limit int) (int, error) {
	field, err := r.next()
	if err != nil {
		return 0, err
	}
	v, err := strconv.Atoi(string(field))
	if err != nil {
		return 0, r.s.errorf("%s is not a whole number, where its %s are expected", quote(field), r.what)
	}
	if v < 1 || v > limit {
		return 0, r.s.errorf("%d among its %s is not in 1…%d", v, r.what, limit)
	}
	return v, nil
}

// value takes a real number. An exponent may come without its letter, as Fortran
// writes one of three digits.
func (r *fieldReader) value() (float64, error) {
	field, err := r.next()
	if err != nil {
		return 0, err
	}
	for i := 1; i < len(field); i++ {
		if c := field[i]; (c == '+' || c == '-') && (field[i-1] == '.' || field[i-1]-'0' <= 9) {
			field = append(append(bytes.Clone(field[:i]), 'e'), field[i:]...)
			break
		}
	}
	return r.s.number(field, false)
}
