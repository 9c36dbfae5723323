package gemm

import "sync/atomic"

// A Progress tells a goroutine how far another one has come, which it follows.
type Progress struct{ reached atomic.Int32 }

// Reset begins anew, at 0.
func (p *Progress) Reset() { p.reached.Store(0) }

// Reach says that the first n things are done, and all that was written for them. Each call
// takes a line of the cache from the goroutine that follows: it is for a few things at once.
func (p *Progress) Reach(n int) { p.reached.Store(int32(n)) }

// Await waits until the first n things are done. Who does them must not wait for the caller.
func (p *Progress) Await(n int) {
	for !spin(func() bool { return int(p.reached.Load()) >= n }) {
	}
}
