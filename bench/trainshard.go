package main

import (
	"encoding/json"

	"costate/factor/mumps"
	"costate/nn"
	"costate/nn/data"
	"costate/nn/train"
)

// A shardedNetwork is what other ranks than 0 make the network of train --shard and of solve
// --method cg or minres of.
type shardedNetwork struct {
	Spec, Act, Loss string
	Layers, Width   int
	Bias, Residual  bool
	Inputs          int // of a sample
	Rows, Cols      int // of images
	Classes         int
	Targets         int // 0 for labels

	// File, where there is one, is a file with the network, in place of all but Act and Loss; its
	// format is what its name ends in: .npz, .onnx or .safetensors.
	Format string
	File   []byte
}

func init() { train.HandleNetworks(makeSharded) }

// describe is the network of the flags for samples of a set.
func (f *netFlags) describe(set *data.Set) shardedNetwork {
	d := shardedNetwork{Spec: f.spec, Act: f.act, Loss: f.loss, Layers: f.layers, Width: f.width, Bias: f.bias,
		Inputs: set.Width, Rows: set.Rows, Cols: set.Cols, Classes: set.Classes}
	if set.T != nil {
		d.Targets = set.Targets
	}
	return d
}

// makeSharded makes the network that describe tells of.
func makeSharded(description []byte) (*nn.Network, error) {
	var d shardedNetwork
	if err := json.Unmarshal(description, &d); err != nil {
		return nil, err
	}
	if d.Format != "" {
		return d.read()
	}
	f := &trainFlags{residual: d.Residual}
	f.net = netFlags{spec: d.Spec, act: d.Act, loss: d.Loss, layers: d.Layers, width: d.Width, bias: d.Bias}
	set := &data.Set{Width: d.Inputs, Rows: d.Rows, Cols: d.Cols, Classes: d.Classes, Targets: d.Targets}
	if d.Targets > 0 {
		set.T = []float64{}
	}
	return f.layOut(set)
}

// shards has all ranks make the network.
func (d shardedNetwork) shards() (*train.Shards, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return train.NewShards(text)
}

// shards has all ranks make the network of the flags.
func (f *trainFlags) shards(set *data.Set) (*train.Shards, error) {
	d := f.net.describe(set)
	d.Residual = f.residual
	return d.shards()
}

// checkShard refuses --shard where there is nothing to share out.
func (f *trainFlags) checkShard() error {
	if !f.shard {
		return nil
	}
	if f.experiment != "" {
		return usagef("--shard and --experiment: give one of them")
	}
	for _, name := range f.optimizers {
		switch name {
		case "tr", "cubic", "saddlefree":
			return usagef("--shard: %s needs all of a batch in one place; take lm with --curvature-batch, or a first-order method", name)
		case "lm":
			if f.curvature == 0 {
				return usagef("--shard: lm needs --curvature-batch, the samples whose curvature rank 0 factors")
			}
		}
	}
	if _, err := mumps.Version(); err != nil {
		return usagef("--shard: %w", err)
	}
	return nil
}
