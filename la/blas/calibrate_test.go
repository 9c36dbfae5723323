package blas

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// calibrate makes the calibration tests run on all sizes and for long enough
// to be trusted:
//
//	go test -tags openblas -run Calibrate -v ./la/blas -calibrate
var calibrate = flag.Bool("calibrate", false, "measure block sizes and crossovers at length")

// fastest returns the times of some functions in seconds, each run on fresh
// copies of src in a: the lower quartile of many short measurements in turns,
// so that a busy machine disturbs little and all alike.
func fastest(a, src []float64, funcs ...func()) []float64 {
	rounds, least := 3, 20*time.Microsecond
	if *calibrate {
		rounds, least = 31, time.Millisecond
	}
	times := make([][]float64, len(funcs))
	for range rounds {
		for i, f := range funcs {
			var spent time.Duration
			calls := 0
			for calls == 0 || spent < least {
				copy(a, src)
				start := time.Now()
				f()
				spent += time.Since(start)
				calls++
			}
			times[i] = append(times[i], spent.Seconds()/float64(calls))
		}
	}
	var out []float64
	for _, t := range times {
		slices.Sort(t)
		out = append(out, t[len(t)/4])
	}
	return out
}

func random(n int) []float64 {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

func calibrationSizes(all ...int) []int {
	if !*calibrate {
		all = all[:3]
	}
	slices.Sort(all)
	return all
}

// TestCalibrateSytrf prints the speed of the blocked Bunch–Kaufman
// factorization for widths of the panel, of tiles and of the plain one: the table
// that bkNative, bkOpenBLAS and bkGonum are set from.
func TestCalibrateSytrf(t *testing.T) {
	for _, dominance := range []float64{0, 3} {
		calibrateSytrf(t, dominance)
	}
}

func calibrateSytrf(t *testing.T, dominance float64) {
	for _, threads := range []int{1, 2} {
		backends := []Backend{NativeThreads(threads)}
		if o, err := OpenBLAS(threads); err == nil {
			backends = append(backends, o)
		}
		if *calibrate {
			backends = append(backends, Gonum(threads))
		}
		widths := []int{16, 24, 32, 48, 64, 96}
		for _, g := range backends {
			table := fmt.Sprintf("%s, %g√n on the diagonal: Gflop/s\n%6s %9s %9s %9s", Describe(g), dominance, "order", "plain", "tiles", "waiting")
			for _, nb := range widths {
				table += fmt.Sprintf(" %9d", nb)
			}
			table += fmt.Sprintf(" %10s\n", "LAPACKE")
			for _, n := range calibrationSizes(8, 16, 40, 12, 20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024) {
				src := random(n * n)
				for i := range n {
					src[i*n+i] += dominance * math.Sqrt(float64(n))
				}
				a, e, perm := make([]float64, n*n), make([]float64, n), make([]int, n)
				tiles := make([]float64, sytrfTilesWork(n, true))
				var sizes []bkSizes
				for _, nb := range widths {
					sizes = append(sizes, bkSizes{panel: min(n, nb), wideFrom: never})
				}
				work := make([]float64, 300*n+300)
				funcs := []func(){func() { sytf2(n, a, n, e, perm, work) }, func() { sytrfTiles(n, false, a, n, e, perm, tiles) },
					func() { sytrfTiles(n, true, a, n, e, perm, tiles) }}
				for _, s := range sizes {
					funcs = append(funcs, func() { sytrf(g, s, n, a, n, e, perm, work) })
				}
				if f := lapackeSytrf(threads, n); f != nil && g.Name() == "openblas" {
					funcs = append(funcs, func() { f(a, e, perm) })
				}
				flops := float64(n) * float64(n) * float64(n) / 3
				table += fmt.Sprintf("%6d", n)
				for _, s := range fastest(a, src, funcs...) {
					if !(s > 0) {
						t.Fatalf("order %d took no time", n)
					}
					table += fmt.Sprintf("  %8.2f", flops/s/1e9)
				}
				table += "\n"
			}
			t.Log(table)
		}
	}
}

// TestCalibrateAuto prints how many times as fast as OpenBLAS the native
// backend is, by instruction set and kernel: the table that crossovers is set
// from.
func TestCalibrateAuto(t *testing.T) {
	for _, isa := range InstructionSets() {
		undo, err := ForceInstructionSet(isa)
		if err != nil {
			t.Fatal(err)
		}
		for _, threads := range []int{1, 2} {
			other := Gonum(threads)
			if o, err := OpenBLAS(threads); err == nil {
				other = o
			}
			g := NativeThreads(threads)
			table := fmt.Sprintf("%s over %s\n%6s %8s %8s %8s %8s %8s\n", Describe(g), Describe(other), "order", "gemm", "gemmt", "trsm", "potrf", "sytrf")
			for _, n := range calibrationSizes(4, 16, 40, 8, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512) {
				src := random(n * n)
				tri, spd := random(n*n), make([]float64, n*n)
				for i := range n {
					for j := range n {
						tri[i*n+j] /= float64(n)
						spd[i*n+j] = 0.1
					}
					tri[i*n+i], spd[i*n+i] = 1, 1
				}
				a, c := make([]float64, n*n), make([]float64, n*n)
				e, perm, work := make([]float64, n), make([]int, n), make([]float64, max(g.SytrfWork(n), other.SytrfWork(n)))
				kernels := func(g Backend) []func() {
					return []func(){
						func() { g.Gemm(NoTrans, NoTrans, n, n, n, 1, a, n, tri, n, 0, c, n) },
						func() { g.Gemmt(Lower, Trans, NoTrans, n, n, 1, a, n, tri, n, 0, c, n) },
						func() { g.Trsm(Left, Lower, NoTrans, Unit, n, n, 1, tri, n, a, n) },
						func() { g.Potrf(n, a, n) },
						func() { g.Sytrf(n, a, n, e, perm, work) },
					}
				}
				ours, theirs := kernels(g), kernels(other)
				table += fmt.Sprintf("%6d", n)
				for i := range ours {
					from := src
					if i == 3 {
						from = spd
					}
					s := fastest(a, from, ours[i], theirs[i])
					if !(s[0] > 0 && s[1] > 0) {
						t.Fatalf("order %d took no time", n)
					}
					table += fmt.Sprintf(" %8.2f", s[1]/s[0])
				}
				table += "\n"
			}
			t.Log(table)
		}
		undo()
	}
}
