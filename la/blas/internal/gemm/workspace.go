package gemm

import (
	"sync"
	"unsafe"
)

// A workspace holds the packed blocks of one goroutine.
type workspace struct {
	a, b []float64
	// edge receives the tiles that lie across the diagonal of a triangle.
	edge [maxTile]float64
}

// spare is the list of the workspaces not in use. It only ever holds as many
// as there were calls at the same time.
var spare struct {
	sync.Mutex
	list []*workspace
}

func getWorkspace() *workspace {
	spare.Lock()
	defer spare.Unlock()
	if n := len(spare.list); n > 0 {
		w := spare.list[n-1]
		spare.list = spare.list[:n-1]
		return w
	}
	return new(workspace)
}

func (w *workspace) release() {
	spare.Lock()
	spare.list = append(spare.list, w)
	spare.Unlock()
}

// grow returns a slice of n words that starts at a cache line, buf itself if
// it is long enough.
func grow(buf []float64, n int) []float64 {
	if len(buf) >= n {
		return buf
	}
	const line = 8
	n += n / 4
	s := make([]float64, n+line-1)
	skip := 0
	for uintptr(unsafe.Pointer(&s[skip]))%(8*line) != 0 {
		skip++
	}
	return s[skip : skip+n : skip+n]
}
