package protocol

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

const npyMagic = "\x93NUMPY"

// parseNPY reads a .npy file from memory.
func parseNPY(raw []byte) (*Array, error) {
	if len(raw) < 12 || string(raw[:6]) != npyMagic {
		return nil, fmt.Errorf("byte 0: it does not begin as a .npy file does")
	}
	start, length := 10, int(binary.LittleEndian.Uint16(raw[8:]))
	switch raw[6] {
	case 1:
	case 2, 3:
		start, length = 12, int(binary.LittleEndian.Uint32(raw[8:]))
	default:
		return nil, fmt.Errorf("byte 6: version %d of the format; 1 to 3 are known", raw[6])
	}
	if length > len(raw)-start {
		return nil, fmt.Errorf("byte %d: the file ends in its header", len(raw))
	}
	h, err := parseHeader(string(raw[start : start+length]))
	if err != nil {
		return nil, fmt.Errorf("byte %d: %w", start, err)
	}
	body := raw[start+length:]
	n, err := count(h.shape, h.dtype.size)
	if err != nil {
		return nil, err
	}
	if len(body) != n*h.dtype.size {
		return nil, fmt.Errorf("byte %d: %d bytes of numbers where shape %v needs %d", start+length, len(body), h.shape, n*h.dtype.size)
	}
	a := h.dtype.decode(body, h.shape)
	if h.fortran && len(h.shape) > 1 {
		a = a.byRows()
	}
	return a, nil
}

// A header is what a .npy file says of its array.
type header struct {
	dtype   dtype
	fortran bool
	shape   []int
}

// parseHeader reads the text of a header: a dictionary as Python writes it, with
// the keys descr, fortran_order and shape.
func parseHeader(text string) (h header, err error) {
	s := scanner{text: text}
	s.expect("{")
	seen := map[string]bool{}
	for !s.failed && !s.accept("}") {
		key := s.quoted()
		s.expect(":")
		if seen[key] {
			return h, fmt.Errorf("a header with two of %q", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			if h.dtype, err = parseType(s.quoted()); err != nil && !s.failed {
				return h, err
			}
		case "fortran_order":
			h.fortran = s.accept("True")
			if !h.fortran {
				s.expect("False")
			}
		case "shape":
			h.shape = s.tuple()
		default:
			s.failed = true
		}
		if !s.accept(",") {
			s.expect("}")
			break
		}
	}
	if s.failed || strings.TrimSpace(s.text) != "" || !seen["descr"] || !seen["fortran_order"] || !seen["shape"] {
		return h, fmt.Errorf("a header that cannot be understood: %.80q", text)
	}
	return h, nil
}

// A scanner reads Python's literals from the front of a text.
type scanner struct {
	text   string
	failed bool
}

func (s *scanner) accept(word string) bool {
	s.text = strings.TrimLeft(s.text, " \n")
	rest, ok := strings.CutPrefix(s.text, word)
	if ok {
		s.text = rest
	}
	return ok
}

func (s *scanner) expect(word string) {
	if !s.accept(word) {
		s.failed = true
	}
}

// quoted reads a string without escapes.
func (s *scanner) quoted() string {
	for _, q := range []string{"'", `"`} {
		if s.accept(q) {
			word, rest, ok := strings.Cut(s.text, q)
			s.text = rest
			s.failed = s.failed || !ok
			return word
		}
	}
	s.failed = true
	return ""
}

// tuple reads numbers in parentheses, as in (3, 4) or (3,) or ().
func (s *scanner) tuple() []int {
	shape := []int{}
	s.expect("(")
	for !s.failed && !s.accept(")") {
		s.text = strings.TrimLeft(s.text, " \n")
		n := 0
		for n < len(s.text) && s.text[n] >= '0' && s.text[n] <= '9' {
			n++
		}
		d, err := strconv.Atoi(s.text[:n])
		if err != nil || len(shape) == 32 {
			s.failed = true
			return nil
		}
		s.text = s.text[n:]
		s.accept("L") // as the Python of long ago wrote them
		shape = append(shape, d)
		if !s.accept(",") {
			s.expect(")")
			break
		}
	}
	return shape
}

// appendNPY appends a as a .npy file.
func appendNPY(buf *bytes.Buffer, a *Array) {
	dims := make([]string, len(a.Shape))
	for i, d := range a.Shape {
		dims[i] = strconv.Itoa(d)
	}
	shape := strings.Join(dims, ", ")
	if len(dims) == 1 {
		shape += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", a.Type(), shape)
	const lead = len(npyMagic) + 4
	pad := 64 - (lead+len(text)+1)%64
	buf.WriteString(npyMagic)
	buf.Write([]byte{1, 0})
	buf.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(text)+pad+1)))
	buf.WriteString(text)
	buf.WriteString(strings.Repeat(" ", pad))
	buf.WriteByte('\n')
	buf.Write(a.bytes())
}
