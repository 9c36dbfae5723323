package laplace

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"costate/la/vec"
	"costate/system"
)

// Groups says which parameters have a prior precision in common.
type Groups int

const (
	Scalar Groups = iota // one for all
	Layer                // one for each layer
	Tensor               // one for each W and each b
	// ARD has one for the weights of each input of the first layer, and one for each
	// other W and b: automatic relevance determination (D. J. C. MacKay, 1992; R. M.
	// Neal, Bayesian learning for neural networks, 1996). An input that tells nothing
	// gets a large one.
	ARD
)

var groupNames = []string{"scalar", "layer", "tensor", "ard"}

func (g Groups) String() string { return groupNames[g] }

// GroupsByName returns the groups of that name: "scalar", "layer", "tensor" or "ard".
func GroupsByName(name string) (Groups, error) {
	for i, n := range groupNames {
		if n == name {
			return Groups(i), nil
		}
	}
	return 0, fmt.Errorf("laplace: unknown groups %q; known are %s", name, strings.Join(groupNames, ", "))
}

// A part is the parameters of a stage that multiply the inputs from ≤ i < to, and with
// bias its biases; whole stands for all of them.
type part struct {
	stage, from, to int
	bias, whole     bool
}

// A group is the parameters of one prior precision.
type group struct {
	name  string
	parts []part
	size  int
}

// prior is which parameter belongs to which group.
type prior struct {
	groups []group
	of     []int // group of each parameter
}

// newPrior groups the parameters of a chain. It is an error to divide a stage that is
// not dense.
func newPrior(c *system.Chain, g Groups) (*prior, error) {
	if err := divisible(c, g); err != nil {
		return nil, err
	}
	p := &prior{of: make([]int, c.Params())}
	layer := 0
	add := func(name string, q part) {
		if g == Scalar && len(p.groups) > 0 {
			p.groups[0].parts = append(p.groups[0].parts, q)
			return
		}
		p.groups = append(p.groups, group{name: name, parts: []part{q}})
	}
	for k, s := range c.Stages {
		if s.Params() == 0 {
			continue
		}
		layer++
		d, dense := s.(*system.DenseStage)
		name := fmt.Sprintf("W%d", layer)
		whole := part{stage: k, whole: true}
		if dense {
			whole.to, whole.bias = d.In, d.Bias
		}
		switch {
		case g == Scalar:
			add("all parameters", whole)
			continue
		case g == Layer:
			add(fmt.Sprintf("layer %d", layer), whole)
			continue
		case !dense:
			return nil, fmt.Errorf("laplace: layer %d is not dense; its prior precisions can be scalar or by layer only", layer)
		case g == ARD && layer == 1:
			for i := range d.In {
				add(fmt.Sprintf("%s[:,%d]", name, i), part{stage: k, from: i, to: i + 1})
			}
		default:
			add(name, part{stage: k, to: d.In})
		}
		if d.Bias {
			add(fmt.Sprintf("b%d", layer), part{stage: k, bias: true})
		}
	}
	first := make([]int, len(c.Stages)+1)
	for k, s := range c.Stages {
		first[k+1] = first[k] + s.Params()
	}
	for i := range p.groups {
		for _, q := range p.groups[i].parts {
			p.groups[i].size += q.each(c, first[q.stage], func(at int) { p.of[at] = i })
		}
	}
	return p, nil
}

// each calls do for every parameter of a part, and returns their number; first is that of
// the stage.
func (q part) each(c *system.Chain, first int, do func(at int)) int {
	if q.whole {
		n := c.Stages[q.stage].Params()
		for i := range n {
			do(first + i)
		}
		return n
	}
	d := c.Stages[q.stage].(*system.DenseStage)
	n := 0
	for o := range d.Out {
		for i := q.from; i < q.to; i++ {
			do(first + o*d.In + i)
			n++
		}
		if q.bias {
			do(first + d.Out*d.In + o)
			n++
		}
	}
	return n
}

// precisions is what PriorPrecision stands for: one a group.
func (p *prior) precisions(given []float64) ([]float64, error) {
	lambda := make([]float64, len(p.groups))
	switch len(given) {
	case 0:
		for i := range lambda {
			lambda[i] = 1
		}
	case 1:
		for i := range lambda {
			lambda[i] = given[0]
		}
	case len(lambda):
		copy(lambda, given)
	default:
		return nil, fmt.Errorf("laplace: %d prior precisions; give one, or %d for the groups", len(given), len(lambda))
	}
	for i, v := range lambda {
		if !(v > 0) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("laplace: the prior precision of %s is %g; it must be positive and finite", p.groups[i].name, v)
		}
	}
	return lambda, nil
}

// A scaling makes one damping a stage of the precisions of groups: in the variables x'
// with x = T x' for a diagonal T of √(ref/λ), where ref is the precision of the stage, H
// becomes T H T and Λ is ref. It is the matrix of the same stages with the columns of
// their inputs z̄ multiplied by T, if y' = T y is their incoming state:
//
//	s = y' (W T⁻¹)ᵀ + z̄ T X'ᵀ,   δᵀ dW y = δᵀ dW' y',   y' = T J s of the stage before
//
// ref is that of the bias, so that its ones stay.
type scaling struct {
	chain *system.Chain
	ref   []float64   // by stage
	t     []float64   // T by parameters; nil if all are 1
	z     [][]float64 // T by inputs of a stage; nil if all are 1
}

// scale scales a chain for precisions of the groups.
func (p *prior) scale(c *system.Chain, lambda []float64) *scaling {
	s := &scaling{chain: c, ref: make([]float64, len(c.Stages)), z: make([][]float64, len(c.Stages))}
	first := 0
	for k, st := range c.Stages {
		n := st.Params()
		s.ref[k] = 1
		if n > 0 {
			s.stage(p, k, first, lambda)
		}
		first += n
	}
	if s.t != nil {
		s.chain = s.apply(c)
	}
	return s
}

// stage finds ref and T of stage k, whose first parameter is given.
func (s *scaling) stage(p *prior, k, first int, lambda []float64) {
	n := s.chain.Stages[k].Params()
	s.ref[k] = lambda[p.of[first+n-1]] // a bias, where there is one
	d, ok := s.chain.Stages[k].(*system.DenseStage)
	if !ok {
		return
	}
	for i := range d.In {
		l := lambda[p.of[first+i]]
		if l == s.ref[k] {
			continue
		}
		if s.t == nil {
			s.t = make([]float64, s.chain.Params())
			for j := range s.t {
				s.t[j] = 1
			}
		}
		if s.z[k] == nil {
			s.z[k] = make([]float64, d.In)
			for j := range s.z[k] {
				s.z[k][j] = 1
			}
		}
		f := math.Sqrt(s.ref[k] / l)
		s.z[k][i] = f
		for o := range d.Out {
			s.t[first+o*d.In+i] = f
		}
	}
}

// apply returns the chain in the variables x', for another batch too. Without second
// derivatives the incoming state needs no scaling.
func (s *scaling) apply(c *system.Chain) *system.Chain {
	if s.t == nil {
		return c
	}
	exact := !c.IsGaussNewton()
	scaled := &system.Chain{Stages: make([]system.Stage, len(c.Stages)), Loss: c.Loss}
	for k, st := range c.Stages {
		d, ok := st.(*system.DenseStage)
		if !ok {
			scaled.Stages[k] = st
			continue
		}
		e := *d
		if f := s.z[k]; f != nil {
			e.Z = timesColumns(d.Z, f, false)
			if exact && k > 0 {
				e.W = timesColumns(d.W, f, true)
			}
		}
		if exact && k+1 < len(s.z) && s.z[k+1] != nil {
			e.J = timesRows(d, s.z[k+1])
		}
		scaled.Stages[k] = &e
	}
	return scaled
}

// timesColumns multiplies, or divides, the columns of a by f.
func timesColumns(a, f []float64, divide bool) []float64 {
	out := make([]float64, len(a))
	for i, v := range a {
		if divide {
			out[i] = v / f[i%len(f)]
		} else {
			out[i] = v * f[i%len(f)]
		}
	}
	return out
}

// timesRows is T J of a stage.
func timesRows(d *system.DenseStage, f []float64) system.SampleMap {
	j := d.J
	switch {
	case j.Full != nil:
		j.Full = make([]float64, len(d.J.Full))
		for i, v := range d.J.Full {
			j.Full[i] = v * f[i/j.Cols%j.Rows]
		}
	case j.Sparse != nil:
		p := j.Pattern
		j.Sparse = slices.Clone(d.J.Sparse)
		for n := range j.Batch {
			val := j.Sparse[n*len(p.Col):][:len(p.Col)]
			for i := range j.Rows {
				vec.Scale(val[p.Ptr[i]:p.Ptr[i+1]], f[i], val[p.Ptr[i]:p.Ptr[i+1]])
			}
		}
	case j.Diag != nil:
		j.Diag = timesColumns(d.J.Diag, f, false)
	default:
		j = system.SampleMap{Batch: d.Batch, Rows: d.Out, Cols: d.Out, Diag: make([]float64, d.Batch*d.Out)}
		for i := range j.Diag {
			j.Diag[i] = f[i%d.Out]
		}
	}
	return j
}

// divisible is the error of a chain whose exact Hessian scale cannot scale: a residual
// layer hands its incoming state on.
func divisible(c *system.Chain, g Groups) error {
	if g <= Layer || c.IsGaussNewton() {
		return nil
	}
	for k, s := range c.Stages {
		d, ok := s.(*system.DenseStage)
		if !ok || d.Skip || d.Pass != nil || d.Gather != nil || d.SampleRows() > 1 {
			return fmt.Errorf("laplace: stage %d is not a plain dense layer; with it the exact Hessian takes prior precisions by scalar and layer only", k+1)
		}
	}
	return nil
}

// multiply computes x = T x.
func (s *scaling) multiply(x []float64) {
	for i, f := range s.t {
		x[i] *= f
	}
}
