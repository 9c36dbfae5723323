package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"costate/la/blas"
)

// kernelNames are the kernels that can be measured.
func kernelNames() []string { return []string{"gemm", "syrk", "trsm", "sytrf", "sytrs"} }

const (
	// sampleTime is the least time of a sample: the clock and the first misses
	// do not count for much then.
	sampleTime = 2 * time.Millisecond

	// copiesBytes bounds the operands that a sample goes through, so that those
	// of small kernels stay in the cache next to the processor.
	copiesBytes = 128 << 10
)

// A kernelRun calls one kernel on copies of its operands: those that are
// overwritten are restored, outside the time taken.
type kernelRun struct {
	flops   float64
	copies  int
	restore func(i int)
	call    func(i int)
}

// measureKernel returns the median rate of a kernel on square operands of order
// n, in Gflop/s.
func measureKernel(op string, b blas.Backend, n, samples int) float64 {
	r := newKernelRun(op, b, n)
	r.sample() // touches the memory
	rates := make([]float64, samples)
	for i := range rates {
		calls, spent := 0, time.Duration(0)
		for spent < sampleTime {
			spent += r.sample()
			calls += r.copies
		}
		rates[i] = float64(calls) * r.flops / spent.Seconds() / 1e9
	}
	slices.Sort(rates)
	return (rates[(samples-1)/2] + rates[samples/2]) / 2
}

// sample calls the kernel once on each copy and returns the time of that.
func (r *kernelRun) sample() time.Duration {
	for i := range r.copies {
		r.restore(i)
	}
	start := time.Now()
	for i := range r.copies {
		r.call(i)
	}
	return time.Since(start)
}

func newKernelRun(op string, b blas.Backend, n int) *kernelRun {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	nn := n * n
	a, x := randomSlice(rng, nn), randomSlice(rng, nn)
	n3 := float64(n) * float64(n) * float64(n)
	r := &kernelRun{copies: max(1, copiesBytes/(8*nn)), restore: func(int) {}}
	out := make([]float64, nn*r.copies)
	at := func(i int) []float64 { return out[i*nn : (i+1)*nn] }
	switch op {
	case "gemm":
		r.flops = 2 * n3
		r.call = func(i int) {
			b.Gemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a, n, x, n, 0, at(i), n)
		}
	case "syrk":
		r.flops = n3
		r.call = func(i int) { b.Syrk(blas.Lower, blas.NoTrans, n, n, 1, a, n, 0, at(i), n) }
	case "trsm":
		for i := range n {
			a[i*n+i] = float64(n)
		}
		r.flops = n3
		r.restore = func(i int) { copy(at(i), x) }
		r.call = func(i int) {
			b.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.NonUnit, n, n, 1, a, n, at(i), n)
		}
	case "sytrf":
		e, perm, work := make([]float64, n), make([]int, n), make([]float64, b.SytrfWork(n))
		r.flops = n3 / 3
		r.restore = func(i int) { copy(at(i), a) }
		r.call = func(i int) { b.Sytrf(n, at(i), n, e, perm, work) }
	case "sytrs":
		e, perm, work := make([]float64, n), make([]int, n), make([]float64, max(nn, b.SytrfWork(n)))
		b.Sytrf(n, a, n, e, perm, work)
		r.flops = 2 * n3
		r.restore = func(i int) { copy(at(i), x) }
		r.call = func(i int) { b.Sytrs(n, n, a, n, e, perm, at(i), n, work) }
	default:
		panic(program + ": unknown kernel " + op)
	}
	return r
}

// randomSlice returns n normal numbers.
func randomSlice(rng *rand.Rand, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = rng.NormFloat64()
	}
	return s
}
