package influence

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/factor/eigen"
	"costate/la"
	"costate/la/vec"
	"costate/nn"
	"costate/system"
)

// An Influence answers for one network and the set that it was trained on. Its
// exported fields are set before Fit. One goroutine at a time may use it.
type Influence struct {
	// Damping is ε of the mean loss: what training had as weight decay, ½ε‖θ‖²,
	// belongs here (pyDVL's regularization; N times it is laplace-torch's prior
	// precision). A larger one also makes an indefinite Hessian definite, but
	// then I is no derivative of training any more.
	Damping float64

	// GaussNewton takes the Gauss–Newton matrix in place of the Hessian.
	GaussNewton bool

	// Options are those of the factorization; nil means the defaults.
	Options *factor.Options

	// Observe, if it is not nil, is called now and then with how many of the
	// right-hand sides have been solved for; an error ends the work and is
	// returned.
	Observe func(done, all int) error

	net     *nn.Network
	train   *nn.Batch
	lin     nn.Linearization
	chain   *system.Chain
	solver  factor.Auto
	outer   []float64 // ∂ℓ_i/∂outputs of the training samples, N×c
	ws      nn.Workspace
	report  Report
	product *system.Product
	one     nn.Batch // of one sample
}

// A Report tells what Influence answers for.
type Report struct {
	// Gradient is ‖∇ loss + εθ‖: at a minimum of what was trained it is of the size
	// of rounding. Where it is not, I is not the derivative of training.
	Gradient float64 `json:"gradient_norm"`

	// Inertia is that of H + εI. Negative eigenvalues mean a saddle point: there I
	// is the change of that point, not of a minimum.
	Inertia la.Inertia `json:"inertia"`

	Method        string  `json:"method"`         // chain, gram or dense
	BackwardError float64 `json:"backward_error"` // the worst of the solves so far
}

// ErrNotFitted is the panic of a question before Fit.
const ErrNotFitted = factor.Error("influence: Fit has not been called or has failed")

// Fit factors the curvature of the loss of net on the set train. It copies the
// network; the set must not change while f is used. The errors are those of
// nn.Network.Linearize and of the factorization: a *factor.MemoryError, or a
// *factor.SingularError, for which a larger Damping is the cure.
func (f *Influence) Fit(net *nn.Network, train *nn.Batch) error {
	f.train = nil
	if !(f.Damping >= 0) || math.IsInf(f.Damping, 0) {
		return fmt.Errorf("influence: a damping of %g; it must be finite and cannot be negative", f.Damping)
	}
	f.net = net.Clone()
	if err := f.net.Linearize(&f.lin, train); err != nil {
		return err
	}
	f.outer = make([]float64, train.N*net.Outputs())
	if err := f.net.SampleLosses(make([]float64, train.N), f.outer, train, &f.ws); err != nil {
		return err
	}
	f.chain = &f.lin.Chain
	if f.GaussNewton {
		f.chain = f.lin.Chain.GaussNewton()
	}
	if err := f.solver.Analyse(f.chain, f.Options); err != nil {
		return err
	}
	if err := f.solver.Factorize(f.Damping); err != nil {
		return err
	}
	g := append([]float64(nil), f.lin.Gradient...)
	vec.Axpy(g, f.Damping, f.net.Params())
	f.report = Report{Gradient: vec.Norm2(g), Inertia: f.solver.Inertia(), Method: f.solver.Choice().Method}
	f.product = system.NewProduct(f.chain, backendOf(f.Options))
	f.train = train
	return nil
}

// Report tells about the fit and the solves since.
func (f *Influence) Report() Report { return f.report }

func (f *Influence) check() {
	if f.train == nil {
		panic(ErrNotFitted)
	}
}

// LeastDamping returns the least damping with which H + εI is positive definite, but
// for what inertia counts resolve, certified by the inertia there. It is 0 where
// H itself is, and for Gauss–Newton of a convex loss, as those of package nn are but
// Gaussian, which is definite with every damping above 0.
// It factors about five times, and again for later questions. The errors are those
// of eigen.Lanczos.
func (f *Influence) LeastDamping() (float64, error) {
	f.check()
	if f.GaussNewton && f.net.LossFunc() != nn.Gaussian {
		return 0, nil
	}
	source := eigen.OfChain(f.chain, f.Options)
	var l eigen.Lanczos
	if err := l.FactorizeEnd(source, eigen.Smallest, 1); err != nil {
		return 0, err
	}
	norm := source.Norm()
	defer f.solver.Factorize(f.Damping)
	eps := math.Max(0, eigen.Negligible*norm-l.Values(nil)[0])
	for range 8 {
		err := f.solver.Factorize(eps)
		var singular *factor.SingularError
		if err != nil && !errors.As(err, &singular) {
			return 0, err
		}
		if in := f.solver.Inertia(); err == nil && in.Certain && in.Negative == 0 && in.Zero == 0 {
			if d := f.report.Inertia; d.Certain && d.Negative == 0 && d.Zero == 0 {
				eps = math.Min(eps, f.Damping) // is certified, too
			}
			return eps, nil
		}
		eps += eigen.Negligible * norm
	}
	return 0, errors.New("influence: no damping was certified")
}

// solve replaces the columns of b by solutions.
func (f *Influence) solve(b *mat.Dense) error {
	err := f.solver.SolveTo(b, b)
	f.report.BackwardError = math.Max(f.report.BackwardError, f.solver.Report().BackwardError)
	return err
}

// gradientTo computes ∇ℓ of one sample, without weight.
func (f *Influence) gradientTo(dst []float64, b *nn.Batch, i int) error {
	in, c := f.net.Inputs(), f.net.Targets()
	f.one = nn.Batch{N: 1, X: b.X[i*in : i*in+in]}
	if b.Labels != nil {
		f.one.Labels = b.Labels[i : i+1]
	} else {
		f.one.T = b.T[i*c : i*c+c]
	}
	_, err := f.net.Gradient(dst, &f.one, &f.ws)
	return err
}

// group is how many right-hand sides are solved for together: enough for the
// kernels, few enough for memory.
func (f *Influence) group(all int) int {
	const bytes = 64 << 20
	return max(1, min(all, 64, bytes/8/max(1, f.net.NumParams())))
}

// observe tells the caller.
func (f *Influence) observe(done, all int) error {
	if f.Observe == nil {
		return nil
	}
	return f.Observe(done, all)
}
