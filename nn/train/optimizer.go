package train

import (
	"math"

	"costate/nn"
)

// An Optimizer changes the parameters of a network step by step.
//
// Its settings are its exported fields, where the zero value means the default;
// no step changes them. What it remembers between steps is apart from them: it
// starts empty, also when a step is for another network than the last one, and
// can be carried from one process to another by State and SetState. One goroutine
// at a time may use an Optimizer.
type Optimizer interface {
	// Name is the word for the method in flags and files.
	Name() string

	// Step makes one step from the parameters of t.Net, which it changes, and
	// tells what it did. A step that is tried and not taken is a step too: it
	// leaves the parameters as they were, and what was learned from it is in the
	// Optimizer. After an error the parameters are those before the step.
	//
	// The error is what nn reports of the data or of numbers that overflow,
	// what factor reports, or a *StalledError where no step lowers the loss any
	// more.
	Step(t *Task) (Info, error)

	// State returns copies of all that the next step depends on besides the
	// settings, the parameters and the batch.
	State() State

	// SetState goes on from a state of an Optimizer of the same name and
	// settings. It returns an error if the state is not one of those.
	SetState(s State) error
}

// A State is what an Optimizer remembers, as named arrays.
type State map[string][]float64

// A Task is what a step is made for.
type Task struct {
	Net   *nn.Network
	Batch *nn.Batch // loss and gradient are of this batch

	// Objective, if it is not nil, is the loss instead, and there is no Batch.
	Objective Objective

	// Shards, if it is not nil, evaluates Batch on all ranks of MPI.
	Shards *Shards

	// Curvature is the batch whose curvature is factored, where it is not
	// Batch: a sub-sample that a factorization can serve. Only
	// LevenbergMarquardt looks at it.
	Curvature *nn.Batch

	// Version changes whenever the contents of one of the batches do, so that
	// what was computed for them can be used again after a step not taken.
	Version int
}

// An Info tells what a step did. Numbers that a method does not know are NaN.
type Info struct {
	Loss     float64 // of the batch before the step
	After    float64 // of the batch after it; Loss if the step was not taken
	Gradient float64 // norm of the gradient before the step
	Accepted bool    // whether the parameters changed
	Damping  float64 // multiple of the identity in the system that was solved
	Radius   float64 // bound of the step's length
	Ratio    float64 // decrease of the loss over the decrease that the model predicted
	Length   float64 // norm of the step that the model asked for

	// Stretch is the length of the step taken over Length, where a method tries other
	// lengths. Ratio compares with the decrease that the model predicted for Length.
	Stretch float64

	// Negative counts the negative eigenvalues of the Hessian before the step,
	// where a factorization counted them; −1 stands for unknown.
	Negative int

	Factorizations int // of H + λI
	Products       int // with H, in conjugate gradients
}

// unknown is an Info with everything unknown.
func unknown() Info {
	nan := math.NaN()
	return Info{Loss: nan, After: nan, Gradient: nan, Damping: nan, Radius: nan, Ratio: nan, Length: nan, Stretch: nan, Negative: -1}
}
