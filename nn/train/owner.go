package train

import "costate/nn"

// An owner is the network whose training an optimizer remembers something of.
type owner struct{ net *nn.Network }

// changes takes the network of a step, and reports whether what is remembered is
// of another one.
func (o *owner) changes(net *nn.Network) bool {
	other := o.net != nil && o.net != net
	o.net = net
	return other
}

// release leaves what is remembered to the network of the next step.
func (o *owner) release() { o.net = nil }
