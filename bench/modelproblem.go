package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"costate/bench/internal/protocol"
	"costate/factor/mumps"
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

// readModel reads the network of --model: as it is told to other ranks, and made.
func (f *solveFlags) readModel() (*shardedNetwork, *nn.Network, error) {
	raw, err := os.ReadFile(f.model)
	if err != nil {
		return nil, nil, fmt.Errorf("--model: %w", err)
	}
	d := &shardedNetwork{Format: filepath.Ext(f.model), File: raw, Act: f.net.act, Loss: f.net.loss}
	net, err := d.read()
	if err != nil {
		return nil, nil, fmt.Errorf("--model %s: %w", f.model, err)
	}
	return d, net, nil
}

// read makes the network of d.File.
func (d *shardedNetwork) read() (*nn.Network, error) {
	loss, err := nn.LossByName(d.Loss)
	if err != nil {
		return nil, usagef("--loss: %w", err)
	}
	if d.Format == ".onnx" {
		m, err := onnx.Parse(d.File)
		if err != nil {
			return nil, err
		}
		return m.Network(loss)
	}
	act, err := nn.ActivationByName(d.Act)
	if err != nil {
		return nil, usagef("--act: %w", err)
	}
	raw, size := bytes.NewReader(d.File), int64(len(d.File))
	if d.Format == ".safetensors" {
		file, err := safetensors.ReadFrom(raw, size)
		if err != nil {
			return nil, err
		}
		return file.Network(act, loss)
	}
	file, err := npz.ReadFrom(raw, size)
	if err != nil {
		return nil, err
	}
	return file.Network(act, loss)
}

// tellNetwork is the network of p, of an .npz file, as it is told to other ranks: with one sample,
// as the file has to have one.
func (p *problem) tellNetwork() (*shardedNetwork, error) {
	file, err := npz.New(p.net, firstSample(p.batch, p.net))
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	if err := npz.WriteTo(&raw, file); err != nil {
		return nil, err
	}
	return &shardedNetwork{Format: ".npz", File: raw.Bytes(), Act: p.act, Loss: p.loss}, nil
}

// modelProblem makes the problem of --model with the data of --in: the arrays X, T
// and, if wanted, g.
func (s *session) modelProblem(f *solveFlags) (*problem, error) {
	d, net, err := f.readModel()
	if err != nil {
		return nil, err
	}
	act := f.net.act
	if d.Format == ".onnx" {
		act = "activations of the file"
	}
	data, err := npz.ReadData(f.in, net)
	if err != nil {
		return nil, fmt.Errorf("--in: %w", err)
	}
	if len(data.Ignored) > 0 {
		s.notef("%s: ignored %s", f.in, strings.Join(data.Ignored, ", "))
	}
	p := &problem{net: net, batch: data.Batch(), source: filepath.Base(f.model), act: act, loss: f.net.loss, rhsName: "the gradient", model: true}
	if mumps.Ranks() > 1 {
		p.sharded = d
	}
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
