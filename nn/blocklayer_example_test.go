package nn_test

import (
	"fmt"

	"costate/la/blas"
	"costate/nn"
	"costate/system"
)

// Scale is the layer out_i = a_i in_i with the learned gains a. It knows
// nothing of chains or factorizations: it gives its value and its derivative
// blocks.
type Scale struct{}

func (Scale) OutWidth(in int) (int, error) { return in, nil }
func (Scale) Params(in int) int            { return in }

// Init begins with gains of 1.
func (Scale) Init(a []float64, _ func() float64) {
	for i := range a {
		a[i] = 1
	}
}

func (Scale) Forward(out, a, in []float64, batch int) {
	for i, v := range in {
		out[i] = a[i%len(a)] * v
	}
}

// Blocks fills in, with i = unit + len(a)·sample,
//
//	F = ∂out/∂in = diag(a)             one entry in each row
//	G = ∂out/∂a:  in_i in column i mod len(a)
//	C = Σ b ∂²out/∂a∂in:  b_i at (i mod len(a), i)
//
// while ∂²out/∂a² and ∂²out/∂in² are zero: A and Q stay nil.
func (Scale) Blocks(dst *system.BlockStage, a, in, b []float64, batch int, second bool) {
	n, w := len(in), len(a)
	if dst.F == nil { // the pattern never changes: once is enough
		dst.F = &system.Matrix{Rows: n, Cols: n, Ptr: make([]int, n+1), Col: make([]int, n), Val: make([]float64, n)}
		dst.G = &system.Matrix{Rows: n, Cols: w, Ptr: make([]int, n+1), Col: make([]int, n), Val: make([]float64, n)}
		dst.C = &system.Matrix{Rows: w, Cols: n, Ptr: make([]int, w+1), Col: make([]int, n), Val: make([]float64, n)}
		for i := range n {
			dst.F.Ptr[i+1], dst.F.Col[i] = i+1, i
			dst.G.Ptr[i+1], dst.G.Col[i] = i+1, i%w
		}
		for unit := range w {
			dst.C.Ptr[unit+1] = (unit + 1) * batch
			for sample := range batch {
				dst.C.Col[unit*batch+sample] = unit + w*sample
			}
		}
	}
	for i, v := range in {
		dst.F.Val[i] = a[i%w]
		dst.G.Val[i] = v
		if second {
			dst.C.Val[i%w*batch+i/w] = b[i]
		}
	}
}

// A layer of one's own that gives only its derivative blocks.
func ExampleBlockLayer() {
	net, err := nn.New(2, nn.SquaredError,
		&nn.Dense{Out: 2, Act: nn.Tanh},
		Scale{},
		&nn.Dense{Out: 1},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	net.SetParams([]float64{0.5, 0, 0, 0.5 /* a: */, 2, 3 /* W: */, 1, -1})
	batch := &nn.Batch{N: 2, X: []float64{1, 2, -1, 1}, T: []float64{0, 1}}

	var lin nn.Linearization
	if err := net.Linearize(&lin, batch); err != nil {
		fmt.Println(err)
		return
	}
	if err := lin.Chain.Check(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("loss %.4f\n", lin.Loss)
	fmt.Printf("its derivatives in a_1 and a_2: %.4f\n", lin.Gradient[4:6])

	// Column and row of the Hessian that belong to a_1.
	h := make([]float64, net.NumParams())
	h[4] = 1
	system.NewProduct(&lin.Chain, blas.Native()).HessVec(h, h)
	fmt.Printf("∂²ℓ/∂a_1²: %.4f\n", h[4])
	// Output:
	// loss 6.4055
	// its derivatives in a_1 and a_2: [0.9011 2.5661]
	// ∂²ℓ/∂a_1²: 0.4271
}
