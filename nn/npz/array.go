package npz

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/sbinet/npyio/npy"
	npyz "github.com/sbinet/npyio/npz"
)

// maxArray is the greatest size of one array's file, in bytes.
const maxArray = 1 << 31

// An array is the content of one .npy file, by rows.
type array struct {
	name    string
	shape   []int
	data    []float64
	integer bool
}

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
	a = &array{name: name, shape: r.Header.Descr.Shape}
	size, read := reader(r.Header.Descr.Type)
	if read == nil {
		return nil, fmt.Errorf("numbers of type %q; it must be of floats (f4, f8) or integers", r.Header.Descr.Type)
	}
	count := 1
	for i, d := range a.shape {
		if d < 0 || d > 0 && count > maxArray/d {
			return nil, fmt.Errorf("dimension %d is %d", i, d)
		}
		count *= d
	}
	if have := len(raw) - start; have != count*size {
		return nil, fmt.Errorf("byte %d: %d bytes of numbers where shape %v of type %s needs %d", start, have, a.shape, r.Header.Descr.Type, count*size)
	}
	if count > 0 {
		if a.data, a.integer, err = read(r, count); err != nil {
			return nil, err
		}
	}
	if r.Header.Descr.Fortran {
		a.data = byRows(a.data, a.shape)
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

// reader returns the size of a number of NumPy's type and the function that
// reads count of them, nil if the type is not known.
func reader(descr string) (int, func(*npy.Reader, int) ([]float64, bool, error)) {
	if len(descr) > 0 && (descr[0] == '<' || descr[0] == '>' || descr[0] == '|') {
		descr = descr[1:]
	}
	switch descr {
	case "f8":
		return 8, read[float64]
	case "f4":
		return 4, read[float32]
	case "i8":
		return 8, read[int64]
	case "i4":
		return 4, read[int32]
	case "i2":
		return 2, read[int16]
	case "i1":
		return 1, read[int8]
	case "u8":
		return 8, read[uint64]
	case "u4":
		return 4, read[uint32]
	case "u2":
		return 2, read[uint16]
	case "u1":
		return 1, read[uint8]
	}
	return 0, nil
}

type number interface {
	float64 | float32 | int64 | int32 | int16 | int8 | uint64 | uint32 | uint16 | uint8
}

func read[T number](r *npy.Reader, count int) (x []float64, integer bool, err error) {
	t := make([]T, count)
	if err := r.Read(&t); err != nil {
		return nil, false, err
	}
	if f, ok := any(t).([]float64); ok {
		return f, false, nil
	}
	x = make([]float64, count)
	for i, v := range t {
		x[i] = float64(v)
	}
	_, float := any(t).([]float32)
	return x, !float, nil
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
	for i, v := range a.data {
		if v*0 == 0 {
			continue
		}
		at := ""
		for k := len(a.shape) - 1; k >= 0; k-- {
			at = fmt.Sprintf(",%d%s", i%a.shape[k], at)
			i /= a.shape[k]
		}
		if at != "" {
			at = "[" + at[1:] + "]"
		}
		return fmt.Errorf("%s%s is %g", a.name, at, v)
	}
	return nil
}
