package mtx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"costate/la"
)

// lineBytes is the longest line that is read. The format allows 1024 bytes;
// comments in the wild are longer.
const lineBytes = 1 << 18

// A scanner reads lines and numbers and knows where it is.
type scanner struct {
	r    *bufio.Reader
	line int
	rest []byte // what is left of the line
}

// newScanner looks through gzip where the first bytes say so.
func newScanner(r io.Reader, o *Options, size int64) (*scanner, error) {
	if o.Progress != nil {
		r = &countingReader{r: r, total: size, report: o.Progress}
	}
	br := bufio.NewReaderSize(r, lineBytes)
	if magic, _ := br.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, &Error{Line: 1, Msg: "gzip: " + err.Error(), Err: err}
		}
		br = bufio.NewReaderSize(z, lineBytes)
	}
	return &scanner{r: br}, nil
}

// countingReader reports how many bytes have been read.
type countingReader struct {
	r           io.Reader
	read, total int64
	report      func(read, total int64)
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	c.report(c.read, c.total)
	return n, err
}

// errorf returns an *Error at the current line. A %w names the cause.
func (s *scanner) errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Line: s.line, Msg: err.Error(), Err: errors.Unwrap(err)}
}

// next takes the next line, whatever is in it. It returns io.EOF after the
// last.
func (s *scanner) next() error {
	b, err := s.r.ReadSlice('\n')
	s.rest = b
	switch {
	case err == nil:
		s.line++
		return nil
	case err == io.EOF && len(b) > 0:
		s.line++
		return nil
	case err == io.EOF:
		return io.EOF
	}
	s.line++
	if err == bufio.ErrBufferFull {
		return s.errorf("line is longer than %d bytes", lineBytes)
	}
	return s.errorf("reading: %w", err)
}

// data takes the next line that is neither blank nor a comment. It returns io.EOF if there
// is none.
func (s *scanner) data() error {
	for {
		if err := s.next(); err != nil {
			return err
		}
		s.skipSpace()
		if len(s.rest) > 0 && s.rest[0] != '%' {
			return nil
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (s *scanner) skipSpace() {
	b := s.rest
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	s.rest = b
}

// token takes the next word of the line; it is empty at the end of the line.
func (s *scanner) token() []byte {
	s.skipSpace()
	b := s.rest
	n := 0
	for n < len(b) && !isSpace(b[n]) {
		n++
	}
	s.rest = b[n:]
	return b[:n]
}

// end checks that nothing is left on the line.
func (s *scanner) end() error {
	tok := s.token()
	switch {
	case len(tok) == 0:
		return nil
	case tok[0] == '%':
		return s.errorf("%s is more than belongs on the line: a comment needs a line of its own", quote(tok))
	}
	return s.errorf("%s is more than belongs on the line", quote(tok))
}

// count takes a number that is not negative. what is its name in errors.
func (s *scanner) count(what string) (int, error) {
	s.skipSpace()
	b := s.rest
	v, n := 0, 0
	for n < len(b) && b[n]-'0' <= 9 && n < 19 {
		v = 10*v + int(b[n]-'0')
		n++
	}
	if n == 0 || n == 19 || n < len(b) && !isSpace(b[n]) {
		return 0, s.badCount(what)
	}
	s.rest = b[n:]
	return v, nil
}

func (s *scanner) badCount(what string) error {
	tok := s.token()
	if len(tok) == 0 {
		return s.errorf("%s is missing", what)
	}
	if _, err := strconv.ParseInt(string(tok), 10, 64); errors.Is(err, strconv.ErrRange) || err == nil && tok[0] != '-' && len(tok) > 18 {
		return s.errorf("%s %s is too large", what, quote(tok))
	}
	if v, err := strconv.ParseFloat(string(tok), 64); err == nil && v == math.Trunc(v) && v >= 0 {
		return s.errorf("%s %s is a whole number, but must be written as one, without a point or an exponent", what, quote(tok))
	}
	return s.errorf("%s %s is not a whole number of digits", what, quote(tok))
}

// numeric marks the bytes of decimal numbers.
var numeric = func() (t [256]bool) {
	for _, c := range "0123456789+-.eEdD" {
		t[c] = true
	}
	return t
}()

// value takes a real number, or with integer a whole one.
func (s *scanner) value(integer bool) (float64, error) {
	return s.number(s.token(), integer)
}

// element takes a value as the header says. A complex one must be real.
func (s *scanner) element(h header) (float64, error) {
	v, err := s.value(h.integer)
	if err != nil || !h.complex {
		return v, err
	}
	im, err := s.value(false)
	if err != nil {
		return 0, err
	}
	if im != 0 {
		return 0, s.errorf("the imaginary part is %v: a complex matrix is read only if all are 0", im)
	}
	return v, nil
}

// number is what a word says.
func (s *scanner) number(tok []byte, integer bool) (float64, error) {
	if len(tok) == 0 {
		return 0, s.errorf("value is missing")
	}
	for i, c := range tok {
		if !numeric[c] {
			return 0, s.badValue(tok)
		}
		if c == 'd' || c == 'D' { // as Fortran writes exponents
			tok = bytes.Clone(tok)
			tok[i] = 'e'
		}
		if integer && c-'0' > 9 && !(i == 0 && (c == '-' || c == '+')) {
			return 0, s.errorf("value %s is not an integer, as the header says", quote(tok))
		}
	}
	v, err := strconv.ParseFloat(string(tok), 64)
	if err != nil {
		return 0, s.badValue(tok)
	}
	return v, nil
}

func (s *scanner) badValue(tok []byte) error {
	v, err := strconv.ParseFloat(string(tok), 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return s.errorf("value %s is beyond the range of float64", quote(tok))
	case err == nil && v-v != 0:
		return s.errorf("not finite: %w", &la.NotFiniteError{Where: "value " + quote(tok), Index: -1, Value: v})
	}
	if bytes.IndexByte(tok, ',') >= 0 {
		return s.errorf("value %s is not a number: it has a comma where a point belongs, or no blanks between numbers", quote(tok))
	}
	return s.errorf("value %s is not a number", quote(tok))
}

// quote shows the beginning of a word of unknown bytes.
func quote(b []byte) string {
	if len(b) > 40 {
		return strconv.Quote(strings.ToValidUTF8(string(b[:40]), "?")) + "…"
	}
	return strconv.Quote(string(b))
}
