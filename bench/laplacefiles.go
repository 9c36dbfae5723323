package main

import (
	"strings"

	"costate/nn"
	"costate/nn/data"
	"costate/nn/npz"
)

// laplaceTable reads a table, for classes if its targets can be labels and no loss says
// otherwise.
func laplaceTable(f *laplaceFlags) (*samples, error) {
	t, err := data.ReadCSVFile(f.data)
	if err != nil {
		return nil, usagef("--data: %w", err)
	}
	all := &samples{n: t.N, width: t.Width, x: t.X, t: t.Target}
	set, ok := t.Set()
	switch {
	case f.net.loss == "mse":
	case ok:
		all.labels, all.t, all.classes = set.Labels, nil, set.Classes
	case f.net.loss != "":
		return nil, usagef("--loss %s: the targets of %s are not classes, integers from 0 to 99", f.net.loss, f.data)
	}
	return all, nil
}

// readNet reads a network with its data, or data alone.
func (s *session) readNet(f *laplaceFlags) (*samples, error) {
	if f.train {
		arrays, err := npz.ReadArrays(f.data)
		if err == nil && len(arrays) == 2 && arrays["X"].Data != nil && arrays["T"].Data != nil {
			return readSamplesAlone(f)
		}
	}
	file, err := npz.Read(f.data)
	if err != nil {
		return nil, usagef("--data: %w", err)
	}
	if len(file.Ignored) > 0 {
		s.notef("%s: ignored %s", f.data, strings.Join(file.Ignored, ", "))
	}
	act, err := nn.ActivationByName(f.net.act)
	if err != nil {
		return nil, usagef("--act: %w", err)
	}
	name := f.net.loss
	if name == "" {
		name = "mse"
		if file.Labels != nil {
			name = "ce"
		}
	}
	loss, err := nn.LossByName(name)
	if err != nil {
		return nil, usagef("--loss: %w", err)
	}
	net, err := file.Network(act, loss)
	if err != nil {
		return nil, usagef("--data %s: %w", f.data, err)
	}
	all := &samples{n: file.N, width: net.Inputs(), classes: net.Outputs(), x: file.X, t: file.T, labels: file.Labels, net: net}
	if name == "bce" && all.labels == nil && net.Outputs() == 1 {
		all.labels, all.t, all.classes = make([]int, file.N), nil, 2
		for i, v := range file.T {
			if all.labels[i] = int(v); v != 0 && v != 1 {
				return nil, usagef("--data %s: T[%d] is %g; with --loss bce it must be 0 or 1", f.data, i, v)
			}
		}
	}
	return all, nil
}

// readSamplesAlone reads an .npz file of X and T.
func readSamplesAlone(f *laplaceFlags) (*samples, error) {
	set, err := readSet(f.data)
	switch {
	case err != nil:
		return nil, usagef("--data: %w", err)
	case set.T != nil && set.Targets > 1:
		return nil, usagef("--data %s: T has %d targets a sample; with more than one the file must hold the network, too", f.data, set.Targets)
	case set.Labels != nil && f.net.loss == "mse":
		all := &samples{n: set.N, width: set.Width, x: set.X, t: make([]float64, set.N)}
		for i, l := range set.Labels {
			all.t[i] = float64(l)
		}
		return all, nil
	}
	return &samples{n: set.N, width: set.Width, classes: set.Classes, x: set.X, t: set.T, labels: set.Labels}, nil
}
