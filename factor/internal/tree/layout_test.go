package tree

import (
	"testing"
	"unsafe"
)

func TestFrontBytes(t *testing.T) {
	if n := unsafe.Sizeof(front{}); n != frontBytes {
		t.Errorf("a front has %d bytes, frontBytes is %d", n, frontBytes)
	}
}
