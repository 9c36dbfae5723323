package npz

import (
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	npyz "github.com/sbinet/npyio/npz"

	"costate/nn"
)

// A Layer is a dense layer: W is out×in by rows, B is nil or of length out.
type Layer struct {
	Out, In int
	W, B    []float64
}

// A File is the content of an .npz file.
type File struct {
	Layers []Layer

	N      int       // samples
	X      []float64 // N×in
	Labels []int     // N; nil if T is given
	T      []float64 // N×out; nil if Labels are given

	G        []float64 // right-hand side, nil if the file has none
	Solution []float64 // x, nil if the file has none
}

// Read reads the named file. Errors name the file and the array.
func Read(name string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("npz: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("npz: %w", err)
	}
	file, err := ReadFrom(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("npz: %s: %w", name, err)
	}
	return file, nil
}

var layerName = regexp.MustCompile(`^([Wb])([1-9][0-9]{0,5})$`)

// ReadFrom reads a file of the given size from r. It never panics, whatever the
// bytes.
func ReadFrom(r io.ReaderAt, size int64) (*File, error) {
	z, err := npyz.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("not an .npz file: %w", err)
	}
	// All names first: an archive of something else is refused by its names.
	present := map[string]bool{}
	layers := 0
	for _, key := range z.Keys() {
		name, isArray := strings.CutSuffix(key, ".npy")
		m := layerName.FindStringSubmatch(name)
		if !isArray || m == nil && name != "X" && name != "T" && name != "g" && name != "x" {
			return nil, fmt.Errorf("unknown array %q; known are W1, b1, W2, b2, …, X, T, g and x", name)
		}
		if present[name] {
			return nil, fmt.Errorf("array %s is there twice", name)
		}
		present[name] = true
		if m != nil {
			k, _ := strconv.Atoi(m[2])
			layers = max(layers, k)
		}
	}
	for k := 1; k <= max(1, layers); k++ {
		if !present["W"+strconv.Itoa(k)] {
			return nil, fmt.Errorf("array W%d is missing", k)
		}
	}
	for _, name := range []string{"X", "T"} {
		if !present[name] {
			return nil, fmt.Errorf("array %s is missing", name)
		}
	}
	get := func(name string) (*array, error) {
		if !present[name] {
			return nil, nil
		}
		a, err := readArray(z, name)
		if err != nil {
			return nil, err
		}
		return a, a.checkFinite()
	}
	f := &File{}
	if err := f.readLayers(get, layers); err != nil {
		return nil, err
	}
	if err := f.readData(get); err != nil {
		return nil, err
	}
	if f.G, err = f.readVector(get, "g"); err != nil {
		return nil, err
	}
	if f.Solution, err = f.readVector(get, "x"); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) readLayers(get func(string) (*array, error), layers int) error {
	for k := 1; k <= layers; k++ {
		w, err := get("W" + strconv.Itoa(k))
		if err != nil {
			return err
		}
		if len(w.shape) != 2 || len(w.data) == 0 {
			return fmt.Errorf("W%d has shape %v; it must be out×in", k, w.shape)
		}
		l := Layer{Out: w.shape[0], In: w.shape[1], W: w.data}
		if k > 1 && l.In != f.Layers[k-2].Out {
			return fmt.Errorf("W%d has shape %v, but W%d has %d outputs", k, w.shape, k-1, f.Layers[k-2].Out)
		}
		b, err := get("b" + strconv.Itoa(k))
		if err != nil {
			return err
		}
		if b != nil {
			if !b.isVector(l.Out) {
				return fmt.Errorf("b%d has shape %v; W%d has %d outputs", k, b.shape, k, l.Out)
			}
			l.B = b.data
		}
		f.Layers = append(f.Layers, l)
	}
	return nil
}

// readVector reads an optional vector of the length of all parameters.
func (f *File) readVector(get func(string) (*array, error), name string) ([]float64, error) {
	a, err := get(name)
	if a == nil || err != nil {
		return nil, err
	}
	if p := f.NumParams(); !a.isVector(p) {
		return nil, fmt.Errorf("%s has shape %v; the layers have %d parameters", name, a.shape, p)
	}
	return a.data, nil
}

func (f *File) readData(get func(string) (*array, error)) error {
	x, err := get("X")
	if err != nil {
		return err
	}
	in, out := f.Layers[0].In, f.Layers[len(f.Layers)-1].Out
	if len(x.shape) < 2 || len(x.data) == 0 || len(x.data) != x.shape[0]*in {
		return fmt.Errorf("X has shape %v; it must be samples×%d, at least one sample", x.shape, in)
	}
	f.N, f.X = x.shape[0], x.data
	t, err := get("T")
	if err != nil {
		return err
	}
	switch {
	case t.integer && t.isVector(f.N):
		f.Labels = make([]int, f.N)
		for i, v := range t.data {
			if v < 0 || v > math.MaxInt32 {
				return fmt.Errorf("T[%d] is the label %g; labels count from 0", i, v)
			}
			f.Labels[i] = int(v)
		}
	case !t.integer && len(t.shape) == 2 && t.shape[0] == f.N && t.shape[1] == out,
		!t.integer && out == 1 && t.isVector(f.N):
		f.T = t.data
	case t.integer:
		return fmt.Errorf("T has integers of shape %v; labels for %d samples have length %d (for targets use floats)", t.shape, f.N, f.N)
	default:
		return fmt.Errorf("T has floats of shape %v; targets for %d samples are %d×%d (for labels use integers)", t.shape, f.N, f.N, out)
	}
	return nil
}

// isVector reports whether a has n numbers along one dimension.
func (a *array) isVector(n int) bool {
	long := 0
	for _, d := range a.shape {
		if d != 1 {
			long++
		}
	}
	return len(a.shape) > 0 && long <= 1 && len(a.data) == n
}

// NumParams returns the number of parameters of the layers.
func (f *File) NumParams() int {
	p := 0
	for _, l := range f.Layers {
		p += len(l.W) + len(l.B)
	}
	return p
}

// Network returns the network of the layers, with act after each but the last.
func (f *File) Network(act nn.Activation, loss nn.Loss) (*nn.Network, error) {
	if len(f.Layers) == 0 {
		return nil, fmt.Errorf("npz: no layers")
	}
	var layers []nn.Layer
	var theta []float64
	for k, l := range f.Layers {
		d := &nn.Dense{In: l.In, Out: l.Out, Bias: l.B != nil, Act: act}
		if k == len(f.Layers)-1 {
			d.Act = nn.Identity
		}
		layers = append(layers, d)
		theta = append(append(theta, l.W...), l.B...)
	}
	net, err := nn.New(f.Layers[0].In, loss, layers...)
	if err != nil {
		return nil, err
	}
	if len(theta) != net.NumParams() {
		return nil, fmt.Errorf("npz: layers with %d numbers where their shapes need %d", len(theta), net.NumParams())
	}
	net.SetParams(theta)
	return net, nil
}

// Batch returns the data as a batch that shares f's arrays.
func (f *File) Batch() *nn.Batch {
	return &nn.Batch{N: f.N, X: f.X, Labels: f.Labels, T: f.T}
}

// New returns a file with copies of a network's parameters and of a batch. The
// format knows only plain dense layers with one activation; other layers are an
// error. (Which activation it is, the file does not say.)
func New(net *nn.Network, b *nn.Batch) (*File, error) {
	f := &File{N: b.N}
	in := net.Inputs()
	for i, l := range net.Layers() {
		d, ok := l.(*nn.Dense)
		if !ok || d.Skip {
			return nil, fmt.Errorf("npz: layer %d is not a plain dense layer, the only kind that the format can hold", i+1)
		}
		w, bias := net.Weights(i)
		f.Layers = append(f.Layers, Layer{Out: d.Out, In: in, W: append([]float64(nil), w...), B: append([]float64(nil), bias...)})
		in = d.Out
	}
	f.X = append(f.X, b.X...)
	f.Labels = append(f.Labels, b.Labels...)
	f.T = append(f.T, b.T...)
	return f, nil
}
