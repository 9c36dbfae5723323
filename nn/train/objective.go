package train

import (
	"fmt"
	"strings"

	"costate/nn"
)

// An Objective is a loss of a network's parameters that is not one of batches of
// samples, such as that of the residuals of a differential equation. In a Run it takes
// the place of a Sampler. Optimizers that need nothing but gradients take any; see
// their own packages for others.
type Objective interface {
	// Deal goes to the data of batch n, from 1, which must depend on n alone. It
	// returns a number that changes whenever the data do.
	Deal(n int) (version int, err error)

	// Loss and Gradient are those of nn.Network: the error says what is not finite.
	Loss(net *nn.Network) (float64, error)
	Gradient(dst []float64, net *nn.Network) (float64, error)

	// Describe says what the loss is of, a name and a value a line, for checkpoints.
	Describe() string
}

// A Curved objective has an exact Hessian that can be factored. TrustRegion and CubicNewton
// take it.
type Curved interface {
	Objective

	// Hessian stores the gradient at net's parameters in dst, and returns the loss and the
	// Hessian there, which may be used until the next call. The error says what is not finite,
	// or that the matrix is too large.
	Hessian(dst []float64, net *nn.Network) (float64, Shifted, error)
}

// A source deals out what steps are made for.
type source interface {
	check() error
	settings() settingList
	dealt() int   // the batch that was dealt last, from 1
	rewind(n int) // says that it was batch n
	deal(t *Task, n int, inputs, targets int) error
}

// objectiveSource deals out an Objective.
type objectiveSource struct {
	Objective
	at int
}

func (s *objectiveSource) check() error { return nil }
func (s *objectiveSource) dealt() int   { return s.at }
func (s *objectiveSource) rewind(n int) { s.at = n }

func (s *objectiveSource) deal(t *Task, n int, _, _ int) (err error) {
	s.at = n
	t.Batch, t.Curvature, t.Objective = nil, nil, s.Objective
	t.Version, err = s.Deal(n)
	return err
}

func (s *objectiveSource) settings() settingList {
	var l settingList
	for line := range strings.Lines(s.Describe()) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		l.add(name, value)
	}
	return l
}

// gradient is the gradient of what a task is about.
func (t *Task) gradient(dst []float64, net *nn.Network, ws *nn.Workspace) (float64, error) {
	if t.Objective != nil {
		return t.Objective.Gradient(dst, net)
	}
	if t.Shards != nil {
		err := t.Shards.linearize(t, net, false)
		copy(dst, t.Shards.grad)
		return t.Shards.loss, err
	}
	return net.Gradient(dst, t.Batch, ws)
}

// loss is the loss of what a task is about.
func (t *Task) loss(net *nn.Network, ws *nn.Workspace) (float64, error) {
	if t.Objective != nil {
		return t.Objective.Loss(net)
	}
	if t.Shards != nil {
		if err := t.Shards.take(t); err != nil {
			return 0, err
		}
		return t.Shards.lossAt(net)
	}
	return net.Loss(t.Batch, ws)
}

// needsBatch is the error of an optimizer that needs all of a batch in one place: it
// cannot use an Objective, nor Shards.
func (t *Task) needsBatch(name string) error {
	if err := t.needsSamples(name); err != nil {
		return err
	}
	if t.Shards != nil {
		return fmt.Errorf("train: %s needs all of a batch in one place; Shards are for optimizers that need gradients alone, and for lm with a sub-sample for the curvature", name)
	}
	return nil
}

// needsSamples is the error of an optimizer that cannot use an Objective.
func (t *Task) needsSamples(name string) error {
	if t.Objective == nil {
		return nil
	}
	return fmt.Errorf("train: %s is for losses of batches of samples; for an Objective take one that needs gradients alone", name)
}

// needsHessian is the error of an optimizer that cannot use an Objective without Hessian.
func (t *Task) needsHessian(name string) error {
	if _, ok := t.Objective.(Curved); ok {
		return nil
	}
	return t.needsBatch(name)
}

// same reports whether a task is about the same data as another one of that version.
func (t *Task) same(o *Task) bool { return t.Batch == o.Batch && t.Objective == o.Objective }
