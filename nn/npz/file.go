package npz

import (
	"fmt"
	"io"
	"os"

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

	// Ignored names the arrays that Read found and did not read.
	Ignored []string
}

// Read reads the named file. Errors name the file and the array.
func Read(name string) (*File, error) { return open(name, ReadFrom) }

// ReadFrom reads a file of the given size from r. It never panics, whatever the
// bytes.
func ReadFrom(r io.ReaderAt, size int64) (*File, error) {
	z, err := newArchive(r, size)
	if err != nil {
		return nil, err
	}
	// All names first: an archive of something else is refused by its names.
	c, err := newCatalog(z.Keys())
	if err != nil {
		return nil, err
	}
	get := c.finite(z)
	x, err := get("X")
	if err != nil {
		return nil, err
	}
	f := &File{Ignored: c.ignored}
	if err := f.readLayers(get, c, x); err != nil {
		return nil, err
	}
	p := f.NumParams()
	if err := f.takeData(get, x, f.Layers[0].In, f.Layers[len(f.Layers)-1].Out, p); err != nil {
		return nil, err
	}
	if f.Solution, err = readVector(get, "x", p); err != nil {
		return nil, err
	}
	return f, nil
}

// ReadData reads X, T and g of the named file as the data of a network that comes
// from elsewhere, by the rules of Read. The file returned has no layers; arrays that
// name some are ignored as others are, and so is a solution.
func ReadData(name string, net *nn.Network) (*File, error) {
	return open(name, func(r io.ReaderAt, size int64) (*File, error) { return ReadDataFrom(r, size, net) })
}

// ReadDataFrom is ReadData for a file of the given size in r. It never panics,
// whatever the bytes.
func ReadDataFrom(r io.ReaderAt, size int64, net *nn.Network) (*File, error) {
	z, err := newArchive(r, size)
	if err != nil {
		return nil, err
	}
	c, err := newDataCatalog(z.Keys())
	if err != nil {
		return nil, err
	}
	get := c.finite(z)
	x, err := get("X")
	if err != nil {
		return nil, err
	}
	f := &File{Ignored: c.ignored}
	if err := f.takeData(get, x, net.Inputs(), net.Targets(), net.NumParams()); err != nil {
		return nil, err
	}
	return f, nil
}

// open reads the named file.
func open[T any](name string, read func(r io.ReaderAt, size int64) (T, error)) (T, error) {
	var none T
	f, err := os.Open(name)
	if err != nil {
		return none, fmt.Errorf("npz: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return none, fmt.Errorf("npz: %w", err)
	}
	file, err := read(f, st.Size())
	if err != nil {
		return none, fmt.Errorf("npz: %s: %w", name, err)
	}
	return file, nil
}

// finite returns what reads an array of the archive by its name, nil if there is
// none, and refuses numbers that are not finite.
func (c *catalog) finite(z *archive) func(name string) (*array, error) {
	return func(name string) (*array, error) {
		if name == "" || !c.has[name] {
			return nil, nil
		}
		a, err := z.array(name)
		if err != nil {
			return nil, err
		}
		return a, a.checkFinite()
	}
}

// takeData takes X, and reads T and g, for a network of so many inputs, outputs and
// parameters.
func (f *File) takeData(get func(string) (*array, error), x *array, in, out, params int) error {
	if err := f.takeInputs(x, in); err != nil {
		return err
	}
	t, err := get("T")
	if err != nil {
		return err
	}
	if err := f.takeTargets(t, out); err != nil {
		return err
	}
	f.G, err = readVector(get, "g", params)
	return err
}

// dense is the weights and biases, or nil, of a layer.
type dense struct{ w, b *array }

func (f *File) readLayers(get func(string) (*array, error), c *catalog, x *array) error {
	var all []dense
	for k, name := range c.weights {
		w, err := get(name)
		if err != nil {
			return err
		}
		if len(w.Shape) != 2 || len(w.Data) == 0 {
			return fmt.Errorf("%s has shape %v; it must be the outputs×inputs of a dense layer, the only kind that can be read", name, w.Shape)
		}
		b, err := get(c.biases[k])
		if err != nil {
			return err
		}
		all = append(all, dense{w, b})
	}
	if err := checkChain(all, x); err != nil {
		return err
	}
	for _, d := range all {
		l := Layer{Out: d.w.Shape[0], In: d.w.Shape[1], W: d.w.Data}
		if d.b != nil {
			if !d.b.isVector(l.Out) {
				return fmt.Errorf("%s has shape %v; %s has %d outputs%s", d.b.name, d.b.Shape, d.w.name, l.Out, transposed(d.w, len(d.b.Data)))
			}
			l.B = d.b.Data
		}
		f.Layers = append(f.Layers, l)
	}
	return nil
}

// checkChain reports the first weights whose inputs are not the outputs before
// them, and says so if they are inputs×outputs.
func checkChain(all []dense, x *array) error {
	before, outputs := "X", len(x.Data)/max(1, rows(x))
	for k, d := range all {
		w, first := d.w, all[0].w
		switch {
		case w.Shape[1] == outputs:
		case chained(all, x):
			rest := ""
			if len(all) > 1 {
				rest = ", and so for the others"
			}
			return fmt.Errorf("%s has shape %v, inputs×outputs as in Keras and JAX; it must be outputs×inputs: store %s.T%s", first.name, first.Shape, first.name, rest)
		case k > 0:
			return fmt.Errorf("%s has shape %v, but %s has %d outputs%s", w.name, w.Shape, before, outputs, transposed(w, outputs))
		}
		before, outputs = w.name, w.Shape[0]
	}
	return nil
}

// rows is the length of the first dimension.
func rows(a *array) int {
	if len(a.Shape) == 0 {
		return 0
	}
	return a.Shape[0]
}

// chained reports whether the weights fit together, to the biases and to the
// inputs if all of them are transposed.
func chained(all []dense, x *array) bool {
	in := all[0].w.Shape[0]
	if len(x.Shape) < 2 || len(x.Data) == 0 || len(x.Data) != x.Shape[0]*in {
		return false
	}
	for _, d := range all {
		if d.w.Shape[0] != in || d.b != nil && len(d.b.Data) != d.w.Shape[1] {
			return false
		}
		in = d.w.Shape[1]
	}
	return true
}

// transposed is the advice to transpose w, if it has the wanted number along its
// other side.
func transposed(w *array, wanted int) string {
	if w.Shape[0] != wanted && w.Shape[1] != wanted {
		return ""
	}
	return fmt.Sprintf(" (if %s is inputs×outputs, store %s.T)", w.name, w.name)
}

// readVector reads an optional vector of the length of all parameters.
func readVector(get func(string) (*array, error), name string, params int) ([]float64, error) {
	a, err := get(name)
	if a == nil || err != nil {
		return nil, err
	}
	if !a.isVector(params) {
		return nil, fmt.Errorf("%s has shape %v; the layers have %d parameters", name, a.Shape, params)
	}
	return a.Data, nil
}

// takeInputs takes X.
func (f *File) takeInputs(x *array, in int) error {
	if len(x.Shape) == 1 && len(x.Data) == in {
		return fmt.Errorf("X has shape %v; it must be samples×%d: one sample is X[None, :]", x.Shape, in)
	}
	if len(x.Shape) < 2 || len(x.Data) == 0 || len(x.Data) != x.Shape[0]*in {
		return fmt.Errorf("X has shape %v; it must be samples×%d, at least one sample", x.Shape, in)
	}
	f.N, f.X = x.Shape[0], x.Data
	return nil
}

// takeTargets takes T: with one output a target a sample, of any type; with more,
// labels if it has an integer a sample, and targets if it has a number an output.
func (f *File) takeTargets(t *array, out int) error {
	switch {
	case out == 1 && t.isVector(f.N),
		out > 1 && len(t.Shape) == 2 && t.Shape[0] == f.N && t.Shape[1] == out:
		f.T = t.Data
	case t.integer() && t.isVector(f.N):
		f.Labels = make([]int, f.N)
		for i, v := range t.Data {
			if v < 0 {
				return fmt.Errorf("T[%d] is the label %g; labels count from 0 (leave samples without label out: X[T >= 0], T[T >= 0])", i, v)
			}
			if v >= float64(out) {
				return fmt.Errorf("T[%d] is the label %g; with %d outputs labels are from 0 to %d", i, v, out, out-1)
			}
			f.Labels[i] = int(v)
		}
	case t.isVector(f.N):
		return fmt.Errorf("T has floats of shape %v; for labels use integers, as T.astype(np.int64), and for targets %d×%d numbers", t.Shape, f.N, out)
	default:
		return fmt.Errorf("T has shape %v; labels for %d samples have length %d, targets are %d×%d", t.Shape, f.N, f.N, f.N, out)
	}
	return nil
}

// isVector reports whether a has n numbers along one dimension.
func (a *array) isVector(n int) bool {
	long := 0
	for _, d := range a.Shape {
		if d != 1 {
			long++
		}
	}
	return len(a.Shape) > 0 && long <= 1 && len(a.Data) == n
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
