//go:build arm64 && !noasm

package vec

// Every arm64 processor has Advanced SIMD.
const (
	assemblyISA = "neon"
	hasAssembly = true
	hasWide     = false
)

func trapezoidWide(u *float64, ld, rows, cols, k int, c *float64, ldk int, w *float64) {
	panic("vec: no AVX-512")
}

func transpose8(dst *float64, ldd int, src *float64, lds, n int) { panic("vec: no AVX-512") }
