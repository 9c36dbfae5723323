package protocol

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unsafe"
)

// An Array is an array of numbers by rows: floats in F, or integers (and truth
// values) in I, of which the other is nil.
type Array struct {
	Shape []int
	F     []float64
	I     []int64
}

// Floats returns an array of floats, which it keeps.
func Floats(x []float64, shape ...int) *Array { return &Array{Shape: shape, F: x} }

// Integers returns an array of integers, which it keeps.
func Integers(x []int64, shape ...int) *Array { return &Array{Shape: shape, I: x} }

// Len returns the number of elements.
func (a *Array) Len() int { return max(len(a.F), len(a.I)) }

// Type returns the type of the elements as they are sent, in NumPy's letters.
func (a *Array) Type() string {
	if a.I != nil {
		return "<i8"
	}
	return "<f8"
}

// count returns the number of elements of a shape whose elements have the given
// size, if they fit into memory.
func count(shape []int, size int) (int, error) {
	n := 1
	for i, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt/16/size/d {
			return 0, fmt.Errorf("dimension %d of the shape %v is out of range", i, shape)
		}
		n *= d
	}
	return n, nil
}

// A dtype is a type of elements.
type dtype struct {
	kind  byte // f, i, u or b
	size  int
	order binary.ByteOrder
}

// parseType reads NumPy's word for a type, such as <f8.
func parseType(s string) (dtype, error) {
	t := dtype{order: binary.LittleEndian}
	word := s
	switch {
	case strings.HasPrefix(word, ">"):
		t.order = binary.BigEndian
		word = word[1:]
	case strings.HasPrefix(word, "<"), strings.HasPrefix(word, "|"), strings.HasPrefix(word, "="):
		word = word[1:]
	}
	switch word {
	case "f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1":
		t.kind, t.size = word[0], int(word[1]-'0')
		return t, nil
	}
	return t, fmt.Errorf("numbers of type %q; it must be of floats (f4, f8), integers or truth values", s)
}

// decode returns the elements in raw, which has as many as the shape says.
func (t dtype) decode(raw []byte, shape []int) *Array {
	a := &Array{Shape: shape}
	n := len(raw) / t.size
	if t.kind == 'f' {
		a.F = make([]float64, n)
		if t.size == 8 && t.order == binary.LittleEndian && littleHost {
			copy(floatBytes(a.F), raw)
			return a
		}
		for i := range a.F {
			if t.size == 4 {
				a.F[i] = float64(math.Float32frombits(t.order.Uint32(raw[4*i:])))
			} else {
				a.F[i] = math.Float64frombits(t.order.Uint64(raw[8*i:]))
			}
		}
		return a
	}
	a.I = make([]int64, n)
	for i := range a.I {
		var v uint64
		switch t.size {
		case 1:
			v = uint64(raw[i])
		case 2:
			v = uint64(t.order.Uint16(raw[2*i:]))
		case 4:
			v = uint64(t.order.Uint32(raw[4*i:]))
		default:
			v = t.order.Uint64(raw[8*i:])
		}
		if t.kind == 'i' { // extend the sign
			shift := 64 - 8*t.size
			a.I[i] = int64(v<<shift) >> shift
		} else {
			a.I[i] = int64(v)
		}
	}
	return a
}

// bytes returns the elements of a as little-endian bytes: a view where the machine
// has that order.
func (a *Array) bytes() []byte {
	if littleHost {
		if a.I != nil {
			return integerBytes(a.I)
		}
		return floatBytes(a.F)
	}
	b := make([]byte, 0, 8*a.Len())
	for _, v := range a.I {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	for _, v := range a.F {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// littleHost reports whether this machine stores the low byte first.
var littleHost = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// floatBytes and integerBytes return the memory of x as bytes.
func floatBytes(x []float64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 8*len(x))
}

func integerBytes(x []int64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 8*len(x))
}

// byRows returns the array whose elements a has by columns, the first index
// running fastest.
func (a *Array) byRows() *Array {
	out := &Array{Shape: a.Shape}
	if a.I != nil {
		out.I = rows(a.I, a.Shape)
	} else {
		out.F = rows(a.F, a.Shape)
	}
	return out
}

func rows[T any](x []T, shape []int) []T {
	out := make([]T, len(x))
	index := make([]int, len(shape))
	for _, v := range x {
		at := 0
		for k, d := range shape {
			at = at*d + index[k]
		}
		out[at] = v
		for k, d := range shape {
			if index[k]++; index[k] < d {
				break
			}
			index[k] = 0
		}
	}
	return out
}
