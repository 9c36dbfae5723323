package protocol

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SharedDir is the folder of files that are memory, and SharedPrefix what the names
// of those begin with that messages may name.
const (
	SharedDir    = "/dev/shm"
	SharedPrefix = "costate-"
)

// A Shared says where in a file of shared memory the arrays of a request are, and
// where there is room for those of the answer.
type Shared struct {
	File   string           `json:"file"`
	Arrays map[string]Place `json:"arrays,omitempty"`
	Room   [2]int64         `json:"room"` // offset and length
}

// A Place is where an array begins, and what it is.
type Place struct {
	Type   string `json:"type"`
	Shape  []int  `json:"shape"`
	Offset int64  `json:"offset"`
}

// open opens the file, which is only one that a client made for this: a regular
// file of SharedDir with the prefix in its name.
func (s *Shared) open(flag int) (*os.File, error) {
	dir, name := filepath.Split(s.File)
	if filepath.Clean(dir) != SharedDir || !strings.HasPrefix(name, SharedPrefix) {
		return nil, fmt.Errorf("shared memory in %.200q; it must be %s/%s…", s.File, SharedDir, SharedPrefix)
	}
	if st, err := os.Lstat(s.File); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", s.File)
	}
	return os.OpenFile(s.File, flag, 0)
}

// Remove removes the file, if it is one that a client may name.
func (s *Shared) Remove() {
	if f, err := s.open(os.O_RDONLY); err == nil {
		f.Close()
		os.Remove(s.File)
	}
}

// ReadTo reads the arrays of a request into dst. Errors name the array.
func (s *Shared) ReadTo(dst map[string]*Array) error {
	if len(s.Arrays) == 0 {
		return nil
	}
	f, err := s.open(os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Arrays)) {
		if dst[name] != nil {
			return fmt.Errorf("array %.80s is in the archive and in shared memory", name)
		}
		if dst[name], err = s.Arrays[name].read(f, st.Size()); err != nil {
			return fmt.Errorf("array %.80s: %w", name, err)
		}
	}
	return nil
}

// read reads the array from a file of the given size.
func (p Place) read(f *os.File, size int64) (*Array, error) {
	t, err := parseType(p.Type)
	if err != nil {
		return nil, err
	}
	n, err := count(p.Shape, t.size)
	if err != nil {
		return nil, err
	}
	if p.Offset < 0 || p.Offset > size || int64(n*t.size) > size-p.Offset {
		return nil, fmt.Errorf("%d bytes at offset %d of a file of %d", n*t.size, p.Offset, size)
	}
	a := &Array{Shape: p.Shape}
	var raw []byte
	switch direct := littleHost && t.size == 8 && t.order == binary.LittleEndian; {
	case direct && t.kind == 'f':
		a.F = make([]float64, n)
		raw = floatBytes(a.F)
	case direct && t.kind == 'i':
		a.I = make([]int64, n)
		raw = integerBytes(a.I)
	default:
		raw = make([]byte, n*t.size)
		if _, err := f.ReadAt(raw, p.Offset); err != nil && n > 0 {
			return nil, err
		}
		return t.decode(raw, p.Shape), nil
	}
	if _, err := f.ReadAt(raw, p.Offset); err != nil && n > 0 {
		return nil, err
	}
	return a, nil
}

// Place writes those arrays of an answer for which there is room into the file,
// takes them out of the map, and says where they are.
func (s *Shared) Place(arrays map[string]*Array) (map[string]Place, error) {
	if s == nil || s.Room[1] <= 0 || s.Room[0] < 0 || len(arrays) == 0 {
		return nil, nil
	}
	f, err := s.open(os.O_RDWR)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	placed := map[string]Place{}
	at, end := s.Room[0], s.Room[0]+s.Room[1]
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		a := arrays[name]
		raw := a.bytes()
		if int64(len(raw)) > end-at {
			continue
		}
		if _, err := f.WriteAt(raw, at); err != nil {
			return nil, err
		}
		placed[name] = Place{Type: a.Type(), Shape: a.Shape, Offset: at}
		at += (int64(len(raw)) + 63) &^ 63
		delete(arrays, name)
	}
	return placed, nil
}
