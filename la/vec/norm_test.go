package vec_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"costate/la/vec"
)

func TestNorm2(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		for _, e := range []int{0, 400, -400, 480, -480, 1020, -1070} {
			x := make([]float64, n)
			sum := new(big.Float).SetPrec(200)
			for i := range x {
				x[i] = math.Ldexp(rng.Float64()-0.5, e-2*(i%2))
				v := new(big.Float).SetPrec(200).SetFloat64(x[i])
				sum.Add(sum, v.Mul(v, v))
			}
			want, _ := sum.Sqrt(sum).Float64()
			got := vec.Norm2(x)
			if math.Abs(got-want) > 1e-15*float64(n+4)*want+5e-324 {
				t.Errorf("n %d, 2^%d: %v, want %v", n, e, got, want)
			}
		}
	}
	if v := vec.Norm2([]float64{1, math.NaN(), 2}); v == v {
		t.Error("the norm of a NaN is", v)
	}
	if v := vec.Norm2([]float64{1, math.Inf(-1)}); !math.IsInf(v, 1) {
		t.Error("the norm of an infinity is", v)
	}
}

func TestMaxMagnitude(t *testing.T) {
	for n := 1; n < 20; n++ {
		for at := range n {
			x := make([]float64, n)
			for i := range x {
				x[i] = float64(i%3) - 1
			}
			for _, v := range []float64{-7, 7, math.Inf(-1), math.NaN()} {
				x[at] = v
				got := vec.MaxMagnitude(x)
				if !(got == math.Abs(v) || v != v && got != got) {
					t.Errorf("n %d, %v at %d: %v", n, v, at, got)
				}
				if i := vec.FirstNotFinite(x); v-v != 0 && i != at || v-v == 0 && i != -1 {
					t.Errorf("n %d, %v at %d: first not finite %d", n, v, at, i)
				}
			}
		}
	}
}

func TestTranspose(t *testing.T) {
	for rows := range 20 {
		for cols := range 20 {
			lds, ldd := cols+3, rows+2
			src, dst := make([]float64, rows*lds+cols), make([]float64, cols*ldd+rows)
			for i := range src {
				src[i] = float64(i + 1)
			}
			for i := range dst {
				dst[i] = -1
			}
			vec.Transpose(dst, ldd, src, lds, rows, cols)
			for j := range cols {
				for i := range ldd {
					if at := j*ldd + i; at < len(dst) {
						want := -1.0
						if i < rows {
							want = src[i*lds+j]
						}
						if i < rows && dst[at] != want || i >= rows && dst[at] != -1 {
							t.Fatalf("%d×%d: (%d, %d) is %v", rows, cols, j, i, dst[at])
						}
					}
				}
			}
		}
	}
	for n := range 30 {
		a := make([]float64, n*n)
		for i := range a {
			a[i] = float64(i)
		}
		vec.MirrorLower(n, a, n, 0, n)
		for i := range n {
			for j := range i {
				if a[j*n+i] != a[i*n+j] || a[i*n+j] != float64(i*n+j) {
					t.Fatalf("order %d: (%d, %d)", n, i, j)
				}
			}
		}
		if n > 0 && vec.MaxLower(n, a, n) != float64(n*n-1) {
			t.Errorf("order %d: greatest %v", n, vec.MaxLower(n, a, n))
		}
	}
}
