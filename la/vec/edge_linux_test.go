package vec

import (
	"syscall"
	"testing"
	"unsafe"
)

// newEdge returns a buffer of at least so many words between two pages that may be
// neither read nor written.
func newEdge(t *testing.T, words int) []float64 {
	page := syscall.Getpagesize()
	size := (8*words + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for _, guard := range [][]byte{all[:page], all[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { syscall.Munmap(all) })
	return unsafe.Slice((*float64)(unsafe.Pointer(&all[page])), size/8)
}
