package train

import "fmt"

// A DivergedError says that training was stopped because the loss grew out of
// bounds or was no number any more. The network then has the last good
// parameters.
type DivergedError struct {
	Optimizer string
	Step      int     // the step that led there, counting from 1
	Loss      float64 // after that step; NaN if it could not be evaluated
	Err       error   // what the evaluation said, or nil
}

func (e *DivergedError) Error() string {
	s := fmt.Sprintf("train: %s diverged in step %d", e.Optimizer, e.Step)
	if e.Err != nil {
		s += fmt.Sprintf(" (%v)", e.Err)
	} else {
		s += fmt.Sprintf(" (loss %.3g)", e.Loss)
	}
	return s + fmt.Sprintf("; the parameters of step %d were kept; a smaller learning rate or a larger damping would help", e.Step-1)
}

// Unwrap returns Err.
func (e *DivergedError) Unwrap() error { return e.Err }

// A StalledError says that no step, however short, lowers the loss: the
// parameters are a minimum or a saddle point as far as rounding lets see.
type StalledError struct {
	Optimizer string
	Gradient  float64 // norm of the gradient
}

func (e *StalledError) Error() string {
	return fmt.Sprintf("train: %s finds no step that lowers the loss (norm of the gradient %.3g)", e.Optimizer, e.Gradient)
}

// A CheckpointError says why a file cannot be resumed from.
type CheckpointError struct {
	File string
	Why  string
}

func (e *CheckpointError) Error() string { return fmt.Sprintf("train: %s: %s", e.File, e.Why) }
