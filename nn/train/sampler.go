package train

import (
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"math"
	"math/rand/v2"

	"costate/internal/space"
	"costate/nn"
)

// A Sampler deals out batches of a set of samples: again and again all of it, or
// mini-batches that go through it in an order that changes with every round, or
// always the same random part of it. Which batch comes n-th depends on Seed and n
// alone.
type Sampler struct {
	All  *nn.Batch // the whole set
	Size int       // samples of a batch; 0 or All.N takes all of them
	Seed uint64

	// Fixed deals out one and the same random batch.
	Fixed bool

	// Curvature, if it is not 0, is the size of a second batch, drawn apart, for
	// Task.Curvature.
	Curvature int

	batch, curvature nn.Batch
	order            [2]order
	at               int // batch that was dealt last, from 1

	summed *nn.Batch // what sum is of
	sum    string
}

// order is a permutation of the samples for one round.
type order struct {
	perm  []int
	round int // from 1
}

// check reports what is wrong with the settings.
func (s *Sampler) check() error {
	switch {
	case s.All == nil || s.All.N < 1:
		return fmt.Errorf("train: no samples to draw batches from")
	case s.Size < 0 || s.Size > s.All.N:
		return fmt.Errorf("train: batches of %d samples; there are %d", s.Size, s.All.N)
	case s.Curvature < 0 || s.Curvature > s.All.N:
		return fmt.Errorf("train: %d samples for the curvature; there are %d", s.Curvature, s.All.N)
	}
	return nil
}

// settings lists what batches are drawn from, and how.
func (s *Sampler) settings() settingList {
	var l settingList
	l.add("Samples", s.All.N)
	size := s.Size
	if size == 0 {
		size = s.All.N
	}
	l.add("Size", size)
	l.add("Fixed", s.Fixed)
	l.add("Curvature", s.Curvature)
	if size < s.All.N || s.Curvature > 0 {
		l.add("Seed", s.Seed)
	}
	if s.summed != s.All {
		s.summed, s.sum = s.All, checksum(s.All)
	}
	l.add("Data", s.sum)
	return l
}

// checksum tells data apart.
func checksum(b *nn.Batch) string {
	h := crc64.New(crc64.MakeTable(crc64.ECMA))
	buf := make([]byte, 0, 1<<13)
	put := func(v uint64) {
		if buf = binary.LittleEndian.AppendUint64(buf, v); len(buf) == cap(buf) {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	for _, x := range [...][]float64{b.X, b.T, b.Weights} {
		put(uint64(len(x)))
		for _, v := range x {
			put(math.Float64bits(v))
		}
	}
	for _, l := range b.Labels {
		put(uint64(l))
	}
	h.Write(buf)
	return fmt.Sprintf("%016x", h.Sum64())
}

// First returns a copy of the first batch that is dealt for a network.
func (s *Sampler) First(net *nn.Network) *nn.Batch {
	c := Sampler{All: s.All, Size: s.Size, Seed: s.Seed, Fixed: s.Fixed}
	var t Task
	c.deal(&t, 1, net.Inputs(), net.Targets())
	return t.Batch
}

func (s *Sampler) dealt() int   { return s.at }
func (s *Sampler) rewind(n int) { s.at = n }

// deal makes t's batches the n-th ones, from 1.
func (s *Sampler) deal(t *Task, n int, inputs, targets int) error {
	s.at = n
	t.Objective = nil
	t.Batch, t.Curvature = s.All, nil
	version := n
	if s.Size > 0 && s.Size < s.All.N {
		s.pick(&s.batch, 0, n, s.Size, inputs, targets)
		t.Batch = &s.batch
	} else if s.Curvature == 0 {
		version = 1
	}
	if s.Fixed {
		version = 1
	}
	if s.Curvature > 0 {
		s.pick(&s.curvature, 1, n, s.Curvature, inputs, targets)
		t.Curvature = &s.curvature
	}
	t.Version = version
	return nil
}

// pick gathers batch n of the given size. Batches of one round do not overlap; a
// rest that does not fill a batch is left out of it.
func (s *Sampler) pick(dst *nn.Batch, stream, n, size, inputs, targets int) {
	o := &s.order[stream]
	if s.Fixed {
		n = 1
	}
	each := s.All.N / size
	round := 1 + (n-1)/each
	if o.round != round {
		o.round = round
		o.perm = rand.New(rand.NewPCG(s.Seed, uint64(round)<<1|uint64(stream))).Perm(s.All.N)
	}
	from := (n - 1) % each * size
	gather(dst, s.All, o.perm[from:from+size], inputs, targets)
}

// gather copies samples to dst, whose storage is used again.
func gather(dst, all *nn.Batch, index []int, inputs, targets int) {
	dst.N = len(index)
	dst.X = space.Resize(dst.X, len(index)*inputs)
	if all.Labels != nil {
		dst.Labels = append(dst.Labels[:0], make([]int, len(index))...)
	}
	if all.T != nil {
		dst.T = space.Resize(dst.T, len(index)*targets)
	}
	if all.Weights != nil {
		dst.Weights = space.Resize(dst.Weights, len(index))
	}
	for i, n := range index {
		copy(dst.X[i*inputs:(i+1)*inputs], all.X[n*inputs:])
		if all.Labels != nil {
			dst.Labels[i] = all.Labels[n]
		}
		if all.T != nil {
			copy(dst.T[i*targets:(i+1)*targets], all.T[n*targets:])
		}
		if all.Weights != nil {
			dst.Weights[i] = all.Weights[n]
		}
	}
}
