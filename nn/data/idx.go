package data

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
)

// An Array is the content of a file in the IDX format,
//
//	byte 0, 1   0, 0
//	byte 2      type of the numbers: 8 uint8, 9 int8, 11 int16, 12 int32, 13 float32, 14 float64
//	byte 3      number of dimensions d
//	4 … 4+4d    the dimensions, uint32, high byte first
//	then        the numbers by rows, high byte first
//
// as it is described at http://yann.lecun.com/exdb/mnist/ and used by MNIST and
// Fashion-MNIST.
type Array struct {
	Type byte
	Dims []int
	Raw  []byte // the numbers as in the file
}

// maxIDX is the greatest size of an IDX file's numbers, in bytes: thirty times
// that of MNIST.
const maxIDX = 3 << 29

var idxSizes = map[byte]int{8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8}

// Len returns the number of numbers.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Dims {
		n *= d
	}
	return n
}

// Floats stores len(dst) numbers from number from on, as float64. It panics if
// the array ends before.
func (a *Array) Floats(dst []float64, from int) {
	size := idxSizes[a.Type]
	raw := a.Raw[from*size : (from+len(dst))*size]
	for i := range dst {
		b := raw[i*size:]
		switch a.Type {
		case 8:
			dst[i] = float64(b[0])
		case 9:
			dst[i] = float64(int8(b[0]))
		case 11:
			dst[i] = float64(int16(binary.BigEndian.Uint16(b)))
		case 12:
			dst[i] = float64(int32(binary.BigEndian.Uint32(b)))
		case 13:
			dst[i] = float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
		case 14:
			dst[i] = math.Float64frombits(binary.BigEndian.Uint64(b))
		}
	}
}

// ReadIDX reads an array in the IDX format, compressed by gzip or not. It takes
// memory as the numbers arrive, whatever the header claims, and reads to the
// end of r. Errors name the byte (of the uncompressed data).
func ReadIDX(r io.Reader) (*Array, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	if magic, err := br.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("IDX: byte 0: %w", err)
		}
		br = bufio.NewReaderSize(z, 1<<16)
	}
	var head [4]byte
	if n, err := io.ReadFull(br, head[:]); err != nil {
		return nil, fmt.Errorf("IDX: byte %d: the file ends in its header (%w)", n, err)
	}
	if head[0] != 0 || head[1] != 0 {
		return nil, fmt.Errorf("IDX: byte 0: the file begins with % x, not with 00 00: it is not an IDX file", head[:2])
	}
	a := &Array{Type: head[2]}
	size, ok := idxSizes[a.Type]
	if !ok {
		return nil, fmt.Errorf("IDX: byte 2: unknown type of numbers %#02x", a.Type)
	}
	offset := len(head)
	total := size
	for range head[3] {
		var d [4]byte
		if n, err := io.ReadFull(br, d[:]); err != nil {
			return nil, fmt.Errorf("IDX: byte %d: the file ends in its header (%w)", offset+n, err)
		}
		dim := int(binary.BigEndian.Uint32(d[:]))
		if dim > 0 && total > maxIDX/dim {
			return nil, fmt.Errorf("IDX: byte %d: the dimensions make more than the %d bytes that can be read", offset, maxIDX)
		}
		total *= dim
		a.Dims = append(a.Dims, dim)
		offset += len(d)
	}
	if len(a.Dims) == 0 {
		return nil, fmt.Errorf("IDX: byte 3: an array without dimensions")
	}
	n, err := a.read(br, total)
	if err != nil && err != io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("IDX: byte %d: %w", offset+n, err)
	}
	if n < total {
		return nil, fmt.Errorf("IDX: byte %d: the file ends; its header promises %d bytes of numbers, of which %d are here", offset+n, total, n)
	}
	switch _, err := br.ReadByte(); {
	case err == nil:
		return nil, fmt.Errorf("IDX: byte %d: there is more after the %d bytes of numbers that the header promises", offset+total, total)
	case err != io.EOF: // a checksum that is wrong
		return nil, fmt.Errorf("IDX: byte %d: %w", offset+total, err)
	}
	return a, nil
}

// read fills Raw with total bytes and returns how many there were; memory grows
// with what has come.
func (a *Array) read(r io.Reader, total int) (n int, err error) {
	for n < total && err == nil {
		size := min(total, max(1<<16, 2*n))
		buf := make([]byte, size)
		copy(buf, a.Raw)
		a.Raw = buf
		var m int
		m, err = io.ReadFull(r, buf[n:])
		n += m
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// ReadIDXFile reads the named file as ReadIDX does; errors name the file.
func ReadIDXFile(name string) (*Array, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	a, err := ReadIDX(f)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	return a, nil
}
