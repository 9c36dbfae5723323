//go:build (!amd64 && !arm64) || noasm

package gemm

func (s *isa) copyStrip(dst []float64, ds int, src []float64, ss, w, k int) {
	copyStrip_g(dst, ds, src, ss, w, k)
}

func (s *isa) transStrip(dst []float64, ds int, src []float64, ss, w, k int) {
	transStrip_g(dst, ds, src, ss, w, k)
}

func (s *isa) copyFour(dst []float64, w int, src []float64, ss, k int) bool { return false }

// pause waits for a moment.
func pause() {}
