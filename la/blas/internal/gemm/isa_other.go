//go:build (!amd64 && !arm64) || noasm

package gemm

// available lists the usable instruction sets.
func available() []*isa { return []*isa{&isaGo} }

// run computes w <= s.nr columns.
func (s *isa) run(t *tile, w int) { tile_g(t, s.mr, w) }
