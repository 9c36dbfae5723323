package npz

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/sbinet/npyio/npy"
	npyz "github.com/sbinet/npyio/npz"

	"costate/nn/internal/numbers"
)

const (
	// maxArray is the greatest number of bytes of one array.
	maxArray = 1<<31 - 1

	// maxHeader is the greatest length of an array's header. What NumPy writes for
	// arrays that can be read here is below 1 KiB.
	maxHeader = 1 << 20

	// freeMemory and maxExpanded say how much the arrays of an archive may take as
	// float64, in bytes: freeMemory, or for large archives maxExpanded times their
	// size. Deflate makes at most 1032 bytes of one, and one of these 8 where they
	// are bytes each, so that without a limit a few MiB of zeros, or entries that
	// share their bytes, would be many GiB. Arrays that are not compressed are at
	// most 8 times their file.
	freeMemory  = 1 << 30
	maxExpanded = 64
)

// An archive is a file of arrays that is being read.
type archive struct {
	*npyz.Reader
	left int64 // bytes that its arrays may yet take
}

func newArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := npyz.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("not an .npz file: %w", err)
	}
	return &archive{z, max(freeMemory, maxExpanded*min(size, math.MaxInt64/maxExpanded))}, nil
}

// A Kind is the kind of an array's numbers.
type Kind int

const (
	Float   Kind = iota // read from f2, f4 and f8, written as f8
	Integer             // read from i1 to i8 and u1 to u8, written as i8
	Bool                // 0 or 1
	Byte                // u1; written for a text
)

// An Array is one array of a file, by rows, its numbers as float64.
type Array struct {
	Kind  Kind
	Shape []int
	Data  []float64
}

// Floats returns a one-dimensional array that shares x.
func Floats(x []float64) Array { return Array{Float, []int{len(x)}, x} }

// Text returns the bytes of s as an array.
func Text(s string) Array {
	a := Array{Byte, []int{len(s)}, make([]float64, len(s))}
	for i := range len(s) {
		a.Data[i] = float64(s[i])
	}
	return a
}

// Text returns the text that an array of bytes stands for.
func (a Array) Text() string {
	b := make([]byte, len(a.Data))
	for i, v := range a.Data {
		b[i] = byte(v)
	}
	return string(b)
}

// An array is an Array with its name in the file.
type array struct {
	name string
	Array
}

// integer reports whether the numbers are whole by their type.
func (a *array) integer() bool { return a.Kind != Float }

// array reads the entry name.npy.
func (z *archive) array(name string) (*array, error) {
	rc, err := z.Open(name + ".npy")
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", name, err)
	}
	defer rc.Close()
	a, err := parse(name, rc, z.left)
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", name, err)
	}
	z.left -= 8 * int64(len(a.Data))
	return a, nil
}

// parse reads a .npy file whose numbers may take limit bytes as float64. Of the
// file it reads the header first, and then no more than the numbers that the shape
// has; the memory for them grows with what is there, not with what the header
// claims. The library that understands the header trusts it, so that header and
// size are compared before; what it then still panics at in the header's text
// becomes an error.
func parse(name string, file io.Reader, limit int64) (a *array, err error) {
	defer func() {
		if p := recover(); p != nil {
			a, err = nil, fmt.Errorf("byte 8: a header that cannot be understood (%v)", p)
		}
	}()
	head, err := readHeader(file)
	if err != nil {
		return nil, err
	}
	source := &struct{ io.Reader }{bytes.NewReader(head)}
	r, err := npy.NewReader(source)
	if err != nil {
		return nil, fmt.Errorf("byte 8: %w", err)
	}
	a = &array{name, Array{Shape: r.Header.Descr.Shape}}
	size, kind, read := reader(r.Header.Descr.Type)
	if read == nil {
		return nil, fmt.Errorf("numbers of type %q; it must be of floats (f2, f4, f8), integers or bool, as after %s.astype(np.float64)", r.Header.Descr.Type, name)
	}
	a.Kind = kind
	count := 1
	for i, d := range a.Shape {
		if d < 0 || d > 0 && count > maxArray/size/d {
			return nil, fmt.Errorf("dimension %d is %d", i, d)
		}
		count *= d
	}
	if 8*int64(count) > limit {
		return nil, fmt.Errorf("its %d numbers are more than the %d that are left of what a file of this size may hold", count, max(0, limit/8))
	}
	raw, err := io.ReadAll(io.LimitReader(file, int64(count*size)+1))
	if err != nil {
		return nil, fmt.Errorf("byte %d: %w", len(head)+len(raw), err)
	}
	if have := len(raw); have > count*size {
		return nil, fmt.Errorf("byte %d: more bytes of numbers than the %d that shape %v of type %s needs", len(head), count*size, a.Shape, r.Header.Descr.Type)
	} else if have < count*size {
		return nil, fmt.Errorf("byte %d: %d bytes of numbers where shape %v of type %s needs %d", len(head), have, a.Shape, r.Header.Descr.Type, count*size)
	}
	if count > 0 {
		source.Reader = bytes.NewReader(raw)
		if a.Data, err = read(r, raw, count); err != nil {
			return nil, err
		}
	}
	if r.Header.Descr.Fortran {
		a.Data = byRows(a.Data, a.Shape)
	}
	return a, nil
}

// readHeader reads up to where the numbers begin.
func readHeader(file io.Reader) ([]byte, error) {
	var head bytes.Buffer
	// take reads up to byte end.
	take := func(end int) error {
		_, err := io.CopyN(&head, file, int64(end-head.Len()))
		if err == io.EOF {
			return fmt.Errorf("byte %d: the file ends in its header", head.Len())
		}
		if err != nil {
			return fmt.Errorf("byte %d: %w", head.Len(), err)
		}
		return nil
	}
	if err := take(10); err != nil && head.Len() > 0 {
		return nil, err
	}
	raw := head.Bytes()
	if len(raw) < 10 || [6]byte(raw) != npy.Magic {
		return nil, fmt.Errorf("byte 0: it does not begin as a .npy file does")
	}
	start, length := 10, int64(binary.LittleEndian.Uint16(raw[8:]))
	switch raw[6] {
	case 1:
	case 2:
		if err := take(12); err != nil {
			return nil, err
		}
		start, length = 12, int64(binary.LittleEndian.Uint32(head.Bytes()[8:]))
	default:
		return nil, fmt.Errorf("byte 6: version %d of the format; 1 and 2 are known", raw[6])
	}
	if length > maxHeader {
		return nil, fmt.Errorf("byte 8: a header of %d bytes; at most %d are read", length, maxHeader)
	}
	if err := take(start + int(length)); err != nil {
		return nil, err
	}
	if bytes.IndexByte(head.Bytes()[start:], '\n') < 0 {
		return nil, fmt.Errorf("byte %d: a header without end of line", start)
	}
	return head.Bytes(), nil
}

// A decoder reads count numbers, whose bytes are raw, from the file of r.
type decoder func(r *npy.Reader, raw []byte, count int) ([]float64, error)

// reader returns the size and kind of a number of NumPy's type and what reads it,
// nil if the type is not known.
func reader(descr string) (int, Kind, decoder) {
	order := byte('<')
	if len(descr) > 0 && (descr[0] == '<' || descr[0] == '>' || descr[0] == '|') {
		order, descr = descr[0], descr[1:]
	}
	switch descr {
	case "f8":
		return 8, Float, read[float64]
	case "f4":
		return 4, Float, read[float32]
	case "f2":
		return 2, Float, func(_ *npy.Reader, raw []byte, count int) ([]float64, error) {
			bits := binary.ByteOrder(binary.LittleEndian)
			if order == '>' {
				bits = binary.BigEndian
			}
			x := make([]float64, count)
			for i := range x {
				x[i] = numbers.FromFloat16(bits.Uint16(raw[2*i:]))
			}
			return x, nil
		}
	case "i8":
		return 8, Integer, read[int64]
	case "i4":
		return 4, Integer, read[int32]
	case "i2":
		return 2, Integer, read[int16]
	case "i1":
		return 1, Integer, read[int8]
	case "u8":
		return 8, Integer, read[uint64]
	case "u4":
		return 4, Integer, read[uint32]
	case "u2":
		return 2, Integer, read[uint16]
	case "u1":
		return 1, Byte, read[uint8]
	case "b1":
		return 1, Bool, func(_ *npy.Reader, raw []byte, count int) ([]float64, error) {
			x := make([]float64, count)
			for i, b := range raw[:count] {
				if b != 0 {
					x[i] = 1
				}
			}
			return x, nil
		}
	}
	return 0, 0, nil
}

type number interface {
	float64 | float32 | int64 | int32 | int16 | int8 | uint64 | uint32 | uint16 | uint8
}

func read[T number](r *npy.Reader, _ []byte, count int) ([]float64, error) {
	t := make([]T, count)
	if err := r.Read(&t); err != nil {
		return nil, err
	}
	if f, ok := any(t).([]float64); ok {
		return f, nil
	}
	x := make([]float64, count)
	for i, v := range t {
		x[i] = float64(v)
	}
	return x, nil
}

// byRows returns by rows what x holds by columns, the first index running
// fastest.
func byRows(x []float64, shape []int) []float64 {
	out := make([]float64, len(x))
	index := make([]int, len(shape))
	for i := range x {
		at := 0
		for k, d := range shape {
			at = at*d + index[k]
		}
		out[at] = x[i]
		for k := 0; k < len(shape); k++ {
			if index[k]++; index[k] < shape[k] {
				break
			}
			index[k] = 0
		}
	}
	return out
}

// checkFinite reports the first number of a that is not finite.
func (a *array) checkFinite() error {
	for i, v := range a.Data {
		if v*0 == 0 {
			continue
		}
		at := ""
		for k := len(a.Shape) - 1; k >= 0; k-- {
			at = fmt.Sprintf(",%d%s", i%a.Shape[k], at)
			i /= a.Shape[k]
		}
		if at != "" {
			at = "[" + at[1:] + "]"
		}
		return fmt.Errorf("%s%s is %g", a.name, at, v)
	}
	return nil
}
