//go:build arm64 && !noasm

package vec

// Every arm64 processor has Advanced SIMD.
const hasAssembly = true
