package partition

// An arena hands out slices, to be given back all at once in the reverse order.
// Their contents are whatever was there before.
type arena[T any] struct {
	chunks [][]T
	chunk  int // the one in use
	at     int // what of it is taken
}

// A mark is a state of an arena to go back to.
type mark struct{ chunk, at int }

func (a *arena[T]) mark() mark { return mark{a.chunk, a.at} }

// release takes back everything handed out since the mark.
func (a *arena[T]) release(m mark) { a.chunk, a.at = m.chunk, m.at }

// take returns a slice of length n.
func (a *arena[T]) take(n int) []T {
	const least = 1 << 14
	for ; a.chunk < len(a.chunks); a.chunk, a.at = a.chunk+1, 0 {
		if c := a.chunks[a.chunk]; n <= len(c)-a.at {
			a.at += n
			return c[a.at-n : a.at : a.at]
		}
	}
	size := max(n, least)
	if k := len(a.chunks); k > 0 {
		size = max(size, 2*len(a.chunks[k-1]))
	}
	c := make([]T, size)
	a.chunks = append(a.chunks, c)
	a.at = n
	return c[:n:n]
}

// trim gives back the end of s, the last slice taken, from n on.
func (a *arena[T]) trim(s []T, n int) []T {
	a.at -= len(s) - n
	return s[:n:n]
}
