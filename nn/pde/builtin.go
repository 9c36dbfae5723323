package pde

import (
	"fmt"
	"strings"
)

// builtin are the problems of this package, in the order of Names.
var builtin = []func() *Problem{Poisson2D, Poisson5D, Heat1D, Heat4D, Burgers, AllenCahn, Helmholtz, Convection, Kovasznay}

// conditionWeight is the weight of conditions on the boundary and at the beginning,
// against that of the equation inside, which is 1. An error on the boundary goes all the
// way in, and the equation's residual has second derivatives, which are larger than
// values. Of 0.1, 1, 10 and 100 this took the fewest steps on Poisson2D.
const conditionWeight = 100

// kfacSource is where the Poisson and heat problems are from.
const kfacSource = "F. Dangel, J. Müller and M. Zeinhofer, Kronecker-factored approximate curvature for physics-informed neural networks, arXiv:2405.15603"

// Names are the words for the problems of this package.
func Names() []string {
	var names []string
	for _, make := range builtin {
		names = append(names, make().Name)
	}
	return names
}

// ByName returns the problem of that name. The error for an unknown one lists those
// there are.
func ByName(name string) (*Problem, error) {
	for _, make := range builtin {
		if p := make(); p.Name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("pde: no problem %q; there are %s", name, strings.Join(Names(), ", "))
}
