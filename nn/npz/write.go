package npz

import (
	"fmt"
	"io"
	"strconv"

	"costate/la/atomicfile"
)

// Write writes f to the named file, which appears as a whole or not at all.
func Write(name string, f *File) error {
	err := atomicfile.Write(name, func(w io.Writer) error { return WriteTo(w, f) })
	if err != nil {
		return fmt.Errorf("npz: %s: %w", name, err)
	}
	return nil
}

// WriteTo writes f to w.
func WriteTo(w io.Writer, f *File) error {
	if err := f.check(); err != nil {
		return err
	}
	all := Arrays{}
	var names []string
	put := func(name string, a Array) {
		all[name] = a
		names = append(names, name)
	}
	for k, l := range f.Layers {
		put("W"+strconv.Itoa(k+1), Array{Float, []int{l.Out, l.In}, l.W})
		if len(l.B) > 0 {
			put("b"+strconv.Itoa(k+1), Floats(l.B))
		}
	}
	put("X", Array{Float, []int{f.N, len(f.X) / f.N}, f.X})
	if f.Labels != nil {
		labels := make([]float64, f.N)
		for i, l := range f.Labels {
			labels[i] = float64(l)
		}
		put("T", Array{Integer, []int{f.N}, labels})
	} else {
		put("T", Array{Float, []int{f.N, len(f.T) / f.N}, f.T})
	}
	if f.G != nil {
		put("g", Floats(f.G))
	}
	if f.Solution != nil {
		put("x", Floats(f.Solution))
	}
	return all.write(w, names)
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
