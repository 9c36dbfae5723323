package nn

import (
	"fmt"
	"slices"

	"costate/la/blas"
)

// A Network is a sequence of layers with their parameters and a loss.
//
// Its parameters are one flat array, layer by layer: of a layer with weights W by rows
// (of a Dense layer out×in), then b; of a BlockLayer what it says. All passes over data
// (Linearize, Loss, Gradient, Predict, Accuracy) only read the network, so many
// goroutines may run them at once; SetParams and Init may not run beside them.
type Network struct {
	// Backend has the kernels of the matrix products; nil is blas.Native().
	Backend blas.Backend

	plan  *plan
	theta []float64

	native blas.Backend
}

// New returns a network for samples of the given number of inputs, with all
// parameters zero; see Init. The error names the first layer whose width does
// not follow from the one before, counting from 1.
func New(inputs int, loss Loss, layers ...Layer) (*Network, error) {
	if loss == nil {
		return nil, fmt.Errorf("nn: a network without a loss")
	}
	p, err := newPlan(inputs, loss, layers)
	if err != nil {
		return nil, err
	}
	return &Network{plan: p, theta: make([]float64, p.params), native: blas.Native()}, nil
}

// MLP returns the dense layers of a multilayer perceptron, from widths[0] inputs by way of the inner widths
// to the last one, with act between them and none after the last.
func MLP(widths []int, act Activation, bias bool) []Layer {
	layers := make([]Layer, 0, max(0, len(widths)-1))
	for i := 1; i < len(widths); i++ {
		d := &Dense{In: widths[i-1], Out: widths[i], Bias: bias, Act: act}
		if i == len(widths)-1 {
			d.Act = Identity
		}
		layers = append(layers, d)
	}
	return layers
}

// Inputs returns the number of inputs a sample.
func (n *Network) Inputs() int { return n.plan.inputs }

// Outputs returns the number of outputs a sample.
func (n *Network) Outputs() int { return n.plan.outputs }

// Targets returns the numbers of a sample's target in Batch.T: Outputs, but for a
// TargetLoss.
func (n *Network) Targets() int { return n.plan.targets }

// NumParams returns the number of parameters.
func (n *Network) NumParams() int { return n.plan.params }

// Layers returns the layers, in order, with all their sizes filled in.
func (n *Network) Layers() []Layer { return append([]Layer(nil), n.plan.layers...) }

// LossFunc returns the loss that the network was made with.
func (n *Network) LossFunc() Loss { return n.plan.loss }

// Params returns a copy of the parameters.
func (n *Network) Params() []float64 { return append([]float64(nil), n.theta...) }

// ParamsTo copies the parameters to dst. It panics with ErrParams
// if len(dst) is not NumParams.
func (n *Network) ParamsTo(dst []float64) {
	if len(dst) != len(n.theta) {
		panic(ErrParams)
	}
	copy(dst, n.theta)
}

// SetParams copies src to the parameters. It panics with ErrParams if
// len(src) is not NumParams.
func (n *Network) SetParams(src []float64) {
	if len(src) != len(n.theta) {
		panic(ErrParams)
	}
	copy(n.theta, src)
}

// Weights returns the weights (by rows, see the layer) and biases (nil if it has none)
// of layer i, counting from 0, as views: writing to them changes the network. Of the
// layers of a residual block it takes the path: Weights(2, 0) is the first layer within
// layer 2. It panics with ErrNotDense if that is not a layer with weights.
func (n *Network) Weights(i int, within ...int) (w, b []float64) {
	for k := range n.plan.steps {
		s := &n.plan.steps[k]
		if s.kind == denseStep && s.path[0] == i && slices.Equal(s.path[1:], within) {
			w, b = s.weights(n.theta)
			return w[:len(w):len(w)], b[:len(b):len(b)]
		}
	}
	panic(ErrNotDense)
}

// Clone returns a network with a copy of the parameters. It shares the layers,
// the loss and the backend.
func (n *Network) Clone() *Network {
	c := *n
	c.theta = n.Params()
	return &c
}

// weights returns W and b of a dense step in theta; b is nil without bias.
func (s *step) weights(theta []float64) (w, b []float64) {
	w = theta[s.w : s.w+s.weightCount()]
	if s.bias {
		b = theta[s.b : s.b+s.units]
	}
	return w, b
}
