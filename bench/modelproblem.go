package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"costate/bench/internal/protocol"
	"costate/nn"
	"costate/nn/npz"
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
	data, err := npz.ReadData(f.in, net)
	if err != nil {
		return nil, fmt.Errorf("--in: %w", err)
	}
	if len(data.Ignored) > 0 {
		s.notef("%s: ignored %s", f.in, strings.Join(data.Ignored, ", "))
	}
	p := &problem{net: net, batch: data.Batch(), source: filepath.Base(f.model), act: act, loss: f.net.loss, rhsName: "the gradient", model: true}
	if data.G != nil && !f.rhsAsked {
		p.rhs, p.rhsName = data.G, "g of "+filepath.Base(f.in)
	}
	return p, nil
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
		arrays["T"] = protocol.Floats(p.batch.T, p.batch.N, p.net.Targets())
	}
	raw, err := protocol.FormatArchive(arrays)
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}
