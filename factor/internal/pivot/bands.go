package pivot

import (
	"math"
	"sync"

	"costate/la/blas"
)

// OneThread is the backend with one thread, for calls in goroutines of our own;
// be itself if it does not come by its name.
func OneThread(be blas.Backend) blas.Backend {
	if one, err := blas.ByName(be.Name(), 1); err == nil {
		return one
	}
	return be
}

// Bands runs loops over rows on a few goroutines. Its functions are made once,
// and so must the loop bodies be: starting a loop then allocates nothing. A
// nil *Bands runs everything in place.
type Bands struct {
	parts int
	run   []func()
	wait  sync.WaitGroup

	body func(lo, hi int)
	cuts []int
}

// bandWork is the number of elements below which a loop is not shared out:
// some ten microseconds, what it takes to wake a thread.
const bandWork = 1 << 15

// NewBands makes bands for so many threads, nil for one.
func NewBands(threads int) *Bands {
	if threads < 2 {
		return nil
	}
	b := &Bands{parts: threads, cuts: make([]int, threads+1)}
	for i := 1; i < threads; i++ {
		b.run = append(b.run, func() {
			b.body(b.cuts[i], b.cuts[i+1])
			b.wait.Done()
		})
	}
	return b
}

// Rows calls body on consecutive ranges that make up [0, n), work elements in
// all, side by side if that pays.
func (b *Bands) Rows(n, work int, body func(lo, hi int)) {
	if b == nil || work < bandWork {
		body(0, n)
		return
	}
	for i := range b.cuts {
		b.cuts[i] = n * i / b.parts
	}
	b.start(body)
}

// Triangle is rows for loops whose row i has about i elements.
func (b *Bands) Triangle(n, work int, body func(lo, hi int)) {
	if b == nil || work < bandWork {
		body(0, n)
		return
	}
	for i := range b.cuts {
		b.cuts[i] = int(math.Round(float64(n) * math.Sqrt(float64(i)/float64(b.parts))))
	}
	b.start(body)
}

// Each calls body once in each thread, if work elements pay for that, with
// ranges that mean nothing: the calls share the work out among themselves.
func (b *Bands) Each(work int, body func(lo, hi int)) {
	if b == nil || work < bandWork {
		body(0, 0)
		return
	}
	clear(b.cuts)
	b.start(body)
}

func (b *Bands) start(body func(lo, hi int)) {
	b.body = body
	b.wait.Add(b.parts - 1)
	for _, run := range b.run {
		go run()
	}
	body(b.cuts[0], b.cuts[1])
	b.wait.Wait()
	b.body = nil
}

// BesideOrder is the order of a pivot block from which it pays to form its
// coupling in another goroutine meanwhile.
const BesideOrder = 96

// Beside runs one function beside the caller, without allocating.
type Beside struct {
	body func()
	run  func()
	wait sync.WaitGroup
}

// NewBeside makes a Beside.
func NewBeside() *Beside {
	b := &Beside{}
	b.run = func() {
		b.body()
		b.wait.Done()
	}
	return b
}

// Start runs body beside the caller, until Join.
func (b *Beside) Start(body func()) {
	b.body = body
	b.wait.Add(1)
	go b.run()
}

// Join waits for it.
func (b *Beside) Join() {
	b.wait.Wait()
	b.body = nil
}
