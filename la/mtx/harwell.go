package mtx

import (
	"bytes"
	"io"
	"strings"
)

// A boeing is the head of a file in the Harwell–Boeing format, or in its successor,
// the Rutherford–Boeing format:
//
//	title, key
//	lines in all, of pointers, of row numbers, of values (, of right-hand sides)
//	type such as RSA: Real, Symmetric, Assembled; rows, columns, entries, 0
//	Fortran formats of pointers, row numbers, values (, right-hand sides)
//	pointers to the first entry of each column, then row numbers, then values
//
// Sources: I. S. Duff, R. G. Grimes and J. G. Lewis, Users' guide for the
// Harwell–Boeing sparse matrix collection, TR/PA/92/86 (1992), and The
// Rutherford–Boeing sparse matrix collection, RAL-TR-97-031 (1997).
type boeing struct {
	header
	pointers, rowNumbers, values fortranFormat
}

// readBoeing gives the entries of a file to the sink that sinkFor makes.
func readBoeing(s *scanner, o *Options, sinkFor func(header) entrySink) (entrySink, error) {
	var b boeing
	if err := b.read(s, o); err != nil {
		return nil, err
	}
	ptr, err := b.readPointers(s)
	if err != nil {
		return nil, err
	}
	sink := sinkFor(b.header)
	rows := make([]int32, 0, room(b.entries))
	r := fieldReader{s: s, f: b.rowNumbers, what: "row numbers"}
	for range b.entries {
		i, err := r.count(b.rows)
		if err != nil {
			return nil, err
		}
		rows = append(rows, int32(i-1))
	}
	v := fieldReader{s: s, f: b.values, what: "values"}
	for j := range b.cols {
		for t := ptr[j]; t < ptr[j+1]; t++ {
			x := 1.0
			if !b.pattern {
				if x, err = v.value(); err != nil {
					return nil, err
				}
			}
			if err := sink.add(int(rows[t]), j, x, s.line); err != nil {
				return nil, err
			}
		}
	}
	// Right-hand sides may follow, which are not read; the end of a compressed
	// file has its checksum.
	for {
		if err := s.next(); err == io.EOF {
			return sink, nil
		} else if err != nil {
			return nil, err
		}
	}
}

// read takes the lines before the pointers.
func (b *boeing) read(s *scanner, o *Options) error {
	var lines [4][]byte
	withRight := false
	for i := range lines {
		if err := s.next(); err == io.EOF {
			return s.errorf("file ends in the head of a Harwell–Boeing file, which has four lines")
		} else if err != nil {
			return err
		}
		lines[i] = bytes.Clone(s.rest)
		switch i {
		case 1:
			for _, name := range []string{"number of lines", "number of lines of pointers", "number of lines of row numbers", "number of lines of values"} {
				if _, err := s.count(name); err != nil {
					return err
				}
			}
			right := s.token()
			withRight = len(right) > 0 && strings.Trim(string(right), "0") != ""
		case 2:
			if err := b.kind(s, string(s.token())); err != nil {
				return err
			}
			if err := b.boeingSizes(s, o); err != nil {
				return err
			}
		}
	}
	if err := b.formats(s, string(lines[3])); err != nil {
		return err
	}
	if withRight { // a fifth line describes right-hand sides
		if err := s.next(); err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// kind understands the type.
func (b *boeing) kind(s *scanner, word string) error {
	w := strings.ToUpper(word)
	if len(w) != 3 {
		return s.errorf("%s is not the type of a Harwell–Boeing matrix, such as RSA", quote([]byte(word)))
	}
	switch {
	case w[0] == 'C':
		return s.errorf("type %s: the matrix is complex; a real one is needed", w)
	case w[0] == 'Q':
		return s.errorf("type %s: the values are in another file", w)
	case w[1] == 'Z':
		return s.errorf("type %s: the matrix is skew-symmetric, its transpose is its negative; a symmetric one is needed", w)
	case w[1] == 'R':
		return s.errorf("type %s: the matrix is rectangular; a symmetric one is needed", w)
	case w[2] == 'E':
		return s.errorf("type %s: the matrix is a sum of finite elements that has not been assembled; an assembled one is needed", w)
	}
	b.coordinate = true
	b.integer, b.pattern = w[0] == 'I', w[0] == 'P'
	b.symmetric = w[1] == 'S' || w[1] == 'H'
	return nil
}

// boeingSizes takes the numbers after the type.
func (b *boeing) boeingSizes(s *scanner, o *Options) (err error) {
	if b.rows, err = s.count("number of rows"); err != nil {
		return err
	}
	if b.cols, err = s.count("number of columns"); err != nil {
		return err
	}
	if limit := o.maxOrder(); b.rows > limit || b.cols > limit {
		return s.errorf("%d×%d is above the limit of %d rows and columns", b.rows, b.cols, limit)
	}
	if b.rows != b.cols {
		return s.errorf("%d×%d is not square", b.rows, b.cols)
	}
	if b.entries, err = s.count("number of entries"); err != nil {
		return err
	}
	if limit := o.maxEntries(); b.entries > limit {
		return s.errorf("%d entries are above the limit of %d", b.entries, limit)
	}
	return nil
}

// formats understands the line of formats: three columns of 16, 16 and 20 bytes,
// or separated by blanks.
func (b *boeing) formats(s *scanner, line string) error {
	texts := splitFormats(line)
	need := 3
	if b.pattern {
		need = 2
	}
	if len(texts) < need {
		return s.errorf("the line of Fortran formats has %d of them, not %d", len(texts), need)
	}
	for i, f := range []*fortranFormat{&b.pointers, &b.rowNumbers, &b.values}[:need] {
		var ok bool
		if *f, ok = parseFortran(texts[i]); !ok || i < 2 && f.real {
			return s.errorf("%s is not a Fortran format of numbers that is read here, such as (16I5) or (4E20.12)", quote([]byte(texts[i])))
		}
	}
	return nil
}

// splitFormats cuts a line where its parentheses close.
func splitFormats(line string) (texts []string) {
	depth, from := 0, 0
	for i, c := range line {
		switch c {
		case '(':
			if depth == 0 {
				from = i
			}
			depth++
		case ')':
			if depth--; depth == 0 {
				texts = append(texts, line[from:i+1])
			}
			depth = max(depth, 0)
		}
	}
	return texts
}

// readPointers takes the pointers, which count from 1, and makes them count from 0.
func (b *boeing) readPointers(s *scanner) ([]int32, error) {
	ptr := make([]int32, 0, room(b.cols+1))
	r := fieldReader{s: s, f: b.pointers, what: "pointers"}
	last := 1
	for j := range b.cols + 1 {
		p, err := r.count(b.entries + 1)
		if err != nil {
			return nil, err
		}
		if j == 0 && p != 1 || p < last {
			return nil, s.errorf("pointer %d of column %d: pointers begin with 1 and ascend", p, j+1)
		}
		ptr, last = append(ptr, int32(p-1)), p
	}
	if last != b.entries+1 {
		return nil, s.errorf("the last pointer is %d, not %d, for %d entries", last, b.entries+1, b.entries)
	}
	return ptr, nil
}
