package gemm

import (
	"fmt"
	"os"
	"sync/atomic"

	"costate/la/vec"
)

// An isa is an instruction set with the sizes that suit it.
type isa struct {
	name string
	id   isaID
	mr   int // rows of a tile
	nr   int // columns of a tile
	// A block of A is mc×kc and stays in the second-level cache, a panel of B
	// is kc×nr and stays in the first-level cache, and a block of B is kc×nc.
	mc, kc, nc int
	// pack decides on packing in tests; it is nil in use.
	pack func() (packA, packB bool)
}

type isaID int

const (
	idGo isaID = iota
	idAVX2
	idAVX512
	idNEON
)

var isaGo = isa{name: "go", id: idGo, mr: 4, nr: 4, mc: 64, kc: 256, nc: 2048}

// active is the instruction set in use.
var active atomic.Pointer[isa]

func init() {
	list := available()
	active.Store(list[0])
	if want := os.Getenv("COSTATE_ISA"); want != "" {
		// A value that cannot be honoured is ignored: results are the same.
		_, _ = Force(want)
	}
}

// ISA returns the name of the instruction set in use: "go", "avx2", "avx512" or
// "neon".
func ISA() string { return active.Load().name }

// ISAs returns the names of the instruction sets that this processor and this
// build have, the one that is chosen by default first.
func ISAs() []string {
	var names []string
	for _, s := range available() {
		names = append(names, s.name)
	}
	return names
}

// Force makes the kernels, and the vector kernels of package vec, use the named
// instruction set until undo is called.
// It is for tests and for comparisons: it acts on the whole process, and no
// kernel may be running. The environment variable COSTATE_ISA does the same at
// the start of a program.
func Force(name string) (undo func(), err error) {
	for _, s := range available() {
		if s.name != name {
			continue
		}
		old := active.Swap(s)
		undoVec, ok := vec.Force(s.name)
		return func() {
			active.Store(old)
			if ok {
				undoVec()
			}
		}, nil
	}
	return nil, fmt.Errorf("gemm: instruction set %q is not available here; there is %v", name, ISAs())
}
