package laplace

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// logits are random functional posteriors, with one whose logits are huge.
func logits(rng *rand.Rand, n, c int) *Prediction {
	p := &Prediction{N: n, Outputs: c, Mean: make([]float64, n*c), Cov: make([]float64, n*c*c)}
	for i := range p.Mean {
		p.Mean[i] = 2 * rng.NormFloat64()
	}
	p.Mean[0] = 900
	for k := range n {
		a := mat.NewDense(c, c+1, nil)
		for i := range c {
			for j := range c + 1 {
				a.Set(i, j, rng.NormFloat64())
			}
		}
		var aat mat.Dense
		aat.Mul(a, a.T())
		copy(p.Cov[k*c*c:], aat.RawMatrix().Data)
	}
	return p
}

// Probit and Bridge against their formulas written down as in laplace-torch, where these
// do not overflow.
func TestLinks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n, c = 40, 4
	p := logits(rng, n, c)
	probit, bridge := make([]float64, n*c), make([]float64, n*c)
	p.Probit(probit)
	p.Bridge(bridge)
	for k := range n {
		f, v := append([]float64(nil), p.Mean[k*c:(k+1)*c]...), mat.NewDense(c, c, append([]float64(nil), p.Cov[k*c*c:(k+1)*c*c]...))
		sum := 0.0
		for _, q := range [][]float64{probit, bridge} {
			sum = 0
			for _, x := range q[k*c : (k+1)*c] {
				sum += x
				if !(x >= 0 && x <= 1) {
					t.Fatalf("sample %d: probabilities %v", k, q[k*c:(k+1)*c])
				}
			}
			if !(math.Abs(sum-1) <= 1e-14) {
				t.Fatalf("sample %d: probabilities with sum %v", k, sum)
			}
		}
		if k == 0 {
			if !(bridge[0] > 0.999) {
				t.Errorf("a class that is certain has probability %v by the bridge", bridge[0])
			}
			continue
		}
		want, total := make([]float64, c), 0.0
		for i, x := range f {
			want[i] = math.Exp(x / math.Sqrt(1+math.Pi/8*v.At(i, i)))
			total += want[i]
		}
		for i := range want {
			if !(math.Abs(probit[k*c+i]-want[i]/total) <= 1e-13) {
				t.Errorf("probit: %v, want %v", probit[k*c+i], want[i]/total)
			}
		}
		rows, all, fsum := make([]float64, c), 0.0, 0.0
		for i := range c {
			rows[i] = mat.Sum(v.RowView(i))
			all += rows[i]
			fsum += f[i]
		}
		total = 0
		inverse := 0.0
		g := make([]float64, c)
		for i := range c {
			g[i] = f[i] - rows[i]*fsum/all
			inverse += math.Exp(-g[i])
		}
		for i := range c {
			want[i] = (1 - 2/float64(c) + math.Exp(g[i])/float64(c*c)*inverse) / (v.At(i, i) - rows[i]*rows[i]/all)
			total += want[i]
		}
		for i := range want {
			if !(math.Abs(bridge[k*c+i]-want[i]/total) <= 1e-12) {
				t.Errorf("bridge: %v, want %v", bridge[k*c+i], want[i]/total)
			}
		}
	}
}

func TestMonteCarlo(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	p := logits(rng, 5, 3)
	for k := range p.N {
		r, err := squareRoot(p.Cov[k*9:(k+1)*9], 3)
		if err != nil {
			t.Fatal(err)
		}
		var rrt mat.Dense
		rrt.Mul(r, r.T())
		near(t, "square root", &rrt, mat.NewDense(3, 3, p.Cov[k*9:(k+1)*9]), 1e-13)
	}
	mc := make([]float64, 15)
	if err := p.MonteCarlo(mc, 7, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	for k := range p.N {
		if sum := mc[3*k] + mc[3*k+1] + mc[3*k+2]; !(math.Abs(sum-1) <= 1e-14) {
			t.Errorf("probabilities with sum %v", sum)
		}
	}
	// Without variance all are the softmax; one output is a sigmoid.
	clear(p.Cov)
	want := append([]float64(nil), p.Mean...)
	for k := range p.N {
		softmax(want[3*k : 3*k+3])
	}
	probit := make([]float64, 15)
	p.Probit(probit)
	if err := p.MonteCarlo(mc, 3, rng); err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		if !(math.Abs(mc[i]-w) <= 1e-15) || !(math.Abs(probit[i]-w) <= 1e-15) {
			t.Fatalf("certain logits: %v and %v, want %v", mc[i], probit[i], w)
		}
	}
	one := &Prediction{N: 1, Outputs: 1, Mean: []float64{2}, Cov: []float64{3}}
	out := make([]float64, 1)
	one.Probit(out)
	if w := 1 / (1 + math.Exp(-2/math.Sqrt(1+3*math.Pi/8))); !(math.Abs(out[0]-w) <= 1e-15) {
		t.Errorf("one output: %v, want %v", out[0], w)
	}
}
