package data

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"costate/nn"
)

// A Set is N samples of Width numbers each, with a label from 0 to Classes−1, or a target
// of so many numbers as Targets says.
type Set struct {
	N, Width   int
	Rows, Cols int // shape of the images; 0 if the samples are not images
	Classes    int
	Targets    int

	X      []float64 // N×Width
	Labels []int     // N, or nil
	T      []float64 // N×Targets, or nil
}

// Outputs is how many outputs a network needs for the set: Classes or Targets.
func (s *Set) Outputs() int {
	if s.T != nil {
		return s.Targets
	}
	return s.Classes
}

// Batch returns samples from ≤ n < to as a batch that shares the set's arrays.
// It panics with ErrRange unless 0 ≤ from ≤ to ≤ N.
func (s *Set) Batch(from, to int) *nn.Batch {
	if from < 0 || from > to || to > s.N {
		panic(ErrRange)
	}
	b := &nn.Batch{N: to - from, X: s.X[from*s.Width : to*s.Width : to*s.Width]}
	if s.T != nil {
		b.T = s.T[from*s.Targets : to*s.Targets : to*s.Targets]
	} else {
		b.Labels = s.Labels[from:to:to]
	}
	return b
}

// Gather copies the samples of the given indices to dst, whose storage is used
// again. It panics with ErrRange if an index is out of range.
func (s *Set) Gather(dst *nn.Batch, index []int) {
	dst.N = len(index)
	dst.X, dst.Labels, dst.T, dst.Weights = dst.X[:0], dst.Labels[:0], dst.T[:0], nil
	for _, i := range index {
		if i < 0 || i >= s.N {
			panic(ErrRange)
		}
		dst.X = append(dst.X, s.X[i*s.Width:(i+1)*s.Width]...)
		if s.T != nil {
			dst.T = append(dst.T, s.T[i*s.Targets:(i+1)*s.Targets]...)
		} else {
			dst.Labels = append(dst.Labels, s.Labels[i])
		}
	}
	if s.T != nil {
		dst.Labels = nil
	} else {
		dst.T = nil
	}
}

// Sample returns n samples that the seed chooses, in their order, or all where there
// are no more than that.
func (s *Set) Sample(n int, seed uint64) *nn.Batch {
	if s.N <= n {
		return s.Batch(0, s.N)
	}
	b := new(nn.Batch)
	index := rand.New(rand.NewPCG(seed, 0x74657374)).Perm(s.N)[:n]
	slices.Sort(index)
	s.Gather(b, index)
	return b
}

// Batches goes once through the set in batches of the given size (the last one
// may be smaller), in an order that the seed decides. The batch it yields is
// overwritten by the next.
func (s *Set) Batches(size int, seed uint64) iter.Seq[*nn.Batch] {
	return func(yield func(*nn.Batch) bool) {
		order := permutation(s.N, seed)
		var b nn.Batch
		for size = max(1, size); len(order) > 0; {
			k := min(size, len(order))
			s.Gather(&b, order[:k])
			order = order[k:]
			if !yield(&b) {
				return
			}
		}
	}
}

// Shuffle puts the samples in an order that the seed decides.
func (s *Set) Shuffle(seed uint64) {
	order := permutation(s.N, seed)
	var b nn.Batch
	s.Gather(&b, order)
	copy(s.X, b.X)
	copy(s.Labels, b.Labels)
	copy(s.T, b.T)
}

func permutation(n int, seed uint64) []int {
	return rand.New(rand.NewPCG(seed, 0x636f737461746532)).Perm(n)
}

// Split returns the first n samples and the rest, as sets that share the arrays
// of s. It panics with ErrRange unless 0 ≤ n ≤ N.
func (s *Set) Split(n int) (first, rest *Set) {
	if n < 0 || n > s.N {
		panic(ErrRange)
	}
	a, b := *s, *s
	a.N, a.X = n, s.X[:n*s.Width:n*s.Width]
	b.N, b.X = s.N-n, s.X[n*s.Width:]
	if s.T != nil {
		a.T, b.T = s.T[:n*s.Targets:n*s.Targets], s.T[n*s.Targets:]
	} else {
		a.Labels, b.Labels = s.Labels[:n:n], s.Labels[n:]
	}
	return &a, &b
}

// Scale replaces every number x of the set by (x − shift)·factor.
func (s *Set) Scale(shift, factor float64) {
	for i, v := range s.X {
		s.X[i] = (v - shift) * factor
	}
}

// Standardize scales the set to mean 0 and standard deviation 1, over all its
// numbers together, and returns the shift and factor it used, so that a test set
// can be scaled the same way. A set without spread is only shifted.
func (s *Set) Standardize() (shift, factor float64) {
	if len(s.X) == 0 {
		return 0, 1
	}
	inv := 1 / float64(len(s.X))
	for _, v := range s.X {
		shift += v
	}
	shift *= inv
	ss := 0.0
	for _, v := range s.X {
		ss += (v - shift) * (v - shift)
	}
	factor = 1 / math.Sqrt(ss*inv)
	if math.IsInf(factor, 0) {
		factor = 1
	}
	s.Scale(shift, factor)
	return shift, factor
}

// StandardizeColumns scales each of the Width numbers of the samples to mean 0 and
// standard deviation 1 by itself, as suits columns of different units, and returns the
// shifts and factors for ScaleColumns. A column without spread is only shifted.
func (s *Set) StandardizeColumns() (shift, factor []float64) {
	shift, factor = make([]float64, s.Width), make([]float64, s.Width)
	inv := 1 / float64(max(s.N, 1))
	for i, v := range s.X {
		shift[i%s.Width] += inv * v
	}
	for i, v := range s.X {
		d := v - shift[i%s.Width]
		factor[i%s.Width] += inv * d * d
	}
	for i, v := range factor {
		factor[i] = 1 / math.Sqrt(v)
		if math.IsInf(factor[i], 0) {
			factor[i] = 1
		}
	}
	s.ScaleColumns(shift, factor)
	return shift, factor
}

// ScaleColumns replaces number i of every sample, x, by (x − shift[i])·factor[i].
func (s *Set) ScaleColumns(shift, factor []float64) {
	for i, v := range s.X {
		s.X[i] = (v - shift[i%s.Width]) * factor[i%s.Width]
	}
}

// Downsample returns the images of s as side×side images, each pixel the mean
// over the area of the original that it covers. It is an error if the samples
// are not images or the images are smaller.
func (s *Set) Downsample(side int) (*Set, error) {
	r, err := newResampler(s.Rows, s.Cols, side)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	d := &Set{N: s.N, Width: side * side, Rows: side, Cols: side, Classes: s.Classes, Targets: s.Targets,
		X: make([]float64, s.N*side*side), Labels: append([]int(nil), s.Labels...), T: append([]float64(nil), s.T...)}
	for i := range s.N {
		r.image(d.X[i*d.Width:(i+1)*d.Width], s.X[i*s.Width:(i+1)*s.Width])
	}
	return d, nil
}

// Gaussian returns n samples of independent standard normal numbers, with labels
// that have nothing to do with them. The same arguments give the same set.
func Gaussian(n, width, classes int, seed uint64) (*Set, error) {
	if n < 1 || width < 1 || classes < 1 {
		return nil, fmt.Errorf("data: Gaussian data of %d samples, %d inputs and %d classes; all must be at least 1", n, width, classes)
	}
	rng := rand.New(rand.NewPCG(seed, 0x636f737461746533))
	s := &Set{N: n, Width: width, Classes: classes, X: make([]float64, n*width), Labels: make([]int, n)}
	for i := range s.X {
		s.X[i] = rng.NormFloat64()
	}
	for i := range s.Labels {
		s.Labels[i] = rng.IntN(classes)
	}
	return s, nil
}
