//go:build openblas

package gemm

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	gblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/netlib/blas/netlib"
)

// rest is how long the threads of one library are given to go to sleep.
var rest time.Duration

// compare times the functions in turn, in short rounds, and returns the least
// seconds of a call of each, or the median if the environment has MEDIAN.
func compare(fs ...func()) []float64 {
	all := make([][]float64, len(fs))
	calls := make([]int, len(fs))
	for i, f := range fs {
		f()
		start := time.Now()
		f()
		calls[i] = 1 + int(300*time.Microsecond/(1+time.Since(start)))
	}
	rounds := 0
	for start := time.Now(); rounds < 10 || time.Since(start) < 100*time.Millisecond+10*rest; rounds++ {
		for i, f := range fs {
			// The threads of OpenBLAS wait for work in a loop, for 2^26 cycles
			// after a call, and would share the processors with what comes next.
			time.Sleep(rest)
			if rest > 0 {
				f()
				f()
				f()
			}
			start := time.Now()
			for range calls[i] {
				f()
			}
			all[i] = append(all[i], time.Since(start).Seconds()/float64(calls[i]))
		}
	}
	var out []float64
	for _, t := range all {
		slices.Sort(t)
		if os.Getenv("MEDIAN") != "" {
			out = append(out, t[len(t)/2])
		} else {
			out = append(out, t[0])
		}
	}
	return out
}

// TestCompareOpenBLAS prints speeds beside those of OpenBLAS and gonum in one
// run. OPENBLAS_NUM_THREADS must be set to the number of threads to compare:
//
//	OPENBLAS_NUM_THREADS=1 CGO_LDFLAGS=-lopenblas go test -tags openblas -run CompareOpenBLAS -v
func TestCompareOpenBLAS(t *testing.T) {
	threads, err := strconv.Atoi(os.Getenv("OPENBLAS_NUM_THREADS"))
	if err != nil {
		t.Fatal("set OPENBLAS_NUM_THREADS")
	}
	if threads > 1 {
		rest = 150 * time.Millisecond
	}
	sizes := []int{4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 200, 256, 384, 512, 768, 1024, 1536}
	if s := os.Getenv("SIZES"); s != "" {
		sizes = nil
		var n int
		for _, f := range splitComma(s) {
			fmt.Sscan(f, &n)
			sizes = append(sizes, n)
		}
	}
	other := netlib.Implementation{}
	for _, n := range sizes {
		a, b, c := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
		for i := range a {
			a[i], b[i] = float64(i%7)-3, float64(i%11)-5
		}
		flops := 2 * float64(n) * float64(n) * float64(n) * 1e-9
		line := fmt.Sprintf("n %5d", n)
		for x := range 4 {
			tA, tB := x&1 != 0, x&2 != 0
			fa, fb := gblas.NoTrans, gblas.NoTrans
			if tA {
				fa = gblas.Trans
			}
			if tB {
				fb = gblas.Trans
			}
			m := compare(
				func() { Gemm(tA, tB, n, n, n, 1, a, n, b, n, 0, c, n, threads) },
				func() { other.Dgemm(fa, fb, n, n, n, 1, a, n, b, n, 0, c, n) })
			line += fmt.Sprintf("  %s%s %5.1f/%5.1f = %4.2f", short(tA), short(tB), flops/m[0], flops/m[1], m[1]/m[0])
		}
		m := compare(
			func() { Gemmt(true, false, true, n, n, 1, a, n, a, n, 0, c, n, threads) },
			func() { other.Dsyrk(gblas.Lower, gblas.NoTrans, n, n, 1, a, n, 0, c, n) })
		line += fmt.Sprintf("  gemmt %5.1f/%5.1f = %4.2f", flops/2/m[0], flops/2/m[1], m[1]/m[0])
		if n <= 128 {
			for i := range a {
				a[i] /= float64(4 * n)
			}
			for x := range 4 {
				side, tr := gblas.Left, gblas.NoTrans
				if x&1 != 0 {
					side = gblas.Right
				}
				if x&2 != 0 {
					tr = gblas.Trans
				}
				m = compare(
					func() { copy(c, b); Trsm(x&1 == 0, x&2 == 0, x&2 != 0, true, n, n, a, n, c, n) },
					func() { copy(c, b); other.Dtrsm(side, gblas.Lower, tr, gblas.Unit, n, n, 1, a, n, c, n) })
				line += fmt.Sprintf("  trsm%d %4.1f/%4.1f = %4.2f", x, flops/2/m[0], flops/2/m[1], m[1]/m[0])
			}
		}
		if n <= 512 && os.Getenv("GONUM") != "" {
			m = compare(
				func() { Gemm(false, false, n, n, n, 1, a, n, b, n, 0, c, n, threads) },
				func() { gonum.Implementation{}.Dgemm(gblas.NoTrans, gblas.NoTrans, n, n, n, 1, a, n, b, n, 0, c, n) })
			line += fmt.Sprintf("  gonum %5.1f = %4.1fx", flops/m[1], m[1]/m[0])
		}
		t.Log(line)
	}
}

func short(t bool) string {
	if t {
		return "T"
	}
	return "N"
}

func splitComma(s string) []string {
	var out []string
	for len(s) > 0 {
		i := 0
		for i < len(s) && s[i] != ',' {
			i++
		}
		out = append(out, s[:i])
		s = s[min(len(s), i+1):]
	}
	return out
}
