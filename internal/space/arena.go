package space

// An Arena cuts a stretch of memory in pieces, so that many of them share its large pages;
// see Floats.
type Arena struct{ rest []float64 }

// line is a line of the cache, in words of 8 bytes, at which pieces begin.
const line = 8

// ArenaLen is how much of an arena a piece of n words takes.
func ArenaLen(n int) int { return (n + line - 1) &^ (line - 1) }

// NewArena makes an arena of n words, the sum of ArenaLen over its pieces.
func NewArena(n int) *Arena { return &Arena{Floats(n)} }

// Take returns n zeros, from the arena as long as there is room in it.
func (a *Arena) Take(n int) []float64 {
	if a == nil || len(a.rest) < n {
		return make([]float64, n)
	}
	x := a.rest[:n:n]
	a.rest = a.rest[min(ArenaLen(n), len(a.rest)):]
	return x
}
