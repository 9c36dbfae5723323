package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"costate/bench/internal/protocol"
	"costate/nn"
	"costate/nn/onnx"
	"costate/nn/safetensors"
)

// isModel reports whether the extension of a file is one that --model reads.
func isModel(path string) bool {
	switch filepath.Ext(path) {
	case ".onnx", ".safetensors":
		return true
	}
	return false
}

// readModel reads the network of --model.
func (f *solveFlags) readModel() (net *nn.Network, act string, err error) {
	loss, err := nn.LossByName(f.net.loss)
	if err != nil {
		return nil, "", usagef("--loss: %w", err)
	}
	if filepath.Ext(f.model) == ".onnx" {
		m, err := onnx.Read(f.model)
		if err != nil {
			return nil, "", fmt.Errorf("--model: %w", err)
		}
		net, err = m.Network(loss)
		return net, "activations of the file", err
	}
	a, err := nn.ActivationByName(f.net.act)
	if err != nil {
		return nil, "", usagef("--act: %w", err)
	}
	file, err := safetensors.Read(f.model)
	if err != nil {
		return nil, "", fmt.Errorf("--model: %w", err)
	}
	net, err = file.Network(a, loss)
	return net, f.net.act, err
}

// modelProblem makes the problem of --model with the data of --in: the arrays X, T
// and, if wanted, g.
func (s *session) modelProblem(f *solveFlags) (*problem, error) {
	net, act, err := f.readModel()
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(f.in)
	if err != nil {
		return nil, fmt.Errorf("--in: %w", err)
	}
	arrays, err := protocol.ParseArchive(raw)
	if err != nil {
		return nil, fmt.Errorf("--in %s: %w", f.in, err)
	}
	p := &problem{net: net, source: filepath.Base(f.model), act: act, loss: f.net.loss, rhsName: "the gradient", model: true}
	if p.batch, err = dataBatch(net, arrays); err != nil {
		return nil, fmt.Errorf("--in %s: %w", f.in, err)
	}
	if g := arrays["g"]; g != nil && !f.rhsAsked {
		if len(g.F) != net.NumParams() {
			return nil, fmt.Errorf("--in %s: g has %d floats; the model has %d parameters", f.in, len(g.F), net.NumParams())
		}
		for i, v := range g.F {
			if v-v != 0 {
				return nil, fmt.Errorf("--in %s: g[%d] is %g", f.in, i, v)
			}
		}
		p.rhs, p.rhsName = g.F, "g of "+filepath.Base(f.in)
	}
	return p, nil
}

// dataBatch makes the batch of the arrays X and T.
func dataBatch(net *nn.Network, arrays map[string]*protocol.Array) (*nn.Batch, error) {
	for name := range arrays {
		if name != "X" && name != "T" && name != "g" && name != "x" {
			return nil, fmt.Errorf("unknown array %.40q; with a model there are X, T, g and x", name)
		}
	}
	x, t := arrays["X"], arrays["T"]
	if x == nil || t == nil {
		return nil, fmt.Errorf("the arrays X and T are needed")
	}
	if len(x.Shape) < 2 || x.Len() == 0 || x.Len() != x.Shape[0]*net.Inputs() {
		return nil, fmt.Errorf("X has the shape %v; the model takes samples × %d", x.Shape, net.Inputs())
	}
	b := &nn.Batch{N: x.Shape[0], X: x.F}
	if x.I != nil {
		for _, v := range x.I {
			b.X = append(b.X, float64(v))
		}
	}
	switch {
	case t.I != nil && t.Len() == b.N:
		for i, v := range t.I {
			if v < 0 || v > math.MaxInt32 {
				return nil, fmt.Errorf("T[%d] is the label %d; labels count from 0", i, v)
			}
			b.Labels = append(b.Labels, int(v))
		}
	case t.F != nil && t.Len() == b.N*net.Outputs() && t.Shape[0] == b.N:
		b.T = t.F
	default:
		return nil, fmt.Errorf("T has the shape %v; it must be integer labels of %d samples, or floats %d × %d", t.Shape, b.N, b.N, net.Outputs())
	}
	return b, nil
}

// writeSolution writes the data of a model's problem with g and x.
func writeSolution(w io.Writer, p *problem, g, x []float64) error {
	arrays := map[string]*protocol.Array{
		"X": protocol.Floats(p.batch.X, p.batch.N, p.net.Inputs()),
		"g": protocol.Floats(g, len(g)),
		"x": protocol.Floats(x, len(x)),
	}
	if p.batch.Labels != nil {
		labels := make([]int64, p.batch.N)
		for i, v := range p.batch.Labels {
			labels[i] = int64(v)
		}
		arrays["T"] = protocol.Integers(labels, p.batch.N)
	} else {
		arrays["T"] = protocol.Floats(p.batch.T, p.batch.N, p.net.Outputs())
	}
	raw, err := protocol.FormatArchive(arrays)
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}
