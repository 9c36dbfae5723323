package safetensors

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"costate/nn"
)

// Network returns the multilayer perceptron of the file's tensors, with act after each
// layer but the last. Its parameters are in the order of the layers, each weight before
// its bias.
func (f *File) Network(act nn.Activation, loss nn.Loss) (*nn.Network, error) {
	var layers []nn.Layer
	var params []float64
	used := 0
	width, before := 0, ""
	names := slices.SortedFunc(maps.Keys(f.Tensors), compareNames)
	for _, name := range names {
		base, ok := strings.CutSuffix(name, "weight")
		if !ok || base != "" && !strings.HasSuffix(base, ".") {
			continue
		}
		w := f.Tensors[name]
		if len(w.Shape) != 2 || len(w.Data) == 0 {
			return nil, fmt.Errorf("safetensors: %s has the shape %v; only dense layers are known, outputs × inputs", name, w.Shape)
		}
		if width != 0 && w.Shape[1] != width {
			return nil, fmt.Errorf("safetensors: %s has the shape %v, but %s has %d outputs", name, w.Shape, before, width)
		}
		width, before = w.Shape[0], name
		used++
		d := &nn.Dense{In: w.Shape[1], Out: w.Shape[0], Act: act}
		params = append(params, w.Data...)
		if b := f.Tensors[base+"bias"]; b != nil {
			if len(b.Shape) != 1 || b.Shape[0] != d.Out {
				return nil, fmt.Errorf("safetensors: %sbias has the shape %v; %s has %d outputs", base, b.Shape, name, d.Out)
			}
			used++
			d.Bias = true
			params = append(params, b.Data...)
		}
		layers = append(layers, d)
	}
	if used != len(names) {
		for _, name := range names {
			base, isBias := strings.CutSuffix(name, "bias")
			if !strings.HasSuffix(name, "weight") && !(isBias && f.Tensors[base+"weight"] != nil) {
				return nil, fmt.Errorf("safetensors: %.80q is no weight of a dense layer and no bias of one", name)
			}
		}
		return nil, fmt.Errorf("safetensors: tensors that belong to no dense layer")
	}
	if len(layers) == 0 {
		return nil, fmt.Errorf("safetensors: no weights")
	}
	layers[len(layers)-1].(*nn.Dense).Act = nn.Identity
	net, err := nn.New(layers[0].(*nn.Dense).In, loss, layers...)
	if err != nil {
		return nil, err
	}
	net.SetParams(params)
	return net, nil
}

// compareNames orders names by their parts between dots, numbers by their value:
// layers.2.weight comes before layers.10.weight.
func compareNames(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		if c := comparePart(x[i], y[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

// comparePart orders digits by their value where what is before them is equal: fc2
// comes before fc10.
func comparePart(a, b string) int {
	x, y := strings.TrimRight(a, "0123456789"), strings.TrimRight(b, "0123456789")
	if x != y {
		return cmp.Compare(a, b)
	}
	m, n := strings.TrimLeft(a[len(x):], "0"), strings.TrimLeft(b[len(y):], "0")
	return cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n), cmp.Compare(a, b))
}
