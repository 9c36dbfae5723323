package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"costate/nn/internal/numbers"
)

// maxHeader is the greatest length of a header, that of the format's own library.
const maxHeader = 100_000_000

// A Tensor is an array of a file, by rows.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float64
}

// A File has the tensors of a file by their names.
type File struct {
	Tensors map[string]*Tensor
}

// Read reads the named file. Errors name the file and the tensor.
func Read(name string) (*File, error) {
	raw, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	defer raw.Close()
	st, err := raw.Stat()
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := ReadFrom(raw, st.Size())
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", name, err)
	}
	return f, nil
}

// entry is what a header says of a tensor.
type entry struct {
	Type    string   `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

var formats = map[string]numbers.Format{"F64": numbers.Float64, "F32": numbers.Float32, "F16": numbers.Float16, "BF16": numbers.BFloat16}

// ReadFrom reads a file of the given size from r. It never panics, whatever the
// bytes.
func ReadFrom(r io.ReaderAt, size int64) (*File, error) {
	var length [8]byte
	if _, err := r.ReadAt(length[:], 0); err != nil || size < 8 {
		return nil, fmt.Errorf("not a .safetensors file: it has no length of a header")
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || int64(n) > size-8 {
		return nil, fmt.Errorf("not a .safetensors file: a header of %d bytes in a file of %d", n, size)
	}
	text := make([]byte, n)
	if _, err := r.ReadAt(text, 8); err != nil && n > 0 {
		return nil, fmt.Errorf("the header: %w", err)
	}
	var header map[string]json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&header); err != nil {
		return nil, fmt.Errorf("not a .safetensors file: the header is no JSON: %w", err)
	}
	entries := map[string]*entry{}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if name == "__metadata__" {
			continue
		}
		e := new(entry)
		if err := json.Unmarshal(header[name], e); err != nil {
			return nil, fmt.Errorf("tensor %.80q: %w", name, err)
		}
		entries[name] = e
	}
	if err := checkOverlap(entries); err != nil {
		return nil, err
	}
	start := 8 + int64(n)
	f := &File{Tensors: map[string]*Tensor{}}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		t, err := entries[name].read(name, io.NewSectionReader(r, start, size-start), size-start)
		if err != nil {
			return nil, fmt.Errorf("tensor %.80q: %w", name, err)
		}
		f.Tensors[name] = t
	}
	return f, nil
}

// checkOverlap reports tensors that share bytes. The format forbids it, and without it
// what is read is no more than the file.
func checkOverlap(entries map[string]*entry) error {
	names := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		return cmp.Or(cmp.Compare(entries[a].Offsets[0], entries[b].Offsets[0]), cmp.Compare(a, b))
	})
	before := ""
	end := int64(0)
	for _, name := range names {
		o := entries[name].Offsets
		if o[0] >= o[1] {
			continue // without bytes, or refused where it is read
		}
		if o[0] < end {
			return fmt.Errorf("tensor %.80q: its bytes %d to %d overlap those of %.80q", name, o[0], o[1], before)
		}
		before, end = name, o[1]
	}
	return nil
}

// read reads a tensor from the numbers of a file, of the given size.
func (e *entry) read(name string, r io.ReaderAt, size int64) (*Tensor, error) {
	format, ok := formats[e.Type]
	if !ok {
		return nil, fmt.Errorf("numbers of type %.40q; F64, F32, F16 and BF16 are read", e.Type)
	}
	from, to := e.Offsets[0], e.Offsets[1]
	if from < 0 || to < from || to > size {
		return nil, fmt.Errorf("bytes %d to %d of %d", from, to, size)
	}
	if len(e.Shape) > 32 {
		return nil, fmt.Errorf("%d dimensions", len(e.Shape))
	}
	count, err := numbers.Count(e.Shape, int(size)/format.Size())
	if err != nil {
		return nil, err
	}
	if int64(count*format.Size()) != to-from {
		return nil, fmt.Errorf("%d bytes where the shape %v of type %s needs %d", to-from, e.Shape, e.Type, count*format.Size())
	}
	raw := make([]byte, to-from)
	if _, err := r.ReadAt(raw, from); err != nil && len(raw) > 0 {
		return nil, err
	}
	t := &Tensor{Name: name, Shape: make([]int, len(e.Shape))}
	for i, d := range e.Shape {
		t.Shape[i] = int(d)
	}
	if t.Data, err = format.Decode(raw); err != nil {
		return nil, err
	}
	if i := numbers.NotFinite(t.Data); i >= 0 {
		return nil, fmt.Errorf("element %d is %g", i, t.Data[i])
	}
	return t, nil
}
