package train

import (
	"errors"

	"costate/factor"
	"costate/factor/eigen"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
)

// An Inspection tells what kind of point the parameters of a network are.
type Inspection struct {
	Loss     float64
	Gradient float64 // its norm

	// Negative is the index: how many eigenvalues of the Hessian are below
	// −eigen.Negligible‖H‖, counted by inertia; −1 where the count is not certain.
	Negative int

	// Flatness is how much of the gradient lies in the null space of the Hessian, from
	// 0 to 1, with eigenvalues up to FlatWidth‖H‖ in size taken for zero; its error is
	// at most FlatError. A method that lowers the norm of the gradient, as Newton's
	// does, is stuck where it is near 1, above 0.9 by Frye et al., though the gradient
	// is not zero. See eigen.Flatness.
	Flatness  float64
	FlatError float64
}

// FlatWidth is the size over ‖H‖ of the eigenvalues that count as zero for Flatness.
// A smaller one would only give less: what is not flat by this one is not flat.
const FlatWidth = 1e-3

// Inspect counts the negative eigenvalues of the Hessian of the loss of net on batch
// exactly, and tests whether its gradient is flat: one factorization and some
// hundred products with H. A backend of nil is blas.Native(). The errors are what nn
// reports, and a *factor.MemoryError.
func Inspect(net *nn.Network, batch *nn.Batch, backend blas.Backend) (Inspection, error) {
	var lin nn.Linearization
	if err := net.Linearize(&lin, batch); err != nil {
		return Inspection{}, err
	}
	in := Inspection{Loss: lin.Loss, Gradient: vec.Norm2(lin.Gradient), Negative: -1}
	source := eigen.OfChain(&lin.Chain, &factor.Options{Backend: backend})
	size := source.Norm()
	if size == 0 { // H = 0
		in.Negative, in.Flatness = 0, 1
		return in, nil
	}
	var f factor.Auto
	if err := f.Analyse(&lin.Chain, &factor.Options{Backend: backend}); err != nil {
		return in, err
	}
	err := f.Factorize(eigen.Negligible * size)
	var singular *factor.SingularError
	switch {
	case err == nil:
		if i := f.Inertia(); i.Certain {
			in.Negative = i.Negative
		}
	case !errors.As(err, &singular):
		return in, err
	}
	in.Flatness, in.FlatError, err = eigen.Flatness(source, lin.Gradient, FlatWidth*size, 0, backend)
	return in, err
}
