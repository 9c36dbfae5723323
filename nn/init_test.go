package nn

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"costate/la/vec"
)

func TestInit(t *testing.T) {
	net := mustNet(t, 400, CrossEntropy, &Dense{Out: 300, Bias: true, Act: ReLU}, &Dense{Out: 300, Act: Tanh, Skip: true}, gain{}, &Dense{Out: 200})
	net.Init(1, &Init{Gain: 2, SkipGain: 0.5})
	sd := func(layer int) float64 {
		w, b := net.Weights(layer)
		if notZero(b) {
			t.Errorf("layer %d has biases", layer+1)
		}
		return norm(w) / math.Sqrt(float64(len(w)))
	}
	// 60,000 numbers and more: their standard deviation is right to 1/√(2·60000)
	// or 0.3%, times five.
	for layer, want := range map[int]float64{0: 2 / math.Sqrt(400), 1: 1 / math.Sqrt(300), 3: 2 / math.Sqrt(300)} {
		if got := sd(layer); math.Abs(got-want) > 0.015*want {
			t.Errorf("layer %d: standard deviation %v, want %v", layer+1, got, want)
		}
	}
	p := net.Params()
	net.Init(1, &Init{Gain: 2, SkipGain: 0.5})
	if !slices.Equal(p, net.Params()) {
		t.Error("one seed gave two networks")
	}
	net.Init(2, &Init{Gain: 2, SkipGain: 0.5})
	if p[0] == net.Params()[0] {
		t.Error("two seeds gave one network")
	}
	plain := mustNet(t, 400, CrossEntropy, &Dense{Out: 300, Act: ReLU}, &Dense{Out: 200})
	plain.Init(1, &Init{ByActivation: true})
	w, _ := plain.Weights(1)
	if got, want := norm(w)/math.Sqrt(float64(len(w))), math.Sqrt(2.0/300); math.Abs(got-want) > 0.015*want {
		t.Errorf("after ReLU: standard deviation %v, want %v", got, want)
	}
}

// Uniform weights and biases are those of PyTorch's Linear and Conv: even within
// ±1/√fan-in, of a layer with positions as for the inputs that are not always 0.
func TestInitUniform(t *testing.T) {
	net := mustNet(t, 1600, CrossEntropy, &Conv2D{Height: 40, Width: 40, Out: 500, Kernel: 4, Stride: 36, Bias: true},
		&Tokens{Out: 300, Positions: true}, &Dense{Out: 100, Bias: true})
	net.Init(1, &Init{Uniform: true})
	for layer, fan := range map[int]float64{0: 16, 1: 500 + 1, 2: 4 * 300} {
		w, b := net.Weights(layer)
		for _, x := range [][]float64{w, b} {
			if x == nil {
				continue
			}
			most := slices.Max(x)
			if least := slices.Min(x); most > 1/math.Sqrt(fan) || -least > 1/math.Sqrt(fan) || most < 0.9/math.Sqrt(fan) || -least < 0.9/math.Sqrt(fan) {
				t.Errorf("layer %d: from %v to %v, want ±%v", layer+1, least, most, 1/math.Sqrt(fan))
			}
		}
		// The standard deviation of even numbers is their bound over √3.
		if got, want := norm(w)/math.Sqrt(float64(len(w))), 1/math.Sqrt(3*fan); math.Abs(got-want) > 0.03*want {
			t.Errorf("layer %d: standard deviation %v, want %v", layer+1, got, want)
		}
	}
}

// The channels of a convolution in groups begin as those of one without, of so many inputs.
func TestInitGroups(t *testing.T) {
	net := mustNet(t, 4*60, CrossEntropy, &Conv1D{Length: 60, Out: 400, Kernel: 8, Groups: 2, Bias: true}, GlobalAvgPool{}, &Dense{Out: 2})
	c := net.Layers()[0].(*Conv1D)
	parts := func() (w, b []float64) {
		for i, at := range c.PyTorchOrder() {
			if v := net.theta[at]; i < 400*16 {
				w = append(w, v)
			} else {
				b = append(b, v)
			}
		}
		return w, b
	}
	net.Init(1, &Init{Gain: 2})
	w, b := parts()
	if got, want := norm(w)/math.Sqrt(float64(len(w))), 2/math.Sqrt(16); notZero(b) || math.Abs(got-want) > 0.05*want {
		t.Errorf("standard deviation %v, want %v; biases of norm %v", got, want, norm(b))
	}
	net.Init(1, &Init{Uniform: true})
	w, b = parts()
	for _, x := range [][]float64{w, b} {
		if most := max(slices.Max(x), -slices.Min(x)); most > 0.25 || most < 0.24 {
			t.Errorf("up to %v, want 1/√16", most)
		}
	}
	net.Init(1, &Init{Orthogonal: true})
	w, b = parts()
	for g := range 2 { // 200×16 of orthonormal columns times √(200/16)
		for i := range 16 {
			for j := range 16 {
				dot, want := 0.0, 0.0
				for o := range 200 {
					dot += w[(g*200+o)*16+i] * w[(g*200+o)*16+j]
				}
				if i == j {
					want = 200.0 / 16
				}
				if math.Abs(dot-want) > 1e-12 {
					t.Fatalf("group %d: columns %d and %d have the product %v, want %v", g, i, j, dot, want)
				}
			}
		}
	}
	if notZero(b) {
		t.Error("biases are not zero")
	}
}

func notZero(x []float64) bool { return norm(x) != 0 }

func TestGain(t *testing.T) {
	for a, want := range map[Activation]float64{
		Identity: 1,
		ReLU:     math.Sqrt2,
		// E tanh² = 0.394294…, E σ² = 1/4 + E tanh(x/2)²/4.
		Tanh: 1.5925374197228312,
	} {
		if got := Gain(a); math.Abs(got-want) > 1e-6*want {
			t.Errorf("%s: gain %v, want %v", a.Name(), got, want)
		}
	}
	zero := NewActivation("zero", func(float64) (f, d1, d2 float64) { return 0, 0, 0 })
	if Gain(zero) != 1 {
		t.Error("gain of a constant 0")
	}
}

func TestOrthogonal(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range [][2]int{{1, 1}, {5, 5}, {3, 8}, {8, 3}, {60, 60}, {1, 9}} {
		rows, cols := c[0], c[1]
		w := make([]float64, rows*cols)
		orthogonal(w, rows, cols, 1.5, rng)
		// Rows are orthogonal, or columns, with squares of the right length.
		m, length, at := rows, cols, func(i, k int) float64 { return w[i*cols+k] }
		want := 1.5 * 1.5
		if rows > cols {
			m, length, at = cols, rows, func(i, k int) float64 { return w[k*cols+i] }
			want *= float64(rows) / float64(cols)
		}
		for i := range m {
			for j := range m {
				s := 0.0
				for k := range length {
					s += at(i, k) * at(j, k)
				}
				if i == j {
					s -= want
				}
				if math.Abs(s) > 1e-14*want*float64(length) {
					t.Errorf("%d×%d: (%d,%d) is off by %v", rows, cols, i, j, s)
				}
			}
		}
	}
	// A hundred tanh layers: signals survive with gains that fit, and die
	// without.
	size := func(o *Init) float64 {
		net := uniform(t, 16, 16, 16, 100, Tanh, false)
		net.Init(1, o)
		b := randomBatch(net, 8, rng, false)
		z := make([]float64, 8*16)
		if err := net.Predict(z, b.X, 8, nil); err != nil {
			t.Fatal(err)
		}
		return norm(z) / math.Sqrt(float64(len(z)))
	}
	if plain, orth := size(nil), size(&Init{Orthogonal: true, Gain: 1.05}); plain > 0.01 || orth < 0.1 {
		t.Errorf("after 100 layers outputs are of size %v, with orthogonal weights %v", plain, orth)
	}
}

func TestLayerNorm(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 5, 30} {
		for _, l := range []LayerNorm{{}, {Eps: 0.3}} {
			x, y, b := make([]float64, n), make([]float64, n), make([]float64, n)
			for i := range x {
				x[i], b[i] = 3+2*rng.NormFloat64(), rng.NormFloat64()
			}
			l.Forward(y, x)
			mean, v := 0.0, 0.0
			for _, w := range y {
				mean += w / float64(n)
				v += w * w / float64(n)
			}
			if math.Abs(mean) > 1e-14 || l.Eps == 0 && n > 2 && math.Abs(v-1) > 1e-3 {
				t.Errorf("n = %d: mean %v, variance %v", n, mean, v)
			}
			// J and Jᵀb agree, and J1 = 0: a shift of the inputs does nothing.
			j, g, g2 := make([]float64, n*n), make([]float64, n), make([]float64, n)
			l.Jacobian(j, x)
			l.Pull(g, x, b)
			transMul(g2, j, b)
			_, s := l.stats(x) // for n = 2, J itself is tiny by cancellation
			for i := range n {
				if math.Abs(g[i]-g2[i]) > 1e-14*s*(1+norm(y)*norm(y))*norm(b) {
					t.Errorf("n = %d: Pull %v, Jacobian %v", n, g, g2)
				}
				sum := 0.0
				for _, w := range j[i*n : i*n+n] {
					sum += w
				}
				if math.Abs(sum) > 1e-14*s*(1+norm(y)*norm(y)) {
					t.Errorf("n = %d: row %d of J adds up to %v", n, i, sum)
				}
			}
			// Inputs that are all equal are no trouble.
			for i := range x {
				x[i] = 5
			}
			q := make([]float64, n*n)
			l.Forward(y, x)
			l.Jacobian(j, x)
			l.Second(q, x, b)
			if vec.FirstNotFinite(y) >= 0 || vec.FirstNotFinite(j) >= 0 || vec.FirstNotFinite(q) >= 0 || norm(y) != 0 {
				t.Errorf("n = %d: equal inputs give %v", n, y)
			}
		}
	}
}
