package atomicfile

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

// A File is one being written. It must be ended by Commit or Discard; Discard
// after Commit does nothing, so that it can be deferred.
type File struct {
	name string // in the end; empty for a device or a pipe, written to as it is
	tmp  *os.File
}

// unfinished has the temporary files that exist.
var unfinished = struct {
	sync.Mutex
	names map[string]bool
}{names: map[string]bool{}}

// Create begins a file. One that exists under this name stays as it is until
// Commit, and passes its permissions on; a symbolic link goes on to point to the
// file. A name that stands for a device or a pipe is written to as it is.
func Create(name string) (*File, error) {
	name, err := target(name)
	if err != nil {
		return nil, err
	}
	st, err := os.Stat(name)
	if err == nil && !st.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &File{tmp: f}, nil
	}
	unfinished.Lock()
	defer unfinished.Unlock()
	tmp, err := createBeside(name)
	if err != nil {
		return nil, err
	}
	if st != nil {
		// Where this is refused the file has the permissions of a new one.
		tmp.Chmod(st.Mode().Perm())
	}
	unfinished.names[tmp.Name()] = true
	return &File{name: name, tmp: tmp}, nil
}

// target follows symbolic links, also where what they point to does not exist yet.
func target(name string) (string, error) {
	for range 40 { // as many as Linux follows
		if to, err := filepath.EvalSymlinks(name); err == nil {
			return to, nil
		}
		to, err := os.Readlink(name)
		if err != nil {
			return name, nil // not a link
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(name), to)
		}
		name = to
	}
	return "", fmt.Errorf("%s: too many symbolic links", name)
}

// createBeside makes a new file in the directory of name, with the permissions
// that a new file gets (those of os.CreateTemp are its owner's alone).
func createBeside(name string) (*os.File, error) {
	const longest = 200 // bytes of base: file systems allow 255 in a name
	dir, base := filepath.Split(name)
	for try := 0; ; try++ {
		tmp := fmt.Sprintf("%s.%s.%08x.tmp", dir, base[:min(len(base), longest)], rand.Uint32())
		f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !os.IsExist(err) || try == 100 {
			return f, err
		}
	}
}

// Write implements io.Writer, without a buffer.
func (f *File) Write(p []byte) (int, error) { return f.tmp.Write(p) }

// Commit gives the file its name. If it fails the file is discarded.
func (f *File) Commit() error {
	if f.name == "" {
		return f.tmp.Close()
	}
	defer f.Discard()
	// Without this a file may be empty after a power failure, in spite of its name.
	if err := f.tmp.Sync(); err != nil {
		return err
	}
	if err := f.tmp.Close(); err != nil {
		return err
	}
	unfinished.Lock()
	defer unfinished.Unlock()
	if !unfinished.names[f.tmp.Name()] {
		return fmt.Errorf("%s: %w", f.name, fs.ErrClosed)
	}
	if err := os.Rename(f.tmp.Name(), f.name); err != nil {
		return err
	}
	delete(unfinished.names, f.tmp.Name())
	return nil
}

// Discard closes and removes the temporary file, if it is still there. A nil File
// is fine.
func (f *File) Discard() {
	if f == nil {
		return
	}
	f.tmp.Close()
	unfinished.Lock()
	defer unfinished.Unlock()
	if name := f.tmp.Name(); unfinished.names[name] {
		delete(unfinished.names, name)
		os.Remove(name)
	}
}

// Fill lets fill write the file through a buffer and commits it, or discards it if
// there is an error.
func (f *File) Fill(fill func(w io.Writer) error) error {
	defer f.Discard()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := fill(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Commit()
}

// Write creates the named file and lets fill write it.
func Write(name string, fill func(w io.Writer) error) error {
	f, err := Create(name)
	if err != nil {
		return err
	}
	return f.Fill(fill)
}

// Abandon removes all temporary files, for a process that is about to end in the
// middle of something. From then on calls that would create or commit a File
// wait until the process ends.
func Abandon() {
	unfinished.Lock() // for good
	for name := range unfinished.names {
		os.Remove(name)
	}
}
