package serve

import (
	"math"

	"costate/nn"
)

// A networkSpec is a network without its parameters, as requests have it.
type networkSpec struct {
	Inputs int         `json:"inputs"`
	Layers []layerSpec `json:"layers"`
	Loss   string      `json:"loss"`
}

// A layerSpec is a layer: "dense", with an activation or none; "activation", one by
// itself; "layernorm"; "scale", a learned gain and shift of each unit.
type layerSpec struct {
	Kind string    `json:"kind"`
	Out  int       `json:"out"`  // dense
	Bias bool      `json:"bias"` // dense
	Skip bool      `json:"skip"` // dense: the input is added to the output
	Act  string    `json:"act"`  // dense, activation
	Args []float64 `json:"args"` // of the activation: slope, alpha or beta
	Eps  float64   `json:"eps"`  // layernorm
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
	case "softplus":
		if arg <= 0 {
			return nil, inputf("activation softplus: beta is %g; it must be positive", arg)
		}
		return nn.SoftplusBeta(arg), nil
	}
	return nil, inputf("activation %.80q has no argument", l.Act)
}

// build returns the network with the given parameters.
func (s *networkSpec) build(params []float64) (*nn.Network, error) {
	if s == nil {
		return nil, inputf("network: the head has no description of one")
	}
	loss, err := nn.LossByName(s.Loss)
	if err != nil {
		return nil, &inputError{err}
	}
	// No layer may need more parameters than there are, so that a description cannot
	// ask for memory that nobody sent.
	width, left := s.Inputs, len(params)
	need := func(n int) bool { left -= n; return left >= 0 }
	var layers []nn.Layer
	for i := range s.Layers {
		l := &s.Layers[i]
		fits := true
		switch l.Kind {
		case "dense":
			d := &nn.Dense{Out: l.Out, Bias: l.Bias, Skip: l.Skip}
			if l.Act != "" {
				if d.Act, err = l.activation(); err != nil {
					return nil, err
				}
			}
			if l.Out < 1 || width < 1 {
				return nil, inputf("layer %d has %d inputs and %d outputs", i+1, width, l.Out)
			}
			fits = l.Out <= left/width && need(l.Out*width) && (!l.Bias || need(l.Out))
			width = l.Out
			layers = append(layers, d)
		case "activation":
			a, err := l.activation()
			if err != nil {
				return nil, err
			}
			layers = append(layers, nn.Elementwise{Act: a})
		case "layernorm":
			if !(l.Eps > 0) || math.IsInf(l.Eps, 0) {
				return nil, inputf("layer %d: the eps of a layer norm is %g; it must be positive", i+1, l.Eps)
			}
			layers = append(layers, nn.LayerNorm{Eps: l.Eps})
		case "scale":
			fits = width <= left/2 && need(2*width)
			layers = append(layers, nn.Scale{})
		default:
			return nil, inputf("layer %d is a %.80q, which is not known", i+1, l.Kind)
		}
		if !fits {
			return nil, inputf("layer %d needs more parameters than the %d that are there", i+1, len(params))
		}
	}
	if left != 0 {
		return nil, inputf("params has %d numbers; the layers have %d", len(params), len(params)-left)
	}
	net, err := nn.New(s.Inputs, loss, layers...)
	if err != nil {
		return nil, &inputError{err}
	}
	net.SetParams(params)
	return net, nil
}
