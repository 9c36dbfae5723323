package protocol

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxExpanded is how many bytes an archive may hold for each of its own, so that a
// short message cannot fill the memory.
const maxExpanded = 64

// ParseArchive reads the arrays of a .npz file. Errors name the array.
func ParseArchive(raw []byte) (map[string]*Array, error) {
	arrays := map[string]*Array{}
	if len(raw) == 0 {
		return arrays, nil
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("not an .npz archive: %w", err)
	}
	left := maxExpanded * int64(len(raw))
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, fmt.Errorf("the archive holds %.80q, which is not named as an array", f.Name)
		}
		if arrays[name] != nil {
			return nil, fmt.Errorf("array %.80s is there twice", name)
		}
		text, err := expand(f, left)
		if err != nil {
			return nil, fmt.Errorf("array %.80s: %w", name, err)
		}
		left -= int64(len(text))
		if arrays[name], err = parseNPY(text); err != nil {
			return nil, fmt.Errorf("array %.80s: %w", name, err)
		}
	}
	return arrays, nil
}

// expand returns the content of a file of an archive, of at most limit bytes.
func expand(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var buf bytes.Buffer
	if n := f.UncompressedSize64; n <= f.CompressedSize64 && int64(n) <= limit {
		buf.Grow(int(n)) // what is stored as it is is there already
	}
	n, err := io.Copy(&buf, io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, errors.New("it is compressed more than a message may be")
	}
	return buf.Bytes(), nil
}

// FormatArchive returns the arrays as a .npz file, not compressed, and nil if there
// are none.
func FormatArchive(arrays map[string]*Array) ([]byte, error) {
	if len(arrays) == 0 {
		return nil, nil
	}
	var out, npy bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		npy.Reset()
		appendNPY(&npy, arrays[name])
		w, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err == nil {
			_, err = w.Write(npy.Bytes())
		}
		if err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
