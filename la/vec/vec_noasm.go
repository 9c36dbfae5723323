//go:build (!amd64 && !arm64) || noasm

package vec

const (
	assemblyISA = ""
	hasAssembly = false
	hasWide     = false
)

// The kernels in assembly, which are never called here.

func combine8(y *float64, n int, w *float64, ld int, c *float64) { panic(noAssembly) }
func combine4(y *float64, n int, w *float64, ld int, c *float64) { panic(noAssembly) }
func combine2(y *float64, n int, w *float64, ld int, c *float64) { panic(noAssembly) }
func combine1(y *float64, n int, w *float64, ld int, c *float64) { panic(noAssembly) }
func dot4(s *float64, n int, w *float64, ld int, x *float64)     { panic(noAssembly) }
func dot1(s *float64, n int, w *float64, ld int, x *float64)     { panic(noAssembly) }
func maxAbs(x *float64, n int) float64                           { panic(noAssembly) }
func maxMagnitude(x *float64, n int) float64                     { panic(noAssembly) }
func pivot2(x, y, u, v *float64, n int, f *float64)              { panic(noAssembly) }
func scale(x, u *float64, n int, f float64)                      { panic(noAssembly) }
func mulAdd(y, u, v *float64, n int)                             { panic(noAssembly) }
func mul(z, u, v *float64, n int)                                { panic(noAssembly) }
func mulMost(z, u, v *float64, m *uint64, n int)                 { panic(noAssembly) }
func combinePair(yh, yl *float64, m, n int, c, w *float64, row, inc, ld, k int) {
	panic(noAssembly)
}
func combinePairCoef(yh, yl *float64, m, n int, c, w, cl *float64, row, inc, ld, k int) {
	panic(noAssembly)
}
func combinePairRows(yh, yl *float64, m, n int, c, w, wl *float64, row, inc, ld, k int) {
	panic(noAssembly)
}
func subtractPair(r, b, hh, hl, x *float64, n int, f, e float64) {
	panic(noAssembly)
}
func mulAddPair(yh, yl, d, xh, xl *float64, n int)       { panic(noAssembly) }
func dotPair(s *[2]float64, w, x *float64, n int)        { panic(noAssembly) }
func dotPairLow(s *[2]float64, w, x, xl *float64, n int) { panic(noAssembly) }
func tanh(f, u *float64, n int)                          { panic(noAssembly) }
func tanhExp(f, t, u *float64, n int)                    { panic(noAssembly) }
func trapezoid(u *float64, ld, rows, cols, k int, c *float64, ldk int, w *float64) {
	panic(noAssembly)
}
func trapezoidWide(u *float64, ld, rows, cols, k int, c *float64, ldk int, w *float64) {
	panic(noAssembly)
}
func setProductWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, n, k int) {
	panic(noAssembly)
}
func addProductWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, n, k int) {
	panic(noAssembly)
}
func subProductWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, n, k int) {
	panic(noAssembly)
}
func setSmallWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, cols, k, grow int) {
	panic(noAssembly)
}
func addSmallWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, cols, k, grow int) {
	panic(noAssembly)
}
func subSmallWide(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, cols, k, grow int) {
	panic(noAssembly)
}
func solveSmallWide(x *float64, ldx int, t *float64, ldt, groups, cols int) {
	panic(noAssembly)
}
func solve4(x *float64, ld, n int, f *float64)                   { panic(noAssembly) }
func peak(x *float64, n int) (m float64, at int)                 { panic(noAssembly) }
func transpose4(dst *float64, ldd int, src *float64, lds, n int) { panic(noAssembly) }
func transpose8(dst *float64, ldd int, src *float64, lds, n int) { panic(noAssembly) }
func eliminate(u *float64, ld, rows, cols int, c, w *float64, lanes int, f float64) {
	panic(noAssembly)
}
func eliminate2(u *float64, ld, rows, cols int, c, w *float64, lanes int, f *float64) {
	panic(noAssembly)
}
func setSmall(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, cols, k, grow int) {
	panic(noAssembly)
}
func addSmall(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, cols, k, grow int) {
	panic(noAssembly)
}
func subSmall(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, cols, k, grow int) {
	panic(noAssembly)
}
func scaleSym(dst *float64, ldd int, src *float64, lds int, d *float64, n, cols int) {
	panic(noAssembly)
}
func scaleLower(dst *float64, ldd int, src *float64, lds int, d *float64, tiles int) {
	panic(noAssembly)
}
func scaleRows(x *float64, ldx int, f, u *float64, ldu, rows, cols int) {
	panic(noAssembly)
}
func solveSmall(x *float64, ldx int, t *float64, ldt, groups, cols int) {
	panic(noAssembly)
}
func setProduct(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, n, k int) {
	panic(noAssembly)
}
func addProduct(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, n, k int) {
	panic(noAssembly)
}
func subProduct(c *float64, ldc int, a *float64, row, inc int, b *float64, ldb, rows, n, k int) {
	panic(noAssembly)
}
func setProductTrans(c *float64, ldc int, a *float64, lda int, b *float64, ldb, rows, n, k int) {
	panic(noAssembly)
}
func addProductTrans(c *float64, ldc int, a *float64, lda int, b *float64, ldb, rows, n, k int) {
	panic(noAssembly)
}
func subProductTrans(c *float64, ldc int, a *float64, lda int, b *float64, ldb, rows, n, k int) {
	panic(noAssembly)
}
func copyRows(dst *float64, ldd int, src *float64, lds, rows, n int) {
	panic(noAssembly)
}
func solveUnit(x, a *float64, ld, groups int)      { panic(noAssembly) }
func solveUnitTrans(x, a *float64, ld, groups int) { panic(noAssembly) }
func eliminateRun(t *float64, ld, k, n int, alpha float64, d, w *float64) int {
	panic(noAssembly)
}

const noAssembly = "vec: this build has no assembly"
