package npz

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	npyz "github.com/sbinet/npyio/npz"
	"gonum.org/v1/gonum/mat"
)

// Write writes f to the named file, under a temporary name first, so that a
// file of that name is replaced as a whole or not at all.
func Write(name string, f *File) (err error) {
	if err := f.check(); err != nil {
		return fmt.Errorf("npz: %s: %w", name, err)
	}
	tmp, err := createTemp(filepath.Dir(name))
	if err != nil {
		return fmt.Errorf("npz: %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
			err = fmt.Errorf("npz: %s: %w", name, err)
		}
	}()
	z := npyz.NewWriter(tmp)
	put := func(name string, v any) {
		if err == nil {
			err = z.Write(name+".npy", v)
		}
	}
	for k, l := range f.Layers {
		put("W"+strconv.Itoa(k+1), mat.NewDense(l.Out, l.In, l.W))
		if len(l.B) > 0 {
			put("b"+strconv.Itoa(k+1), l.B)
		}
	}
	put("X", mat.NewDense(f.N, len(f.X)/f.N, f.X))
	if f.Labels != nil {
		labels := make([]int64, f.N)
		for i, l := range f.Labels {
			labels[i] = int64(l)
		}
		put("T", labels)
	} else {
		put("T", mat.NewDense(f.N, len(f.T)/f.N, f.T))
	}
	if f.G != nil {
		put("g", f.G)
	}
	if f.Solution != nil {
		put("x", f.Solution)
	}
	if err != nil {
		return err
	}
	if err = z.Close(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// CheckWritable returns an error if a file of that name could not be written,
// before anything is computed for it.
func CheckWritable(name string) error {
	if st, err := os.Stat(name); err == nil && st.IsDir() {
		return fmt.Errorf("npz: %s is a directory", name)
	}
	tmp, err := createTemp(filepath.Dir(name))
	if err != nil {
		return fmt.Errorf("npz: %s cannot be written: %w", name, err)
	}
	tmp.Close()
	return os.Remove(tmp.Name())
}

// createTemp creates a new file in dir with the permissions of any new file
// (those of os.CreateTemp are its owner's alone).
func createTemp(dir string) (*os.File, error) {
	for {
		name := filepath.Join(dir, fmt.Sprintf(".npz-%d-%08x", os.Getpid(), rand.Uint32()))
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// check reports what in f does not go together.
func (f *File) check() error {
	if len(f.Layers) == 0 || f.N < 1 {
		return fmt.Errorf("no layers or no samples")
	}
	for k, l := range f.Layers {
		if l.Out < 1 || l.In < 1 || len(l.W) != l.Out*l.In || len(l.B) != 0 && len(l.B) != l.Out || k > 0 && l.In != f.Layers[k-1].Out {
			return fmt.Errorf("layer %d has the wrong shape", k+1)
		}
	}
	in, out, p := f.Layers[0].In, f.Layers[len(f.Layers)-1].Out, f.NumParams()
	switch {
	case len(f.X) != f.N*in:
		return fmt.Errorf("X has %d numbers, not %d×%d", len(f.X), f.N, in)
	case f.Labels != nil && f.T != nil, f.Labels == nil && f.T == nil:
		return fmt.Errorf("one of labels and targets is needed")
	case f.Labels != nil && len(f.Labels) != f.N, f.T != nil && len(f.T) != f.N*out:
		return fmt.Errorf("labels or targets do not fit %d samples of %d outputs", f.N, out)
	case f.G != nil && len(f.G) != p, f.Solution != nil && len(f.Solution) != p:
		return fmt.Errorf("g or x do not fit %d parameters", p)
	}
	return nil
}
