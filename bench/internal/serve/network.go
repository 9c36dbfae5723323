package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"costate/nn"
)

// A networkSpec is a network without its parameters, as requests have it.
type networkSpec struct {
	Inputs int         `json:"inputs"`
	Layers []layerSpec `json:"layers"`
	Loss   string      `json:"loss"`

	// Of the loss bce.
	PosWeight     []float64 `json:"pos_weight"`
	Weight        []float64 `json:"weight"`
	TargetWeights bool      `json:"target_weights"`
}

// loss returns the loss of a network.
func (s *networkSpec) loss() (nn.Loss, error) {
	if s.PosWeight == nil && s.Weight == nil && !s.TargetWeights {
		l, err := nn.LossByName(s.Loss)
		if err != nil {
			return nil, &inputError{err}
		}
		return l, nil
	}
	if s.Loss != nn.SigmoidCrossEntropy.Name() {
		return nil, inputf("the loss %.80q has no pos_weight, weight and target_weights", s.Loss)
	}
	return &nn.WeightedSigmoidCrossEntropy{Positive: s.PosWeight, Weights: s.Weight, TargetWeights: s.TargetWeights}, nil
}

// build returns the network with the given parameters. Without a batch it may take limit
// bytes; 0 is no limit.
func (s *networkSpec) build(params []float64, limit int64) (*nn.Network, error) {
	if s == nil {
		return nil, inputf("network: the head has no description of one")
	}
	loss, err := s.loss()
	if err != nil {
		return nil, err
	}
	b := &builder{params: len(params), left: len(params), shape: nn.Shape{Height: 1, Width: 1, Channels: s.Inputs}, limit: limit}
	layers, err := b.layers(s.Layers)
	if err != nil {
		return nil, err
	}
	if b.left != 0 {
		return nil, inputf("params has %d numbers; the layers have %d", b.params, b.params-b.left)
	}
	net, err := nn.New(s.Inputs, loss, layers...)
	if err != nil {
		return nil, &inputError{err}
	}
	net.SetParams(params)
	return net, nil
}

// A layerSpec is a layer of a request. PROTOCOL.md says which fields go with which
// kind; sizes of the inputs that are 0 are those of the layer before.
type layerSpec struct {
	Kind string    `json:"kind"`
	Out  int       `json:"out"`
	Bias bool      `json:"bias"`
	Skip bool      `json:"skip"` // dense: the input is added to the output
	Act  string    `json:"act"`
	Args []float64 `json:"args"` // of the activation: slope, alpha, beta or frequency
	Eps  float64   `json:"eps"`  // layernorm

	Height   int `json:"height"`
	Width    int `json:"width"`
	Channels int `json:"channels"`
	Tokens   int `json:"tokens"`

	NoShift bool `json:"no_shift"` // scale: gains alone

	Kernel   axes `json:"kernel"`
	Stride   axes `json:"stride"`
	Pad      axes `json:"pad"`
	Dilation axes `json:"dilation"`
	Groups   int  `json:"groups"`

	Heads  int  `json:"heads"`
	Causal bool `json:"causal"`

	Layers []layerSpec `json:"layers"` // of a residual block
}

// axes is a number, or two in a list: along the rows, which is down an image, and along
// its columns.
type axes struct {
	both int
	each nn.Axes // not zero where they are two
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *axes) UnmarshalJSON(text []byte) error {
	*a = axes{}
	if bytes.HasPrefix(text, []byte("[")) {
		var two []int
		if err := json.Unmarshal(text, &two); err != nil {
			return err
		}
		if len(two) != 2 {
			return fmt.Errorf("%.80s: a number, or two of them, for rows and columns", text)
		}
		if two[0] == two[1] {
			a.both = two[0]
			return nil
		}
		a.each = nn.Axes(two)
		return nil
	}
	return json.Unmarshal(text, &a.both)
}

// one is a number for a layer that has no two.
func (a axes) one(kind string) (int, error) {
	if a.each != (nn.Axes{}) {
		return 0, inputf("%s with two numbers, %v; it takes one", kind, a.each)
	}
	return a.both, nil
}

// activation returns the activation of a layer.
func (l *layerSpec) activation() (nn.Activation, error) {
	if len(l.Args) == 0 {
		a, err := nn.ActivationByName(l.Act)
		if err != nil {
			return nil, &inputError{err}
		}
		return a, nil
	}
	arg := l.Args[0]
	if len(l.Args) > 1 || math.IsNaN(arg) || math.IsInf(arg, 0) {
		return nil, inputf("activation %s: arguments %v; it has one, which is finite", l.Act, l.Args)
	}
	switch l.Act {
	case "leaky_relu":
		return nn.LeakyReLUSlope(arg), nil
	case "elu":
		return nn.ELUAlpha(arg), nil
	case "sine":
		return nn.SineFrequency(arg), nil
	case "softplus":
		if arg <= 0 {
			return nil, inputf("activation softplus: beta is %g; it must be positive", arg)
		}
		return nn.SoftplusBeta(arg), nil
	}
	return nil, inputf("activation %.80q has no argument", l.Act)
}
