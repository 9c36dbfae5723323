package main

import (
	"fmt"
	"path/filepath"

	"costate/nn/data"
	"costate/nn/npz"
)

// isOwn reports whether --data names a file of one's own data.
func (f *netFlags) isOwn() bool {
	switch filepath.Ext(f.data) {
	case ".csv", ".npz":
		return true
	}
	return false
}

// loadOwn returns the samples of a file, four fifths of them to train on and the rest to
// test, in an order that the seed decides.
func (f *netFlags) loadOwn(limit int, seed uint64) (train, test *data.Set, err error) {
	var s *data.Set
	if filepath.Ext(f.data) == ".csv" {
		s, err = readTable(f.data, f.loss == "ce" || f.loss == "bce")
	} else {
		s, err = readSet(f.data)
	}
	if err != nil {
		return nil, nil, usagef("--data: %w", err)
	}
	if s.N < 2 {
		return nil, nil, fmt.Errorf("--data %s: one sample; there must be some to train on and some to test", f.data)
	}
	s.Shuffle(seed)
	train, test = s.Split(s.N - max(1, s.N/5))
	if limit > 0 && limit < train.N {
		train, _ = train.Split(limit)
	}
	return train, test, nil
}

// readTable reads a table, whose last column has labels or numbers.
func readTable(name string, labels bool) (*data.Set, error) {
	t, err := data.ReadCSVFile(name)
	if err != nil {
		return nil, err
	}
	if !labels {
		return t.Numbers(), nil
	}
	s, ok := t.Set()
	if !ok {
		return nil, fmt.Errorf("%s: the last column has no labels, which are two or more of the whole numbers from 0 to 99; --loss mse takes numbers", filepath.Base(name))
	}
	return s, nil
}

// mostLabels bounds the labels that are believed.
const mostLabels = 1 << 20

// readSet reads X and T of an .npz file: X has a sample in each row, or is a stack of
// images; T has an integer label for each sample, or targets.
func readSet(name string) (*data.Set, error) {
	arrays, err := npz.ReadArrays(name)
	if err != nil {
		return nil, err
	}
	x, t := arrays["X"], arrays["T"]
	bad := func(format string, args ...any) (*data.Set, error) {
		return nil, fmt.Errorf("%s: "+format, append([]any{filepath.Base(name)}, args...)...)
	}
	if len(x.Shape) == 0 || len(t.Shape) == 0 {
		return bad("there must be arrays X, the samples, and T, their labels or targets")
	}
	n := x.Shape[0]
	if len(x.Shape) < 2 || len(x.Data) == 0 || len(x.Data)%n != 0 {
		return bad("X has shape %v; it must be samples×inputs, or samples×height×width", x.Shape)
	}
	for i, v := range x.Data {
		if v-v != 0 {
			return bad("X holds %g in sample %d", v, i/(len(x.Data)/n))
		}
	}
	s := &data.Set{N: n, Width: len(x.Data) / n, X: x.Data}
	if len(x.Shape) == 3 {
		s.Rows, s.Cols = x.Shape[1], x.Shape[2]
	}
	if t.Shape[0] != n || len(t.Data) == 0 || len(t.Data)%n != 0 {
		return bad("T has shape %v for %d samples", t.Shape, n)
	}
	whole := t.Kind == npz.Integer || t.Kind == npz.Byte || t.Kind == npz.Bool
	if !whole || len(t.Data) != n {
		s.T, s.Targets = t.Data, len(t.Data)/n
		for i, v := range s.T {
			if v-v != 0 {
				return bad("T holds %g for sample %d", v, i/s.Targets)
			}
		}
		return s, nil
	}
	for i, v := range t.Data {
		if v < 0 || v >= mostLabels {
			return bad("T has the label %g for sample %d; labels are from 0 to %d", v, i, mostLabels-1)
		}
		s.Labels = append(s.Labels, int(v))
		s.Classes = max(s.Classes, int(v)+1)
	}
	return s, nil
}
