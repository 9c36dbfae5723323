package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"costate/la/blas"
	"costate/system"
)

// A netCase is a network with a batch, of one of every kind.
type netCase struct {
	name  string
	net   *Network
	batch *Batch
}

// randomBatch returns a batch that fits net: labels for the cross-entropy,
// targets for the others.
func randomBatch(net *Network, n int, rng *rand.Rand, weighted bool) *Batch {
	b := &Batch{N: n, X: make([]float64, n*net.Inputs())}
	for i := range b.X {
		b.X[i] = rng.NormFloat64()
	}
	for i := range n {
		if p := net.plan; p.lengths {
			b.X[i*p.inputs] = float64(1 + rng.IntN(p.tokens))
		}
	}
	c := net.Outputs()
	switch net.LossFunc() {
	case CrossEntropy:
		for range n {
			b.Labels = append(b.Labels, rng.IntN(max(2, c)))
		}
	default:
		for range n * net.Targets() {
			b.T = append(b.T, rng.Float64())
		}
	}
	if weighted {
		for i := range n {
			b.Weights = append(b.Weights, float64(i%3)*0.7)
		}
	}
	return b
}

func mustNet(t testing.TB, inputs int, loss Loss, layers ...Layer) *Network {
	t.Helper()
	n, err := New(inputs, loss, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// randomize gives every parameter, biases too, a random value.
func randomize(net *Network, seed uint64) {
	net.Init(seed, nil)
	rng := rand.New(rand.NewPCG(seed, 7))
	for i, v := range net.theta {
		if v == 0 {
			net.theta[i] = 0.5 * rng.NormFloat64()
		}
	}
}

func netCases(t testing.TB) []netCase {
	var cases []netCase
	add := func(name string, batch int, weighted bool, inputs int, loss Loss, layers ...Layer) {
		net := mustNet(t, inputs, loss, layers...)
		seed := uint64(len(cases) + 1)
		if strings.HasPrefix(name, "elu/") {
			seed += 1001 // no unit so near 0 that differences step over the jump of φ″ there
		}
		randomize(net, seed)
		rng := rand.New(rand.NewPCG(uint64(len(cases)), 3))
		cases = append(cases, netCase{name, net, randomBatch(net, batch, rng, weighted)})
	}
	losses := []Loss{CrossEntropy, SquaredError, SigmoidCrossEntropy}
	for _, name := range ActivationNames() {
		act, err := ActivationByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, loss := range losses {
			for _, bias := range []bool{false, true} {
				add(fmt.Sprintf("%s/%s/bias=%v", name, loss.Name(), bias), 4, bias, 3, loss, MLP([]int{3, 5, 4, 3}, act, bias)...)
			}
		}
	}
	for _, loss := range losses {
		n := loss.Name()
		add(n+"/one layer", 3, false, 4, loss, &Dense{Out: 3, Bias: true})
		add(n+"/one output", 5, false, 4, loss, MLP([]int{4, 3, 1}, Tanh, true)...)
		add(n+"/last activation", 3, false, 4, loss, &Dense{Out: 3, Act: Sigmoid}, &Dense{Out: 3, Act: Tanh, Bias: true})
		add(n+"/skip", 3, true, 4, loss, &Dense{Out: 5, Act: Tanh}, &Dense{Out: 5, Act: GELU, Skip: true, Bias: true}, &Dense{Out: 5, Skip: true}, &Dense{Out: 3})
		add(n+"/skip first and last", 3, false, 4, loss, &Dense{Out: 4, Act: Tanh, Skip: true}, &Dense{Out: 4, Act: SiLU, Skip: true, Bias: true})
		add(n+"/merged norm", 3, true, 4, loss, &Dense{Out: 6, Act: Tanh}, LayerNorm{}, &Dense{Out: 5, Bias: true}, LayerNorm{Eps: 0.1}, &Dense{Out: 3})
		add(n+"/merged relu norm", 3, false, 4, loss, &Dense{Out: 6, Act: ReLU}, LayerNorm{Eps: 0.1}, &Dense{Out: 3})
		add(n+"/merged two", 3, false, 4, loss, &Dense{Out: 6, Act: Tanh}, LayerNorm{Eps: 0.1}, pairs{}, &Dense{Out: 3})
		add(n+"/merged three", 3, false, 4, loss, &Dense{Out: 6, Act: Softplus}, pairs{}, LayerNorm{Eps: 0.1}, pairs{}, &Dense{Out: 3})
		add(n+"/map last", 3, false, 4, loss, &Dense{Out: 6, Act: Tanh}, pairs{})
		add(n+"/map after skip", 3, true, 4, loss, &Dense{Out: 6, Act: Tanh}, &Dense{Out: 6, Act: Tanh, Skip: true}, LayerNorm{Eps: 0.1}, pairs{}, &Dense{Out: 3})
		add(n+"/map after skip, last", 3, false, 4, loss, &Dense{Out: 4, Act: Tanh, Skip: true}, pairs{})
		add(n+"/map first", 3, false, 6, loss, LayerNorm{}, pairs{}, &Dense{Out: 3, Act: Tanh}, &Dense{Out: 3})
		add(n+"/block layer", 3, true, 4, loss, &Dense{Out: 6, Act: Tanh}, gain{}, &Dense{Out: 3})
		add(n+"/block layer first", 3, false, 4, loss, gain{}, &Dense{Out: 3, Act: Tanh}, &Dense{Out: 3})
		add(n+"/block layer and map", 3, false, 4, loss, &Dense{Out: 4, Act: Tanh}, gain{}, LayerNorm{Eps: 0.1}, pairs{}, &Dense{Out: 3})
		add(n+"/elementwise", 3, true, 4, loss, Elementwise{Tanh}, &Dense{Out: 6, Bias: true}, LayerNorm{Eps: 0.1}, Elementwise{SiLU}, Elementwise{Sigmoid}, &Dense{Out: 3})
		add(n+"/elementwise after skip", 3, false, 4, loss, &Dense{Out: 4, Act: Tanh, Skip: true}, Elementwise{GELUTanh}, &Dense{Out: 3})
		add(n+"/scale", 3, true, 4, loss, &Dense{Out: 6, Bias: true}, LayerNorm{Eps: 0.1}, Scale{}, Elementwise{Tanh}, &Dense{Out: 3})
		add(n+"/scale first and last", 3, false, 4, loss, Scale{}, &Dense{Out: 4, Act: Tanh}, Scale{})
		add(n+"/gains without shifts", 3, true, 4, loss, &Dense{Out: 6, Bias: true}, LayerNorm{Eps: 0.1}, Scale{NoShift: true}, Elementwise{Tanh}, &Dense{Out: 3})
		add(n+"/block layer last", 3, false, 4, loss, &Dense{Out: 4, Act: Tanh}, gain{})
	}
	for _, loss := range []Loss{
		&WeightedSigmoidCrossEntropy{Positive: []float64{2, 1, 0.3}, Weights: []float64{1, 0.5, 3}},
		&WeightedSigmoidCrossEntropy{Positive: []float64{2, 1, 0.3}, TargetWeights: true},
	} {
		add(loss.Name(), 4, true, 3, loss, MLP([]int{3, 5, 3}, Tanh, true)...)
	}
	for _, loss := range []Loss{CrossEntropy, SquaredError} {
		n := loss.Name()
		for i, c := range rowCases() {
			add(n+"/"+c.name, c.batch, i%2 == 0, c.inputs, loss, c.layers...)
		}
	}
	return cases
}

// pairs is the map ψ_i = x_i x_{i+n/2}, from n units to n/2 (the middle of an
// odd n drops out).
type pairs struct{}

func (pairs) OutWidth(in int) (int, error) {
	if in < 2 {
		return 0, fmt.Errorf("pairs of %d units", in)
	}
	return in / 2, nil
}

func (pairs) Forward(out, in []float64) {
	for i := range out {
		out[i] = in[i] * in[i+len(out)]
	}
}

func (pairs) Jacobian(j, in []float64) {
	n, m := len(in), len(in)/2
	clear(j)
	for i := range m {
		j[i*n+i], j[i*n+i+m] = in[i+m], in[i]
	}
}

func (pairs) Second(q, in, b []float64) {
	n, m := len(in), len(in)/2
	clear(q)
	for i := range m {
		q[i*n+i+m], q[(i+m)*n+i] = b[i], b[i]
	}
}

// gain is the layer out_i = exp(a_i) in_i with the learned a.
type gain struct{}

func (gain) OutWidth(in int) (int, error) { return in, nil }
func (gain) Params(in int) int            { return in }
func (gain) Forward(out, params, in []float64, batch int) {
	w := len(params)
	for i, v := range in {
		out[i] = math.Exp(params[i%w]) * v
	}
}

func (gain) Blocks(dst *system.BlockStage, params, in, b []float64, batch int, second bool) {
	w := len(params)
	if dst.F == nil {
		dst.F, dst.G = onePerRow(len(in), len(in), w), onePerRow(len(in), w, w)
		dst.A, dst.C, dst.Q = onePerRow(w, w, w), nil, nil
		dst.C = &system.Matrix{Rows: w, Cols: len(in), Ptr: make([]int, w+1), Col: make([]int, len(in)), Val: make([]float64, len(in))}
		for i := range w {
			dst.C.Ptr[i+1] = (i + 1) * batch
			for n := range batch {
				dst.C.Col[i*batch+n] = n*w + i
			}
		}
	}
	clear(dst.A.Val)
	for i, v := range in {
		e := math.Exp(params[i%w])
		dst.F.Val[i], dst.G.Val[i] = e, e*v
		if second {
			dst.A.Val[i%w] += b[i] * e * v
			dst.C.Val[i%w*batch+i/w] = b[i] * e
		}
	}
}

// onePerRow returns a matrix with an entry in column i mod w of each row i.
func onePerRow(rows, cols, w int) *system.Matrix {
	m := &system.Matrix{Rows: rows, Cols: cols, Ptr: make([]int, rows+1), Col: make([]int, rows), Val: make([]float64, rows)}
	for i := range rows {
		m.Ptr[i+1], m.Col[i] = i+1, i
		if cols == w {
			m.Col[i] = i % w
		}
	}
	return m
}

func norm(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	return math.Sqrt(s)
}

// along returns f at theta + h·dir.
func along[T any](net *Network, dir []float64, h float64, f func(*Network) T) T {
	c := net.Clone()
	for i, v := range dir {
		c.theta[i] += h * v
	}
	return f(c)
}

// central returns a fourth-order central difference quotient of a vector-valued
// f along dir.
func central(net *Network, dir []float64, h float64, f func(*Network) []float64) []float64 {
	p1, m1, p2, m2 := along(net, dir, h, f), along(net, dir, -h, f), along(net, dir, 2*h, f), along(net, dir, -2*h, f)
	d := make([]float64, len(p1))
	for i := range d {
		d[i] = (8*(p1[i]-m1[i]) - (p2[i] - m2[i])) / (12 * h)
	}
	return d
}

func lossOf(t testing.TB, b *Batch) func(*Network) []float64 {
	return func(n *Network) []float64 {
		l, err := n.Loss(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		return []float64{l}
	}
}

func gradientOf(t testing.TB, b *Batch) func(*Network) []float64 {
	return func(n *Network) []float64 {
		g := make([]float64, n.NumParams())
		if _, err := n.Gradient(g, b, nil); err != nil {
			t.Fatal(err)
		}
		return g
	}
}

func outputsOf(t testing.TB, b *Batch) func(*Network) []float64 {
	return func(n *Network) []float64 {
		z := make([]float64, b.N*n.Outputs())
		if err := n.Predict(z, b.X, b.N, nil); err != nil {
			t.Fatal(err)
		}
		return z
	}
}

// The error of a fourth-order difference with step h of a function whose
// derivatives are about 1 is about h⁴ + u/h; with h = 1e-3 both are 1e-12 or
// less, and the nets here have derivatives up to some hundreds.
const (
	fdStep = 1e-3
	within = 1e-8
)

// stepFor returns the step for net: with ReLU a smaller one, which almost never
// straddles a kink, and whose truncation error matters no more.
func stepFor(net *Network) float64 {
	for i := range net.plan.steps {
		if s := &net.plan.steps[i]; s.kind == denseStep && s.act == ReLU {
			return 1e-5
		}
	}
	return fdStep
}

func TestGradient(t *testing.T) {
	for _, c := range netCases(t) {
		t.Run(c.name, func(t *testing.T) {
			var lin Linearization
			if err := c.net.Linearize(&lin, c.batch); err != nil {
				t.Fatal(err)
			}
			g := gradientOf(t, c.batch)(c.net)
			l := lossOf(t, c.batch)(c.net)[0]
			if math.Abs(l-lin.Loss) > 1e-14*(1+math.Abs(l)) {
				t.Errorf("Loss gives %v, Linearize %v", l, lin.Loss)
			}
			for i := range g {
				if math.Abs(g[i]-lin.Gradient[i]) > 1e-14*norm(g) {
					t.Fatalf("Gradient gives %v for %s, Linearize %v", g[i], c.net.ParamName(i), lin.Gradient[i])
				}
			}
			rng := rand.New(rand.NewPCG(1, 2))
			dir := make([]float64, c.net.NumParams())
			for range 3 {
				dot := 0.0
				for i := range dir {
					dir[i] = rng.NormFloat64() / math.Sqrt(float64(len(dir)))
					dot += dir[i] * g[i]
				}
				d := central(c.net, dir, stepFor(c.net), lossOf(t, c.batch))[0]
				if math.Abs(d-dot) > within*norm(g) {
					t.Errorf("along a direction the gradient gives %v, differences %v", dot, d)
				}
			}
			// Every parameter by itself, so that none can hide.
			for i := range dir {
				clear(dir)
				dir[i] = 1
				if d := central(c.net, dir, stepFor(c.net), lossOf(t, c.batch))[0]; math.Abs(d-g[i]) > 10*within*norm(g) {
					t.Errorf("%s: gradient %v, differences %v", c.net.ParamName(i), g[i], d)
				}
			}
		})
	}
}

func TestHessian(t *testing.T) {
	for _, c := range netCases(t) {
		t.Run(c.name, func(t *testing.T) {
			var lin Linearization
			if err := c.net.Linearize(&lin, c.batch); err != nil {
				t.Fatal(err)
			}
			if err := lin.Chain.Check(); err != nil {
				t.Fatal(err)
			}
			n := c.net.NumParams()
			if lin.Chain.Params() != n {
				t.Fatalf("chain of %d parameters, network of %d", lin.Chain.Params(), n)
			}
			product := system.NewProduct(&lin.Chain, blas.Native())
			rng := rand.New(rand.NewPCG(1, 2))
			v, hv := make([]float64, n), make([]float64, n)
			for range 4 {
				for i := range v {
					v[i] = rng.NormFloat64() / math.Sqrt(float64(n))
				}
				product.HessVec(hv, v)
				d := central(c.net, v, stepFor(c.net), gradientOf(t, c.batch))
				scale := norm(hv) + norm(lin.Gradient)
				for i := range d {
					if math.Abs(d[i]-hv[i]) > 10*within*scale {
						t.Fatalf("%s: H v is %v, differences of the gradient give %v (scale %v)", c.net.ParamName(i), hv[i], d[i], scale)
					}
				}
			}
		})
	}
}

// Left out or taken away later, the second derivatives make no difference to what
// remains.
func TestWithoutSecond(t *testing.T) {
	for _, c := range netCases(t) {
		var whole, less Linearization
		less.GaussNewton = true
		for range 2 { // the storage of an earlier call serves again
			if err := c.net.Linearize(&whole, c.batch); err != nil {
				t.Fatal(err)
			}
			if err := c.net.Linearize(&less, c.batch); err != nil {
				t.Fatal(err)
			}
		}
		if !less.Chain.IsGaussNewton() {
			t.Errorf("%s: second derivatives in the chain", c.name)
		}
		if whole.Loss != less.Loss || !slices.Equal(whole.Gradient, less.Gradient) {
			t.Errorf("%s: another loss or gradient", c.name)
		}
		n := c.net.NumParams()
		v, a, b := make([]float64, n), make([]float64, n), make([]float64, n)
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		system.NewProduct(whole.Chain.GaussNewton(), blas.Native()).HessVec(a, v)
		system.NewProduct(&less.Chain, blas.Native()).HessVec(b, v)
		if !slices.Equal(a, b) {
			t.Errorf("%s: another Gauss–Newton matrix", c.name)
		}
	}
}

func TestGaussNewton(t *testing.T) {
	for _, c := range netCases(t) {
		t.Run(c.name, func(t *testing.T) {
			var lin Linearization
			if err := c.net.Linearize(&lin, c.batch); err != nil {
				t.Fatal(err)
			}
			n := c.net.NumParams()
			product := system.NewProduct(lin.Chain.GaussNewton(), blas.Native())
			rng := rand.New(rand.NewPCG(1, 2))
			v, w, gv := make([]float64, n), make([]float64, n), make([]float64, n)
			for range 4 {
				for i := range v {
					v[i] = rng.NormFloat64() / math.Sqrt(float64(n))
					w[i] = rng.NormFloat64() / math.Sqrt(float64(n))
				}
				// wᵀ JᵀRJ v with the rows of J from differences of the outputs
				// and R from the loss, sample by sample.
				jv := central(c.net, v, stepFor(c.net), outputsOf(t, c.batch))
				jw := central(c.net, w, stepFor(c.net), outputsOf(t, c.batch))
				want, scale := 0.0, 0.0
				width := c.net.Outputs()
				for s := range c.batch.N {
					for i := range width {
						for k := range width {
							r := 0.0
							if lin.Chain.Loss.Full != nil {
								r = lin.Chain.Loss.Full[(s*width+i)*width+k]
							} else if i == k {
								r = lin.Chain.Loss.Diag[s*width+i]
							}
							want += jw[s*width+i] * r * jv[s*width+k]
							scale += math.Abs(jw[s*width+i] * r * jv[s*width+k])
						}
					}
				}
				product.HessVec(gv, v)
				got := 0.0
				for i := range w {
					got += w[i] * gv[i]
				}
				if math.Abs(got-want) > 10*within*scale+1e-15 {
					t.Fatalf("wᵀGv is %v, differences of the outputs give %v (scale %v)", got, want, scale)
				}
			}
		})
	}
}
