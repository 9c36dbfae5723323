//go:build amd64 && !noasm

package vec

import "golang.org/x/sys/cpu"

var hasAssembly = cpu.X86.HasAVX2 && cpu.X86.HasFMA
