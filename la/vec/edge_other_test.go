//go:build !linux

package vec

import "testing"

func newEdge(t *testing.T, words int) []float64 { return make([]float64, words) }
