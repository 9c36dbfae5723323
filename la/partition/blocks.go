package partition

import "sort"

// A Partition groups the indices 0, …, n-1 into consecutive blocks, in the words
// of Julia's BlockArrays: block k has a size, a first and a last index. The
// zero value has no blocks.
type Partition struct {
	first []int // first[k] for each block, and n
}

// New returns the partition with the given block sizes. It panics with
// ErrBlockSize if one is not positive.
func New(sizes []int) Partition {
	first := make([]int, len(sizes)+1)
	for k, s := range sizes {
		if s <= 0 || first[k]+s < 0 {
			panic(ErrBlockSize)
		}
		first[k+1] = first[k] + s
	}
	return Partition{first: first}
}

// Uniform returns the partition of n indices into blocks of the given size,
// of which the last may be smaller.
func Uniform(n, size int) Partition {
	if n < 0 || size <= 0 {
		panic(ErrBlockSize)
	}
	p := Partition{first: make([]int, 1, 2+n/size)}
	for at := 0; at < n; {
		at = min(n, at+size)
		p.first = append(p.first, at)
	}
	return p
}

// Len returns the number of indices.
func (p Partition) Len() int {
	if len(p.first) == 0 {
		return 0
	}
	return p.first[len(p.first)-1]
}

// Blocks returns the number of blocks.
func (p Partition) Blocks() int { return max(len(p.first)-1, 0) }

// Size returns the number of indices in block k.
func (p Partition) Size(k int) int {
	p.check(k)
	return p.first[k+1] - p.first[k]
}

// First returns the first index of block k.
func (p Partition) First(k int) int {
	p.check(k)
	return p.first[k]
}

// Last returns the last index of block k, which is still in the block.
func (p Partition) Last(k int) int {
	p.check(k)
	return p.first[k+1] - 1
}

// Sizes returns the sizes of all blocks, in a new slice.
func (p Partition) Sizes() []int {
	s := make([]int, p.Blocks())
	for k := range s {
		s[k] = p.first[k+1] - p.first[k]
	}
	return s
}

// Firsts returns the first indices of all blocks, in a new slice.
func (p Partition) Firsts() []int {
	s := make([]int, p.Blocks())
	copy(s, p.first)
	return s
}

// Largest returns the size of the largest block, 0 if there is none.
func (p Partition) Largest() int {
	w := 0
	for k := 0; k < p.Blocks(); k++ {
		w = max(w, p.first[k+1]-p.first[k])
	}
	return w
}

// BlockOf returns the block of index i. It panics if i is out of range.
func (p Partition) BlockOf(i int) int {
	if uint(i) >= uint(p.Len()) {
		panic(ErrIndex)
	}
	return sort.Search(p.Blocks(), func(k int) bool { return p.first[k+1] > i })
}

// BlocksOf writes the block of every index to dst, which has length Len.
func (p Partition) BlocksOf(dst []int) {
	if len(dst) != p.Len() {
		panic(ErrLength)
	}
	for k := 0; k < p.Blocks(); k++ {
		for i := p.first[k]; i < p.first[k+1]; i++ {
			dst[i] = k
		}
	}
}

func (p Partition) check(k int) {
	if uint(k) >= uint(p.Blocks()) {
		panic(ErrBlock)
	}
}
