package pde

import (
	"fmt"
	"math"
	"strings"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
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
	kernels blas.Backend
	sets    []set
	rows    int // of all sets together
	round   int // of the points, from 0
	theta   []float64

	at, trial []pass // at the point that was linearized, and elsewhere
}

// A set is the points of a group.
type set struct {
	group *Group
	n     int
	first int       // row of the first one
	x     []float64 // n×d
	scale []float64 // √(w_g ω_a)
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
	if o.net, err = shapeOf(net, p.Dim()); err != nil {
		return nil, err
	}
	o.count()
	if err := o.checkMemory(); err != nil {
		return nil, err
	}
	o.at, o.trial = make([]pass, len(o.sets)), make([]pass, len(o.sets))
	for i := range o.sets {
		s := &o.sets[i]
		s.x, s.scale = make([]float64, s.n*p.Dim()), make([]float64, s.n)
		o.at[i].reset(o.net, s.group, s.n, p.Dim(), o.kernels)
		o.trial[i].reset(o.net, s.group, s.n, p.Dim(), o.kernels)
	}
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
	if a.Resample > 0 && !random(a.Points) {
		return fmt.Errorf("pde: points of kind %s are always the same; to draw them anew take halton or uniform", a.Points)
	}
	o.kernels = a.Backend
	if o.kernels == nil {
		o.kernels = blas.Native()
	}
	return nil
}

// count decides how many points each group has.
func (o *Objective) count() {
	d, regions := o.problem.Dim(), 0
	for i := range o.problem.Groups[1:] {
		regions += len(o.problem.Groups[1+i].Regions)
	}
	for i := range o.problem.Groups {
		g := &o.problem.Groups[i]
		s := set{group: g, first: o.rows, n: len(g.Points) / d}
		for r := range g.Regions {
			s.n += countOf(o.opts.Points, o.share(i, r, regions), g.Regions[r].Dim)
		}
		o.rows += s.n
		o.sets = append(o.sets, s)
	}
}

// share is how many points are asked for in region r of group i, where the groups after
// the first have so many regions.
func (o *Objective) share(i, r, regions int) int {
	if i == 0 {
		return max(1, o.opts.Interior/len(o.problem.Groups[0].Regions))
	}
	return max(1, o.opts.Boundary/regions)
}

// Rows is the number of residuals.
func (o *Objective) Rows() int { return o.rows }

// bytes is what training takes for so many residuals: the Jacobian, the matrix of a step
// and its factor, and two passes of each point with all that they keep.
func (o *Objective) bytes(rows int) int64 {
	q, p := float64(rows), float64(o.net.params)
	units, most := 0.0, 1
	for _, l := range o.net.layers {
		units += float64(l.in + l.out)
	}
	for i := range o.sets {
		most = max(most, o.sets[i].group.Rows(o.problem.Dim()))
	}
	least := min(q, p)
	b := 8 * (q*p + 2*least*least + q*units*float64(5*most+10))
	return int64(min(b, math.MaxInt64/2))
}

func (o *Objective) checkMemory() error {
	limit := o.opts.MemoryLimit
	need := o.bytes(o.rows)
	if limit <= 0 || need <= limit {
		return nil
	}
	fit := 0
	for step := o.rows; step > 0; step /= 2 {
		for o.bytes(fit+step) <= limit {
			fit += step
		}
	}
	return &factor.MemoryError{Needed: need, Limit: limit, What: fmt.Sprintf("the Jacobian of %d residuals in %d parameters", o.rows, o.net.params),
		Instead: fmt.Sprintf("%d points would fit", fit)}
}

// draw makes the points of a round. Those of round n depend on the seed and n alone.
func (o *Objective) draw(round int) error {
	o.round = round
	d, regions := o.problem.Dim(), 0
	for i := range o.sets[1:] {
		regions += len(o.sets[1+i].group.Regions)
	}
	stream := uint64(round) << 16
	for i := range o.sets {
		s := &o.sets[i]
		copy(s.x, s.group.Points)
		for a := range s.scale {
			s.scale[a] = 1 / float64(s.n)
		}
		at := len(s.group.Points) / d
		for r := range s.group.Regions {
			reg := &s.group.Regions[r]
			n := countOf(o.opts.Points, o.share(i, r, regions), reg.Dim)
			t := make([]float64, n*reg.Dim)
			w := s.scale[at : at+n]
			cube(t, w, o.opts.Points, reg.Dim, o.opts.Seed, stream)
			stream++
			vec.Scale(w, 1/float64(len(s.group.Regions)), w)
			for a := range n {
				reg.Map(s.x[(at+a)*d:(at+a+1)*d], t[a*reg.Dim:(a+1)*reg.Dim])
			}
			at += n
		}
		weight := s.group.Weight
		if weight == 0 {
			weight = 1
		}
		for a, w := range s.scale {
			s.scale[a] = math.Sqrt(weight * w)
			if x := s.x[a*d : (a+1)*d]; !o.problem.inside(x) {
				return fmt.Errorf("pde: %s: point %d of group %s, %v, is outside of the domain", o.problem.Name, a+1, s.group.Name, x)
			}
		}
	}
	return nil
}

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
	if random(o.opts.Points) {
		fmt.Fprintf(&s, "Seed %d\n", o.opts.Seed)
	}
	return s.String()
}

// Loss is the loss with net's parameters. The error says that it is no number.
func (o *Objective) Loss(net *nn.Network) (float64, error) {
	o.take(net)
	return o.loss(o.theta)
}

// Gradient stores the gradient of the loss in dst, of as many elements as parameters,
// and returns the loss.
func (o *Objective) Gradient(dst []float64, net *nn.Network) (float64, error) {
	o.take(net)
	loss := 0.0
	clear(dst)
	for i := range o.sets {
		p := &o.trial[i]
		p.forward(o.theta, o.sets[i].x, o.sets[i].group.Order+1)
		r := o.sets[i].residuals(p, nil)
		for a, v := range r {
			loss += 0.5 * v * v
			for c := range p.rows {
				p.last()[c*p.n+a] *= v
			}
		}
		p.backward(o.theta)
		p.gradient(dst)
	}
	return loss, finite(loss)
}

func (o *Objective) take(net *nn.Network) {
	o.theta = resize(o.theta, net.NumParams())
	net.ParamsTo(o.theta)
}

// loss is the loss with the parameters theta.
func (o *Objective) loss(theta []float64) (float64, error) {
	loss := 0.0
	for i := range o.sets {
		p := &o.trial[i]
		p.forward(theta, o.sets[i].x, o.sets[i].group.Order)
		for _, v := range o.sets[i].residuals(p, nil) {
			loss += 0.5 * v * v
		}
	}
	return loss, finite(loss)
}

func finite(loss float64) error {
	if loss-loss != 0 {
		return fmt.Errorf("pde: the loss is %g", loss)
	}
	return nil
}

// linearize stores the residuals in r and their Jacobian, of so many columns as
// parameters, in j.
func (o *Objective) linearize(r, j, theta []float64) (loss float64, err error) {
	ld := o.net.params
	for i := range o.sets {
		s, p := &o.sets[i], &o.at[i]
		p.forward(theta, s.x, s.group.Order+2)
		copy(r[s.first:], s.residuals(p, nil))
		p.backward(theta)
		p.jacobian(j[s.first*ld:], ld)
	}
	for _, v := range r {
		loss += 0.5 * v * v
	}
	return loss, finite(loss)
}

// bend stores d²r/dt² along θ + ts at t = 0 in r2, where linearize was at theta.
func (o *Objective) bend(r2, theta, s []float64) {
	for i := range o.sets {
		p := &o.at[i]
		y1, y2 := p.directional(theta, s)
		copy(r2[o.sets[i].first:], o.sets[i].residuals(p, &[2][]float64{y1, y2}))
	}
}

// residuals evaluates the group's residual at y of the pass, scaled, with its derivatives
// in y, scaled as well, as cotangents of the last layer. With the derivatives of y along
// a direction it returns the second derivative of the residuals along it instead:
//
//	r¨ = g·ÿ + ẏᵀ h ẏ
func (s *set) residuals(p *pass, along *[2][]float64) []float64 {
	k := len(p.net.layers)
	d, rows := p.net.layers[0].in, p.rows
	y, g, h := make([]float64, rows), make([]float64, rows), make([]float64, rows*rows)
	p.r = resize(p.r, p.n)
	delta := p.last()
	for a, w := range s.scale {
		for c := range rows {
			y[c] = p.z[k][c*p.n+a]
		}
		clear(g)
		clear(h)
		p.r[a] = w * s.group.Residual(s.x[a*d:(a+1)*d], y, g, h)
		if along == nil {
			for c, v := range g {
				delta[c*p.n+a] = w * v
			}
			continue
		}
		sum := 0.0
		for c, v := range g {
			sum += v * along[1][c*p.n+a]
			for b := range rows {
				sum += along[0][c*p.n+a] * h[c*rows+b] * along[0][b*p.n+a]
			}
		}
		p.r[a] = w * sum
	}
	return p.r
}

// last is the cotangents of the last layer.
func (p *pass) last() []float64 {
	k := len(p.net.layers) - 1
	p.delta[k] = resize(p.delta[k], p.n*p.rows)
	return p.delta[k]
}
