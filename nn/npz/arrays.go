package npz

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	npyz "github.com/sbinet/npyio/npz"
	"gonum.org/v1/gonum/mat"

	"costate/la/atomicfile"
)

// Arrays are the arrays of an .npz file of any content, by name.
type Arrays map[string]Array

// ReadArrays reads all arrays of the named file. Errors name the file and the
// array.
func ReadArrays(name string) (Arrays, error) { return open(name, ReadArraysFrom) }

// ReadArraysFrom reads all arrays of a file of the given size from r. It never
// panics, whatever the bytes.
func ReadArraysFrom(r io.ReaderAt, size int64) (Arrays, error) {
	z, err := newArchive(r, size)
	if err != nil {
		return nil, err
	}
	all := Arrays{}
	for _, key := range z.Keys() {
		name, isArray := strings.CutSuffix(key, ".npy")
		if !isArray {
			continue
		}
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("array %s is there twice", name)
		}
		a, err := z.array(name)
		if err != nil {
			return nil, err
		}
		all[name] = a.Array
	}
	return all, nil
}

// WriteArrays writes arrays of one or two dimensions to the named file, which
// appears as a whole or not at all.
func WriteArrays(name string, arrays Arrays) error {
	err := atomicfile.Write(name, func(w io.Writer) error { return arrays.write(w, slices.Sorted(maps.Keys(arrays))) })
	if err != nil {
		return fmt.Errorf("npz: %s: %w", name, err)
	}
	return nil
}

// write writes the named arrays in this order.
func (a Arrays) write(w io.Writer, names []string) error {
	z := npyz.NewWriter(w)
	for _, name := range names {
		v, err := a[name].content()
		if err == nil {
			err = z.Write(name+".npy", v)
		}
		if err != nil {
			return fmt.Errorf("array %s: %w", name, err)
		}
	}
	return z.Close()
}

// content is the array in the form that the library writes.
func (a Array) content() (any, error) {
	switch {
	case len(a.Shape) == 2 && a.Kind == Float && len(a.Data) == a.Shape[0]*a.Shape[1] && len(a.Data) > 0:
		return mat.NewDense(a.Shape[0], a.Shape[1], a.Data), nil
	case len(a.Shape) != 1 || a.Shape[0] != len(a.Data):
		return nil, fmt.Errorf("%d numbers of shape %v; one dimension, or two of floats, can be written", len(a.Data), a.Shape)
	}
	switch a.Kind {
	case Integer:
		return converted[int64](a.Data), nil
	case Byte:
		return converted[uint8](a.Data), nil
	case Bool:
		b := make([]bool, len(a.Data))
		for i, v := range a.Data {
			b[i] = v != 0
		}
		return b, nil
	}
	return a.Data, nil
}

func converted[T int64 | uint8](x []float64) []T {
	t := make([]T, len(x))
	for i, v := range x {
		t[i] = T(v)
	}
	return t
}
