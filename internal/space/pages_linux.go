package space

import (
	"syscall"
	"unsafe"
)

// askLargePages asks for large pages under x. A system that has none to give is as good
// as one that was not asked.
func askLargePages(x []float64) {
	const page = largePage * 8
	p := unsafe.Pointer(unsafe.SliceData(x))
	skip := int(-uintptr(p) & (page - 1)) // up to the first large page
	bytes := (8*len(x) - skip) &^ (page - 1)
	if bytes <= 0 {
		return
	}
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(p, skip)), bytes), syscall.MADV_HUGEPAGE)
}
