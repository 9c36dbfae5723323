package onnx

import (
	"fmt"
	"os"

	"google.golang.org/protobuf/proto"

	"costate/nn"
	"costate/nn/onnx/internal/onnxpb"
)

// The versions of the operator set whose meaning is known here.
const (
	minOpset = 7
	maxOpset = 25
)

// A Model is a network of a file: its layers and their parameters.
type Model struct {
	Inputs int
	Layers []nn.Layer
	Params []float64 // flat, as nn.Network has them
	Opset  int64
}

// Read reads the named file. Errors name the file and the node.
func Read(name string) (*Model, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	m, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", name, err)
	}
	return m, nil
}

// Parse reads a file from memory. It never panics, whatever the bytes.
func Parse(raw []byte) (*Model, error) {
	var file onnxpb.ModelProto
	if err := proto.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("not an .onnx file: %w", err)
	}
	if file.GetGraph() == nil {
		return nil, fmt.Errorf("not an .onnx file: it has no graph")
	}
	opset := int64(0)
	for _, o := range file.GetOpsetImport() {
		if o.GetDomain() == "" || o.GetDomain() == "ai.onnx" {
			opset = o.GetVersion()
		}
	}
	if opset < minOpset || opset > maxOpset {
		return nil, fmt.Errorf("operator set %d; %d to %d are read", opset, minOpset, maxOpset)
	}
	w, err := newWalk(file.GetGraph(), opset)
	if err != nil {
		return nil, err
	}
	return w.run()
}

// Network returns the network with the given loss.
func (m *Model) Network(loss nn.Loss) (*nn.Network, error) {
	net, err := nn.New(m.Inputs, loss, m.Layers...)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	if net.NumParams() != len(m.Params) {
		return nil, fmt.Errorf("onnx: layers of %d parameters with %d numbers", net.NumParams(), len(m.Params))
	}
	net.SetParams(m.Params)
	return net, nil
}
