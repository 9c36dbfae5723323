package train

import (
	"context"
	"testing"

	"costate/nn"
	"costate/nn/data"
)

// digitsNet is a network for the digits, with inner layers of the given width.
func digitsNet(tb testing.TB, layers, width int, act nn.Activation, seed uint64) *nn.Network {
	tb.Helper()
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP(digitsWidths(layers, width), act, true)...)
	if err != nil {
		tb.Fatal(err)
	}
	net.Init(seed, &nn.Init{Gain: 1})
	return net
}

func digitsWidths(layers, width int) []int {
	widths := make([]int, layers+1)
	for i := range widths {
		widths[i] = width
	}
	widths[0], widths[layers] = 64, 10
	return widths
}

func digits(count int) *nn.Batch { return data.Digits().Batch(0, count) }

// history trains and returns the records.
func history(tb testing.TB, r *Run) ([]Record, Reason, error) {
	tb.Helper()
	var h []Record
	r.Observe = func(rec *Record) { h = append(h, *rec) }
	reason, err := r.Do(context.Background())
	return h, reason, err
}
