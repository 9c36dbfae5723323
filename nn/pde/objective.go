package pde

import (
	"fmt"
	"strings"

	"costate/internal/space"
	"costate/la"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/nn/train"
)

// Options say how a problem is made a finite one. The zero value takes the defaults.
type Options struct {
	// Interior is the number of points of the first group, and Boundary that of all the
	// others together, shared out by their regions; groups of given points are apart.
	// 0 are 900 and 120.
	Interior, Boundary int

	// Points is one of PointKinds; empty is gauss up to two dimensions, halton above.
	Points string

	// Seed is that of points drawn at random.
	Seed uint64

	// Resample draws new points after so many steps; 0 keeps them. Only kinds that are
	// random can be drawn anew.
	Resample int

	// Backend has the dense kernels; nil is blas.Native().
	Backend blas.Backend

	// MemoryLimit is the number of bytes that training may take; 0 is no limit.
	MemoryLimit int64
}

// An Objective is the loss of a problem at its points,
//
//	ℓ(θ) = ½ Σ_g w_g Σ_a ω_a r_g(x_a)²
//
// with w_g the weight of group g and ω_a that of point a, whose sum over a group is 1.
// It is a train.Objective, so that any optimizer of nn/train that needs only gradients
// can lower it, and it gives LevenbergMarquardt the residuals √(w_g ω_a) r_g and
// their Jacobian J̃. One goroutine at a time may use it.
type Objective struct {
	problem *Problem
	opts    Options
	net     *shape
	kernels blas.Backend // for all residuals together
	single  blas.Backend // the same of one thread, for a chunk
	sets    []set
	rows    int // of all sets together
	round   int // of the points, from 0
	theta   []float64

	chunks  []chunk
	workers []worker
	kept    int // changes whenever what the chunks keep of a point does

	hessian *la.Sym
	shifted train.Shifted // of hessian
}

// NewObjective makes the loss of a problem for a network, which must be of plain dense
// layers with activations of ActivationNames. The error is about the problem, the
// network or the options; it is a *factor.MemoryError where there are more points
// than memory for their Jacobian, and says how many fit; and it names the point that is
// outside of the domain.
func NewObjective(p *Problem, net *nn.Network, opts *Options) (*Objective, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	o := &Objective{problem: p}
	if opts != nil {
		o.opts = *opts
	}
	if err := o.defaults(); err != nil {
		return nil, err
	}
	var err error
	if o.net, err = shapeOf(net, p); err != nil {
		return nil, err
	}
	o.count()
	if err := o.checkMemory(); err != nil {
		return nil, err
	}
	for i := range o.sets {
		s := &o.sets[i]
		s.x, s.scale = make([]float64, s.n*p.Dim()), make([]float64, s.n)
	}
	o.split()
	return o, o.draw(0)
}

// defaults fills in the options that are zero and checks the others.
func (o *Objective) defaults() error {
	a := &o.opts
	if a.Interior < 0 || a.Boundary < 0 || a.Resample < 0 {
		return fmt.Errorf("pde: %d interior and %d boundary points, drawn anew after %d steps; none may be negative", a.Interior, a.Boundary, a.Resample)
	}
	if a.Interior == 0 {
		a.Interior = 900
	}
	if a.Boundary == 0 {
		a.Boundary = 120
	}
	if a.Points == "" {
		a.Points = "gauss"
		if o.problem.Dim() > 2 || a.Resample > 0 {
			a.Points = "halton"
		}
	}
	if err := checkKind(a.Points); err != nil {
		return err
	}
	if a.Resample > 0 && !Redrawable(a.Points) {
		return fmt.Errorf("pde: points of kind %s are always the same; to draw them anew take halton, sobol or uniform", a.Points)
	}
	if err := o.checkSobol(); err != nil {
		return err
	}
	o.kernels = a.Backend
	if o.kernels == nil {
		o.kernels = blas.Native()
	}
	return nil
}

// Rows is the number of residuals.
func (o *Objective) Rows() int { return o.rows }

// Deal goes to the points of step n, from 1, and returns the number of their round,
// from 1.
func (o *Objective) Deal(n int) (version int, err error) {
	round := 0
	if o.opts.Resample > 0 {
		round = (n - 1) / o.opts.Resample
	}
	if round != o.round {
		err = o.draw(round)
	}
	return 1 + round, err
}

// Describe says what the loss is of, in lines of a name and a value.
func (o *Objective) Describe() string {
	var s strings.Builder
	fmt.Fprintf(&s, "Problem %s\nRows %d\nPoints %s\nResample %d\n", o.problem.Name, o.rows, o.opts.Points, o.opts.Resample)
	for i := range o.sets {
		fmt.Fprintf(&s, "Weight%d %g\n", i+1, o.sets[i].group.Weight)
	}
	if Redrawable(o.opts.Points) {
		fmt.Fprintf(&s, "Seed %d\n", o.opts.Seed)
	}
	return s.String()
}

// Loss is the loss with net's parameters. The error says that it is no number, or that
// net is another network than that of NewObjective.
func (o *Objective) Loss(net *nn.Network) (float64, error) {
	if err := o.take(net); err != nil {
		return 0, err
	}
	return o.loss(o.theta)
}

// Gradient stores the gradient of the loss in dst, of as many elements as parameters,
// and returns the loss. Errors are those of Loss.
func (o *Objective) Gradient(dst []float64, net *nn.Network) (float64, error) {
	if err := o.take(net); err != nil {
		return 0, err
	}
	for i := range o.workers {
		w := &o.workers[i]
		w.gradient = space.Resize(w.gradient, len(dst))
		clear(w.gradient)
	}
	o.each(func(c *chunk, w *worker) {
		p := o.pass(c, w)
		c.forward(p, o.theta, c.set.group.Order+1)
		c.loss = c.descent(p)
		p.backward(o.theta)
		p.gradient(w.gradient)
	})
	clear(dst)
	for i := range o.workers {
		vec.Axpy(dst, 1, o.workers[i].gradient)
	}
	return o.total()
}

// take takes the parameters of a network, which must be one like that of NewObjective.
func (o *Objective) take(net *nn.Network) error {
	if n := net.NumParams(); n != o.net.params {
		return fmt.Errorf("pde: a network of %d parameters; the objective is for one of %d", n, o.net.params)
	}
	o.theta = space.Resize(o.theta, o.net.params)
	net.ParamsTo(o.theta)
	return nil
}

// loss is the loss with the parameters theta.
func (o *Objective) loss(theta []float64) (float64, error) {
	o.each(func(c *chunk, w *worker) {
		p := o.pass(c, w)
		c.forward(p, theta, c.set.group.Order)
		c.loss = c.lossAt(p)
	})
	return o.total()
}

// total is the sum of what each left the losses of its chunks.
func (o *Objective) total() (float64, error) {
	loss := 0.0
	for i := range o.chunks {
		loss += o.chunks[i].loss
	}
	if loss-loss != 0 {
		return loss, fmt.Errorf("pde: the loss is %g", loss)
	}
	return loss, nil
}

// linearize stores the residuals in r and their Jacobian, of so many columns as
// parameters, in j. What bend needs is kept.
func (o *Objective) linearize(r, j, theta []float64) (loss float64, err error) {
	ld := o.net.params
	o.kept++
	o.each(func(c *chunk, _ *worker) {
		p := &c.at
		c.forward(p, theta, c.set.group.Order+2)
		for k := range c.set.residuals() {
			row := c.row(k)
			for a, v := range c.residuals(p, k) {
				c.loss += 0.5 * v * v
				r[row+a] = v
			}
			p.backward(theta)
			p.jacobian(j[row*ld:], ld)
		}
	})
	return o.total()
}

// bend stores d²r/dt² along θ + ts at t = 0 in r2, where linearize was at theta.
func (o *Objective) bend(r2, theta, s []float64) {
	o.each(func(c *chunk, w *worker) {
		y1, y2 := c.at.directional(theta, s, &w.jet)
		for k := range c.set.residuals() {
			copy(r2[c.row(k):], c.bends(&c.at, k, y1, y2))
		}
	})
}
