package factor

import "sync"

// A pool lends workspaces to concurrent solves. Unlike sync.Pool it never
// drops one, so that repeated solves allocate nothing.
type pool[T any] struct {
	mu   sync.Mutex
	free []*T
}

func (p *pool[T]) get() *T {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		w := p.free[n-1]
		p.free = p.free[:n-1]
		return w
	}
	return new(T)
}

func (p *pool[T]) put(w *T) {
	p.mu.Lock()
	p.free = append(p.free, w)
	p.mu.Unlock()
}

func (p *pool[T]) reset() {
	p.mu.Lock()
	p.free = nil
	p.mu.Unlock()
}

// resize returns a slice of length n, with a's storage if that is enough.
func resize(a []float64, n int) []float64 {
	if cap(a) >= n {
		return a[:n]
	}
	return make([]float64, n)
}
