package main

import (
	"errors"
	"fmt"
	"math"

	"costate/factor"
	"costate/la"
	"costate/la/mtx"
)

// explain adds to an error of the factorizations which flag would help.
func explain(err error) error {
	var singular *factor.SingularError
	var memory *factor.MemoryError
	var curved *factor.NegativeCurvatureError
	switch {
	case errors.As(err, &singular):
		if singular.Suggest != 0 {
			return fmt.Errorf("%w (try --eps %.3g)", err, singular.Suggest)
		}
	case errors.As(err, &curved):
		return fmt.Errorf("%w (--eps, or --method chain or minres)", err)
	case errors.As(err, &memory):
		return fmt.Errorf("%w; a smaller --batch or --width, another --method or a higher --memory would help", err)
	}
	return err
}

// explainMatrix is explain for a matrix from a file, where ε is no flag and rows
// count from 1 as they do in the file.
func explainMatrix(path string, err error) error {
	var memory *factor.MemoryError
	var singular *factor.SingularError
	var asymmetric *la.AsymmetricError
	switch {
	case errors.As(err, &memory):
		return fmt.Errorf("%w (the limit is --memory)", err)
	case errors.As(err, &singular) && singular.Cond != 0:
		condition := ""
		if !math.IsInf(singular.Cond, 0) {
			condition = fmt.Sprintf(" (condition number %.3g)", singular.Cond)
		}
		return &plainError{fmt.Sprintf("%s: the matrix is singular to working accuracy: no pivot for row %d%s", path, singular.Row+1, condition), err}
	case errors.As(err, &asymmetric):
		line := ""
		if place := (*mtx.Error)(nil); errors.As(err, &place) {
			line = fmt.Sprintf(" line %d:", place.Line)
		}
		a := asymmetric
		return &plainError{fmt.Sprintf("%s:%s the matrix is not symmetric: entry (%d, %d) is %v, entry (%d, %d) is %v", path, line, a.I+1, a.J+1, a.Aij, a.J+1, a.I+1, a.Aji), err}
	}
	return named(path, err)
}

// A plainError says in other words what another error says.
type plainError struct {
	text  string
	cause error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.cause }

// brief says in a few words why a method has no answer, or none that is good
// enough, for a column of a table.
func brief(err error) string {
	var curved *factor.NegativeCurvatureError
	var accuracy *factor.AccuracyError
	var memory *factor.MemoryError
	switch {
	case errors.As(err, &curved):
		return fmt.Sprintf("gave up after %s: not positive definite", plural(curved.Iteration, "iteration"))
	case errors.As(err, &accuracy):
		return fmt.Sprintf("stopped at backward error %.1e", accuracy.Reached)
	case errors.As(err, &memory):
		return fmt.Sprintf("left out: needs %s", formatBytes(memory.Needed))
	}
	return oneLine(err)
}

// isRefusal reports whether err is what may happen in a comparison without
// anything being wrong: too large, too long, or not for this method.
func isRefusal(err error) bool {
	var curved *factor.NegativeCurvatureError
	var memory *factor.MemoryError
	var long *tooLongError
	return errors.As(err, &curved) || errors.As(err, &memory) || errors.As(err, &long)
}
