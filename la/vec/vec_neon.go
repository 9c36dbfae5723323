//go:build arm64 && !noasm

package vec

// Every arm64 processor has Advanced SIMD.
const (
	assemblyISA = "neon"
	hasAssembly = true
	hasWide     = false
)

func trapezoidWide(u *float64, ld, rows, cols, k int, c *float64, ldk int, w *float64) {
	panic(noWide)
}

func transpose8(dst *float64, ldd int, src *float64, lds, n int) { panic(noWide) }
func setProductWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, n, k int) {
	panic(noWide)
}
func addProductWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, n, k int) {
	panic(noWide)
}
func subProductWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, n, k int) {
	panic(noWide)
}
func setSmallWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, cols, k, grow int) {
	panic(noWide)
}
func addSmallWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, cols, k, grow int) {
	panic(noWide)
}
func subSmallWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, cols, k, grow int) {
	panic(noWide)
}
func solveSmallWide(x *float64, ldx int, t *float64, ldt, groups, cols int) {
	panic(noWide)
}

const noWide = "vec: no AVX-512"
