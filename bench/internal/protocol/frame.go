package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Version is the version of the protocol. The server's greeting has it.
const Version = 1

const (
	magic      = "cst1"
	headerSize = 16

	// maxHead is the greatest length of a head.
	maxHead = 1 << 26
	// maxArchive is the greatest length of an archive.
	maxArchive = 1 << 40
)

// A Frame is a message as bytes: its head, JSON, and its archive, empty where
// there are no arrays.
type Frame struct {
	Head, Archive []byte
}

// A FormatError says that what was received is no frame: the stream that it came
// from cannot be read any further.
type FormatError struct{ Why string }

func (e *FormatError) Error() string { return "protocol: " + e.Why }

// ReadFrame reads one frame. At the end of the stream between two frames the error
// is io.EOF; inside of one, io.ErrUnexpectedEOF.
func ReadFrame(r io.Reader) (*Frame, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, err
	}
	if string(h[:4]) != magic {
		return nil, &FormatError{fmt.Sprintf("a frame begins with %q, not %q", h[:4], magic)}
	}
	head, archive := uint64(binary.LittleEndian.Uint32(h[4:])), binary.LittleEndian.Uint64(h[8:])
	if head > maxHead {
		return nil, &FormatError{fmt.Sprintf("a head of %d bytes; at most %d are read", head, maxHead)}
	}
	if archive > maxArchive {
		return nil, &FormatError{fmt.Sprintf("an archive of %d bytes; at most %d are read", archive, uint64(maxArchive))}
	}
	f := new(Frame)
	var err error
	if f.Head, err = readLong(r, int64(head)); err != nil {
		return nil, err
	}
	if f.Archive, err = readLong(r, int64(archive)); err != nil {
		return nil, err
	}
	return f, nil
}

// readLong reads n bytes into memory that grows as they come.
func readLong(r io.Reader, n int64) ([]byte, error) {
	const once = 1 << 20
	if n <= once {
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		return b, nil
	}
	var buf bytes.Buffer
	buf.Grow(once)
	if _, err := io.CopyN(&buf, r, n); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return buf.Bytes(), nil
}

// WriteFrame writes one frame, a short one by a single call of Write.
func WriteFrame(w io.Writer, f *Frame) error {
	if len(f.Head) > maxHead {
		return &FormatError{fmt.Sprintf("a head of %d bytes; at most %d are sent", len(f.Head), maxHead)}
	}
	b := make([]byte, headerSize, headerSize+len(f.Head))
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(f.Head)))
	binary.LittleEndian.PutUint64(b[8:], uint64(len(f.Archive)))
	b = append(b, f.Head...)
	if _, err := w.Write(b); err != nil {
		return err
	}
	if len(f.Archive) == 0 {
		return nil
	}
	_, err := w.Write(f.Archive)
	return err
}
