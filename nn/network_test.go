package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"costate/internal/alloctest"
	"costate/la/blas"
	"costate/la/blas/blastest"
	"costate/system"
)

func TestParams(t *testing.T) {
	net := mustNet(t, 2, CrossEntropy, &Dense{Out: 3, Bias: true}, LayerNorm{}, &Dense{Out: 2})
	if net.NumParams() != 15 || net.Inputs() != 2 || net.Outputs() != 2 || len(net.Layers()) != 3 || net.LossFunc() != CrossEntropy {
		t.Errorf("%d parameters, %d inputs, %d outputs", net.NumParams(), net.Inputs(), net.Outputs())
	}
	p := make([]float64, 15)
	for i := range p {
		p[i] = float64(i)
	}
	net.SetParams(p)
	w1, b1 := net.Weights(0)
	w2, b2 := net.Weights(2)
	if !slices.Equal(w1, p[:6]) || !slices.Equal(b1, p[6:9]) || !slices.Equal(w2, p[9:]) || b2 != nil {
		t.Error(w1, b1, w2, b2)
	}
	c := net.Clone()
	w1[0] = 100
	if c.Params()[0] != 0 || net.Params()[0] != 100 {
		t.Error("a clone shares parameters, or a view does not")
	}
	q := make([]float64, 15)
	c.ParamsTo(q)
	if !slices.Equal(q, p) {
		t.Error(q)
	}
}

// A Linearization stays what it was when the network and the batch change, and
// the same storage serves other batch sizes and networks.
func TestLinearizationKeeps(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	net := uniform(t, 3, 5, 4, 3, Tanh, true)
	b := randomBatch(net, 6, rng, true)
	var lin, again Linearization
	if err := net.Linearize(&lin, b); err != nil {
		t.Fatal(err)
	}
	v := make([]float64, net.NumParams())
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	hv := func(l *Linearization) []float64 {
		dst := make([]float64, len(v))
		system.NewProduct(&l.Chain, blas.Native()).HessVec(dst, v)
		return dst
	}
	h, g, loss := hv(&lin), slices.Clone(lin.Gradient), lin.Loss
	x, p := slices.Clone(b.X), net.Params()
	for i := range b.X {
		b.X[i] = 7
	}
	net.SetParams(make([]float64, len(v)))
	if !slices.Equal(hv(&lin), h) || !slices.Equal(lin.Gradient, g) {
		t.Error("a linearization changed with its network or batch")
	}
	copy(b.X, x)
	net.SetParams(p)

	other := uniform(t, 4, 6, 3, 5, ReLU, false)
	for _, l := range []func() error{
		func() error { return other.Linearize(&again, randomBatch(other, 3, rng, false)) },
		func() error { return net.Linearize(&again, randomBatch(net, 9, rng, false)) },
		func() error { return net.Linearize(&again, randomBatch(net, 6, rng, false)) },
		func() error { return net.Clone().Linearize(&again, b) },
	} {
		if err := l(); err != nil {
			t.Fatal(err)
		}
	}
	if again.Loss != loss || !slices.Equal(again.Gradient, g) || !slices.Equal(hv(&again), h) {
		t.Error("storage that was used before gives another result")
	}
	z := make([]float64, b.N*net.Outputs())
	if err := net.Predict(z, b.X, b.N, nil); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(z, again.Outputs); d != "" {
		t.Error(d)
	}
}

func TestNoAllocations(t *testing.T) {
	for _, c := range []struct {
		name string
		net  *Network
	}{
		{"tanh", uniform(t, 5, 10, 3, 10, Tanh, true)},
		{"relu", uniform(t, 5, 10, 3, 10, ReLU, false)},
		{"everything", mustNet(t, 4, SquaredError, LayerNorm{}, &Dense{Out: 6, Act: Tanh}, LayerNorm{}, pairs{}, &Dense{Out: 3, Act: GELU, Skip: true, Bias: true}, LayerNorm{}, gain{}, &Dense{Out: 2})},
		{"block layer first", mustNet(t, 4, SigmoidCrossEntropy, gain{}, &Dense{Out: 2})},
		{"rows", mustNet(t, 16, CrossEntropy, &Conv2D{Height: 4, Width: 4, Out: 2, Kernel: 3, Pad: 1, Act: Tanh}, AvgPool{Size: 2},
			&Residual{[]Layer{LayerNorm{Tokens: 4}, Scale{}, &Tokens{Out: 6}, Attention{}, &Tokens{Out: 2, Act: GELU}}}, &Dense{Out: 2})},
	} {
		if c.name == "rows" && blastest.Race {
			continue // a sync.Pool then drops at random what it is given
		}
		rng := rand.New(rand.NewPCG(1, 1))
		b, large := randomBatch(c.net, 4, rng, true), randomBatch(c.net, 7000, rng, false)
		var lin Linearization
		var ws, parts Workspace
		g, z := make([]float64, c.net.NumParams()), make([]float64, large.N*c.net.Outputs())
		for pass, f := range map[string]func() error{
			"Linearize":       func() error { return c.net.Linearize(&lin, b) },
			"Gradient":        func() error { _, err := c.net.Gradient(g, b, &ws); return err },
			"Loss":            func() error { _, err := c.net.Loss(b, &ws); return err },
			"Gradient, parts": func() error { _, err := c.net.Gradient(g, large, &parts); return err },
			"Predict, parts":  func() error { return c.net.Predict(z, large.X, large.N, &parts) },
		} {
			if err := f(); err != nil {
				t.Fatal(err)
			}
			// The kernels of large products may start goroutines, which is theirs.
			c.net.Backend = blas.NativeThreads(1)
			if n := alloctest.PerRun(3, func() { f() }); n != 0 {
				t.Errorf("%s, %s: %v allocations", c.name, pass, n)
			}
		}
	}
}

// A large batch is taken in parts; the sums must be those of the whole.
func TestParts(t *testing.T) {
	net := mustNet(t, 6, CrossEntropy, LayerNorm{}, &Dense{Out: 40, Act: Tanh, Bias: true}, LayerNorm{}, &Dense{Out: 40, Act: SiLU, Skip: true}, &Dense{Out: 4, Bias: true})
	randomize(net, 3)
	rng := rand.New(rand.NewPCG(1, 1))
	part := net.plan.partSize(1 << 20)
	for _, n := range []int{part - 1, part, part + 1, 2*part + 17} {
		b := randomBatch(net, n, rng, true)
		var lin Linearization
		if err := net.Linearize(&lin, b); err != nil {
			t.Fatal(err)
		}
		g := make([]float64, net.NumParams())
		var ws Workspace
		for range 2 {
			loss, err := net.Gradient(g, b, &ws)
			if err != nil {
				t.Fatal(err)
			}
			l2, err := net.Loss(b, &ws)
			if err != nil {
				t.Fatal(err)
			}
			// Sums of n terms in another order: n·u at the very worst.
			tol := float64(n) * 0x1p-53
			if math.Abs(loss-lin.Loss) > tol*lin.Loss || math.Abs(l2-lin.Loss) > tol*lin.Loss {
				t.Errorf("batch of %d: loss %v, %v, in parts %v", n, lin.Loss, loss, l2)
			}
			for i := range g {
				if math.Abs(g[i]-lin.Gradient[i]) > tol*norm(g) {
					t.Fatalf("batch of %d: gradient %v, in parts %v", n, lin.Gradient[i], g[i])
				}
			}
		}
		right := 0
		for i, l := range b.Labels {
			if class(lin.Outputs[i*4:i*4+4]) == l {
				right++
			}
		}
		if acc, err := net.Accuracy(b, &ws); err != nil || acc != float64(right)/float64(n) {
			t.Errorf("batch of %d: accuracy %v, %v, counted %d", n, acc, err, right)
		}
	}
	one := mustNet(t, 1, SigmoidCrossEntropy, &Dense{Out: 1})
	one.SetParams([]float64{1})
	if acc, err := one.Accuracy(&Batch{N: 4, X: []float64{1, -1, 0, 2}, Labels: []int{1, 0, 0, 0}}, nil); err != nil || acc != 0.75 {
		t.Error(acc, err)
	}
}

func TestZeroWeight(t *testing.T) {
	net := uniform(t, 3, 5, 4, 3, Tanh, true)
	rng := rand.New(rand.NewPCG(1, 1))
	b := randomBatch(net, 5, rng, false)
	b.Weights = []float64{1, 0, 2, 0, 0.5}
	less := &Batch{N: 3, Weights: []float64{1, 2, 0.5}}
	for _, i := range []int{0, 2, 4} {
		less.X = append(less.X, b.X[3*i:3*i+3]...)
		less.Labels = append(less.Labels, b.Labels[i])
	}
	g, g2 := make([]float64, net.NumParams()), make([]float64, net.NumParams())
	l, err := net.Gradient(g, b, nil)
	l2, err2 := net.Gradient(g2, less, nil)
	if err != nil || err2 != nil || math.Abs(l*5-l2*3) > 1e-15*l2*3 {
		t.Errorf("%v, %v: losses %v and %v", err, err2, l*5, l2*3)
	}
	for i := range g {
		if math.Abs(g[i]*5-g2[i]*3) > 1e-14*norm(g2) {
			t.Errorf("gradients %v and %v", g[i]*5, g2[i]*3)
		}
	}
	b.Weights = make([]float64, 5)
	var lin Linearization
	if err := net.Linearize(&lin, b); err != nil || lin.Loss != 0 || norm(lin.Gradient) != 0 || norm(lin.Chain.Loss.Full) != 0 {
		t.Errorf("%v: loss %v with all weights zero", err, lin.Loss)
	}
}

// Backends agree: the native kernels, a single thread, and the small loops,
// which do products that reach no backend.
func TestBackends(t *testing.T) {
	net := uniform(t, 30, 40, 10, 4, Tanh, true)
	b := randomBatch(net, 33, rand.New(rand.NewPCG(1, 1)), false)
	var first Linearization
	if err := net.Linearize(&first, b); err != nil {
		t.Fatal(err)
	}
	for _, name := range blas.Names() {
		be, err := blas.ByName(name, 1)
		if err != nil {
			continue // not built in
		}
		other := net.Clone()
		other.Backend = be
		var lin Linearization
		if err := other.Linearize(&lin, b); err != nil {
			t.Fatal(err)
		}
		for i := range lin.Gradient {
			if math.Abs(lin.Gradient[i]-first.Gradient[i]) > 1e-13*norm(first.Gradient) {
				t.Fatalf("%s gives %v, the default %v", name, lin.Gradient[i], first.Gradient[i])
			}
		}
	}
	for _, size := range [][3]int{{5, 7, 6}, {2, 10, 10}, {1, 1, 3}, {3, 2, 9}, {8, 20, 17}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) { smallProducts(t, size[0], size[1], size[2]) })
	}
}

// smallProducts compares the products that go without a backend with one.
func smallProducts(t *testing.T, m, k, n int) {
	rng := rand.New(rand.NewPCG(1, 1))
	random := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		return x
	}
	z, w, bias, delta := random(m*k), random(n*k), random(n), random(m*n)
	be := blas.Native()
	check := func(got, want []float64) {
		t.Helper()
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-14*norm(want) {
				t.Errorf("small %v, backend %v", got, want)
				break
			}
		}
	}
	u, u2 := make([]float64, m*n), make([]float64, m*n)
	smallForward(u, z, w, bias, m, k, n)
	for i := range u2 {
		u2[i] = bias[i%n]
	}
	be.Gemm(blas.NoTrans, blas.Trans, m, n, k, 1, z, k, w, k, 1, u2, n)
	check(u, u2)
	for _, add := range []bool{false, true} {
		g, dw := random(m*k), random(n*k)
		g2, dw2 := slices.Clone(g), slices.Clone(dw)
		beta := 0.0
		if add {
			beta = 1
		}
		smallBack(g, delta, w, m, k, n, add)
		be.Gemm(blas.NoTrans, blas.NoTrans, m, k, n, 1, delta, n, w, k, beta, g2, k)
		check(g, g2)
		smallGradient(dw, delta, z, m, k, n, add)
		be.Gemm(blas.Trans, blas.NoTrans, n, k, m, 1, delta, n, z, k, beta, dw2, k)
		check(dw, dw2)
	}
}

func TestConcurrent(t *testing.T) {
	net := mustNet(t, 4, CrossEntropy, &Dense{Out: 6, Act: Tanh}, LayerNorm{}, gain{}, &Dense{Out: 3})
	randomize(net, 1)
	b := randomBatch(net, 8, rand.New(rand.NewPCG(1, 1)), false)
	var want Linearization
	if err := net.Linearize(&want, b); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var lin Linearization
			for range 20 {
				if err := net.Linearize(&lin, b); err != nil || !slices.Equal(lin.Gradient, want.Gradient) {
					t.Errorf("%v: goroutines disturb each other", err)
				}
			}
		})
	}
	wg.Wait()
}
