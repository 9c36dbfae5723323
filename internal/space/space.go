// Package space lends workspaces, so that repeated solves allocate nothing.
package space

import "sync"

// A Pool lends workspaces to concurrent callers. Unlike sync.Pool it never
// drops one. The zero value is ready.
type Pool[T any] struct {
	mu   sync.Mutex
	free []*T
}

// Get lends a workspace: one that was put back, else a new zero value.
func (p *Pool[T]) Get() *T {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		w := p.free[n-1]
		p.free = p.free[:n-1]
		return w
	}
	return new(T)
}

// Put takes a workspace back.
func (p *Pool[T]) Put(w *T) {
	p.mu.Lock()
	p.free = append(p.free, w)
	p.mu.Unlock()
}

// Reset forgets the workspaces that were put back.
func (p *Pool[T]) Reset() {
	p.mu.Lock()
	p.free = nil
	p.mu.Unlock()
}

// Resize returns a slice of length n, with a's storage if that is enough. What
// it holds is left over.
func Resize[T any](a []T, n int) []T {
	if cap(a) >= n {
		return a[:n]
	}
	return make([]T, n)
}
