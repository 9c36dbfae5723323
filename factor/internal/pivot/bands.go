package pivot

import (
	"math"

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

// Bands runs loops over rows on a few goroutines. Its function is made once,
// and so must the loop bodies be: starting a loop then allocates nothing. A
// nil *Bands runs everything in place.
type Bands struct {
	parts int
	team  *blas.Team
	body  func(lo, hi int)
	cuts  []int
}

// bandWork is the number of elements below which a loop is not shared out: some
// microseconds of work, which a goroutine that is awake needs to begin it.
const bandWork = 1 << 13

// NewBands makes bands for so many threads, nil for one.
func NewBands(threads int) *Bands {
	if threads < 2 {
		return nil
	}
	b := &Bands{parts: threads, cuts: make([]int, finer*threads+1)}
	b.team = blas.NewTeam(func(i int) { b.body(b.cuts[i], b.cuts[i+1]) })
	return b
}

// Rows calls body on consecutive ranges that make up [0, n), work elements in
// all, side by side if that pays.
func (b *Bands) Rows(n, work int, body func(lo, hi int)) {
	if b == nil || work < bandWork {
		body(0, n)
		return
	}
	b.cut(n, b.parts)
	b.start(body)
}

// finer is the number of ranges a thread in a loop by Finer.
const finer = 8

// Finer is Rows for a loop before which the goroutines may be asleep: there are more ranges
// than threads, so that one that begins late has less to do.
func (b *Bands) Finer(n, work int, body func(lo, hi int)) {
	if b == nil || work < bandWork {
		body(0, n)
		return
	}
	b.cut(n, finer*b.parts)
	b.body = body
	b.team.Share(finer*b.parts, b.parts)
	b.body = nil
}

// cut makes ranges of equal lengths.
func (b *Bands) cut(n, parts int) {
	for i := range parts + 1 {
		b.cuts[i] = n * i / parts
	}
}

// Triangle is rows for loops whose row i has about i elements.
func (b *Bands) Triangle(n, work int, body func(lo, hi int)) {
	if b == nil || work < bandWork {
		body(0, n)
		return
	}
	for i := range b.parts + 1 {
		b.cuts[i] = int(math.Round(float64(n) * math.Sqrt(float64(i)/float64(b.parts))))
	}
	b.start(body)
}

// Each calls body as often as there are threads, if work elements pay for that, else once,
// with ranges that mean nothing: the calls share the work out among themselves.
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
	b.team.Run(b.parts)
	b.body = nil
}

// BesideOrder is the order of a pivot block from which it pays to form its
// coupling on another goroutine meanwhile.
const BesideOrder = 96
