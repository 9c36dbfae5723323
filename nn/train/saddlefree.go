package train

import (
	"errors"
	"math"

	"costate/factor/eigen"
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// SaddleFree is the saddle-free Newton method: the step
//
//	s = −(H² + λ²)^-½ g
//
// is Newton's along eigenvectors of positive curvature and goes the other way,
// downhill, along those of negative curvature; λ bounds its length. It is a descent
// direction however badly the function is computed. Lanczos' method computes it from
// products with H, without a factorization (eigen.MatFunc), to a tenth or as far as
// Products allow.
//
// The step is tried, made longer or halved, and taken if it lowers the loss, as that of
// LevenbergMarquardt is: after a step of full length or more λ is divided by ten, after
// a shorter one multiplied as much as the step was shortened, and after one not
// taken by eight. Info.Ratio is the decrease over that of the model
// gᵀs + ½ sᵀ(H²+λ²)^½ s.
//
// It leaves saddle points without a radius and without the inertia, but it solves
// nothing exactly: near a minimum it converges as fast as Products allow. TrustRegion makes fewer and better steps where H can be factored.
//
// Source: Y. Dauphin, R. Pascanu, C. Gulcehre, K. Cho, S. Ganguli and Y. Bengio,
// Identifying and attacking the saddle point problem in high-dimensional non-convex
// optimization, NIPS 2014.
type SaddleFree struct {
	// Damping is the first λ; 0 takes 0.3 times ‖Hg‖/‖g‖.
	Damping float64

	// Products bounds the products with H of a step, and the vectors kept; 0 is 100.
	Products int

	// Backend has the dense kernels; nil is blas.Native().
	Backend blas.Backend

	owner   owner
	at      point
	product *system.Product
	f       eigen.MatFunc
	path    curve
	s       []float64
	lambda  float64
	first   float64 // λ of the first step
}

// Name is "saddlefree".
func (o *SaddleFree) Name() string { return "saddlefree" }

// A multiplier is the matrix of a chain as an operator of package eigen.
type multiplier struct {
	n       int
	product *system.Product
}

func (m multiplier) SymmetricDim() int         { return m.n }
func (m multiplier) MulVecTo(dst, x []float64) { m.product.HessVec(dst, x) }

// Step implements Optimizer.
func (o *SaddleFree) Step(t *Task) (Info, error) {
	info := unknown()
	if err := t.needsBatch(o.Name()); err != nil {
		return info, err
	}
	if o.owner.changes(t.Net) {
		o.lambda = 0
	}
	moved, _, err := o.at.at(t.Net, t.Batch, t.Version)
	if err != nil {
		return info, err
	}
	lin := &o.at.lin
	info.Loss, info.After, info.Gradient = lin.Loss, lin.Loss, vec.Norm2(lin.Gradient)
	if info.Gradient == 0 {
		return info, &StalledError{Optimizer: o.Name()}
	}
	if o.product == nil {
		o.product = system.NewProduct(&lin.Chain, orNative(o.Backend))
	} else if moved {
		o.product.Reset(&lin.Chain)
	}
	o.s = space.Resize(o.s, len(lin.Gradient))
	if o.lambda == 0 {
		o.begin(lin.Gradient)
	}
	info.Damping = o.lambda
	o.f.Tolerance, o.f.Basis, o.f.Backend = saddleFreeTolerance, o.Products, o.Backend
	if o.f.Basis <= 0 {
		o.f.Basis = 100
	}
	err = o.f.ApplyTo(o.s, multiplier{len(o.s), o.product}, eigen.InverseAbs(o.lambda), lin.Gradient)
	info.Products = o.f.Report().Products
	var short *eigen.FuncError
	if err != nil && !errors.As(err, &short) {
		return info, err
	}
	vec.Scale(o.s, -1, o.s)
	return o.try(t, info)
}

// saddleFreeTolerance is the error of a step that is computed: one that is searched
// along need not be better.
const saddleFreeTolerance = 0.1

// begin chooses the first damping.
func (o *SaddleFree) begin(g []float64) {
	o.lambda = o.Damping
	if !(o.lambda > 0) {
		o.product.HessVec(o.s, g)
		o.lambda = firstDamping * vec.Norm2(o.s) / vec.Norm2(g)
		if !(o.lambda > 0) {
			o.lambda = 1
		}
	}
	o.first = o.lambda
}

// try looks for a lower loss along the step.
func (o *SaddleFree) try(t *Task, info Info) (Info, error) {
	info.Length = vec.Norm2(o.s)
	if info.Length <= shortest*vec.Norm2(o.at.theta) {
		o.at.back(t.Net)
		return info, &StalledError{Optimizer: o.Name(), Gradient: info.Gradient}
	}
	o.path = curve{s: o.s, d: o.path.d, loss: func(d []float64) (float64, bool) { return o.at.tryLoss(t.Net, t.Batch, d) }}
	alpha, after := o.path.search(info.Loss, o.path.at(1), newtonHalvings)
	info.Ratio = (info.Loss - after) / (-0.5 * vec.Dot(o.at.lin.Gradient, o.s))
	if !(after < info.Loss) {
		o.at.back(t.Net)
		info.Ratio = math.Min(info.Ratio, 0)
		o.lambda *= raise
		if !(o.lambda <= greatestDamping*o.first) {
			return info, &StalledError{Optimizer: o.Name(), Gradient: info.Gradient}
		}
		return info, nil
	}
	o.at.move(t.Net, o.path.to(alpha))
	info.After, info.Accepted, info.Stretch = after, true, alpha
	if alpha < 1 {
		o.lambda /= alpha
	} else {
		o.lambda = math.Max(o.lambda*lower, leastDamping*o.first)
	}
	return info, nil
}

// State implements Optimizer.
func (o *SaddleFree) State() State { return State{"damping": {o.lambda, o.first}} }

// SetState implements Optimizer.
func (o *SaddleFree) SetState(s State) error {
	d := s["damping"]
	if len(s) != 1 || len(d) != 2 {
		return badState(o.Name())
	}
	o.owner.release()
	o.lambda, o.first = d[0], d[1]
	return nil
}

var _ Optimizer = (*SaddleFree)(nil)
