package npz

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/sbinet/npyio/npy"
	npyz "github.com/sbinet/npyio/npz"
)

// maxArray is the greatest size of one array's file, in bytes.
const maxArray = 1 << 31

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

// readArray reads the entry name.npy of the archive.
func readArray(z *npyz.Reader, name string) (*array, error) {
	rc, err := z.Open(name + ".npy")
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", name, err)
	}
	defer rc.Close()
	// Memory grows with what the archive really holds, not with what its
	// directory or the array's header claim.
	raw, err := io.ReadAll(io.LimitReader(rc, maxArray+1))
	if err != nil {
		return nil, fmt.Errorf("array %s: byte %d: %w", name, len(raw), err)
	}
	if len(raw) > maxArray {
		return nil, fmt.Errorf("array %s: more than the %d bytes that can be read", name, maxArray)
	}
	a, err := parse(name, raw)
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", name, err)
	}
	return a, nil
}

// parse reads a .npy file from memory. The library that does it trusts the
// header, so that header and size are compared before; what it then still
// panics at in the header's text becomes an error.
func parse(name string, raw []byte) (a *array, err error) {
	defer func() {
		if p := recover(); p != nil {
			a, err = nil, fmt.Errorf("byte 8: a header that cannot be understood (%v)", p)
		}
	}()
	start, err := headerEnd(raw)
	if err != nil {
		return nil, err
	}
	r, err := npy.NewReader(bytes.NewReader(raw))
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
		if d < 0 || d > 0 && count > maxArray/d {
			return nil, fmt.Errorf("dimension %d is %d", i, d)
		}
		count *= d
	}
	if have := len(raw) - start; have != count*size {
		return nil, fmt.Errorf("byte %d: %d bytes of numbers where shape %v of type %s needs %d", start, have, a.Shape, r.Header.Descr.Type, count*size)
	}
	if count > 0 {
		if a.Data, err = read(r, raw[start:], count); err != nil {
			return nil, err
		}
	}
	if r.Header.Descr.Fortran {
		a.Data = byRows(a.Data, a.Shape)
	}
	return a, nil
}

// headerEnd returns where the numbers begin.
func headerEnd(raw []byte) (int, error) {
	if len(raw) < 12 || [6]byte(raw) != npy.Magic {
		return 0, fmt.Errorf("byte 0: it does not begin as a .npy file does")
	}
	start, length := 10, int(binary.LittleEndian.Uint16(raw[8:]))
	switch raw[6] {
	case 1:
	case 2:
		start, length = 12, int(binary.LittleEndian.Uint32(raw[8:]))
	default:
		return 0, fmt.Errorf("byte 6: version %d of the format; 1 and 2 are known", raw[6])
	}
	if length > len(raw)-start {
		return 0, fmt.Errorf("byte %d: the file ends in its header", len(raw))
	}
	if bytes.IndexByte(raw[start:start+length], '\n') < 0 {
		return 0, fmt.Errorf("byte %d: a header without end of line", start)
	}
	return start + length, nil
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
			return halves(raw, order == '>', count), nil
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

// halves reads numbers of IEEE 754's binary16, which the library does not know:
// a sign, five bits of exponent, ten of fraction.
func halves(raw []byte, high bool, count int) []float64 {
	x := make([]float64, count)
	for i := range x {
		b := binary.LittleEndian.Uint16(raw[2*i:])
		if high {
			b = binary.BigEndian.Uint16(raw[2*i:])
		}
		exponent, fraction := int(b>>10&31), float64(b&1023)
		switch exponent {
		case 0:
			x[i] = math.Ldexp(fraction, -24)
		case 31:
			x[i] = math.Inf(1)
			if fraction != 0 {
				x[i] = math.NaN()
			}
		default:
			x[i] = math.Ldexp(1024+fraction, exponent-25)
		}
		if b>>15 == 1 {
			x[i] = -x[i]
		}
	}
	return x
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
