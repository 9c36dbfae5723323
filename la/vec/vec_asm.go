//go:build amd64 && !noasm

package vec

import "golang.org/x/sys/cpu"

const assemblyISA = "avx2"

var (
	hasAssembly = cpu.X86.HasAVX2 && cpu.X86.HasFMA
	hasWide     = hasAssembly && cpu.X86.HasAVX512F
)
