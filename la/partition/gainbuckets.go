package partition

import "math/bits"

const (
	bucketWords = 64
	buckets     = 64 * bucketWords
)

// gainBuckets are vertices by what moving them gains: lists of vertices of about the
// same gain, the last one in being the first one out, and sets of bits to find the
// highest list that is not empty.
//
// Source: C. M. Fiduccia and R. M. Mattheyses, A linear-time heuristic for
// improving network partitions, 19th Design Automation Conf. (1982).
type gainBuckets struct {
	// Gains are at most most, and those that differ by less than 1<<shift share a
	// list. The lowest list has everything below.
	most  int
	shift int

	words      uint64              // which words are not zero
	word       [bucketWords]uint64 // which lists are not empty
	head       [buckets]int32
	next, prev []int32 // prev is the list if negative: ^list
	in         []bool
}

// scale prepares empty buckets for gains of at most most.
func (b *gainBuckets) scale(most int) {
	// Gains far below zero need no detail.
	const detailed = 8 // times most
	b.most = most
	b.shift = max(0, bits.Len(uint(most*detailed))-bits.Len(buckets-1))
}

// put adds v.
func (b *gainBuckets) put(v int32, gain int) {
	k := max(0, buckets-1-(b.most-gain)>>b.shift)
	w, bit := k>>6, uint64(1)<<(k&63)
	b.next[v] = none
	if b.word[w]&bit != 0 {
		h := b.head[k]
		b.next[v] = h
		b.prev[h] = v
	}
	b.word[w] |= bit
	b.words |= 1 << w
	b.head[k], b.prev[v], b.in[v] = v, ^int32(k), true
}

// drop takes v out.
func (b *gainBuckets) drop(v int32) {
	p, q := b.prev[v], b.next[v]
	b.in[v] = false
	if q != none {
		b.prev[q] = p
	}
	if p >= 0 {
		b.next[p] = q
		return
	}
	k := ^p
	b.head[k] = q
	if q == none {
		w := k >> 6
		if b.word[w] &^= 1 << (k & 63); b.word[w] == 0 {
			b.words &^= 1 << w
		}
	}
}

// top returns a vertex of the highest gain, or none.
func (b *gainBuckets) top() int32 {
	if b.words == 0 {
		return none
	}
	w := 63 - bits.LeadingZeros64(b.words)
	return b.head[w<<6+63-bits.LeadingZeros64(b.word[w])]
}

// empty takes everything out.
func (b *gainBuckets) empty() {
	for v := b.top(); v != none; v = b.top() {
		b.drop(v)
	}
}
