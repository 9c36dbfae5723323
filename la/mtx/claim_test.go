package mtx

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// A few bytes do not cost much memory, whatever order they claim.
func TestClaims(t *testing.T) {
	for _, kind := range []string{"symmetric", "general"} {
		for _, order := range []int{1 << 20, 1<<20 + 1, 1 << 22, 1<<26 - 1, 1 << 26} {
			text := fmt.Sprintf("%%%%MatrixMarket matrix coordinate real %s\n%d %d 0\n", kind, order, order)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a, err := Read(strings.NewReader(text), nil)
			runtime.ReadMemStats(&after)
			if most := uint64(1 << 26); after.TotalAlloc-before.TotalAlloc > most {
				t.Errorf("%s of order %d: %d bytes", kind, order, after.TotalAlloc-before.TotalAlloc)
			}
			var e *Error
			if fits := order <= 1<<20; fits && err != nil || !fits && !errors.As(err, &e) {
				t.Errorf("%s of order %d: %v", kind, order, err)
			} else if fits && a.SymmetricDim() != order {
				t.Errorf("%s: order %d, want %d", kind, a.SymmetricDim(), order)
			}
		}
	}
	text := "%%MatrixMarket matrix coordinate real general\n8192 8192 1\n1 1 1\n"
	if _, err := ReadColumns(strings.NewReader(text), nil); err == nil {
		t.Error("a dense matrix of 2²⁶ elements from one entry")
	}
	text = "%%MatrixMarket matrix coordinate real symmetric\n2000000 2000000 1\n1 1 1\n"
	if _, err := Read(strings.NewReader(text), &Options{MaxOrder: 3000000}); err != nil {
		t.Error(err)
	}
}
