package serve

import (
	"context"
	"errors"
	"fmt"

	"costate/bench/internal/protocol"
	"costate/factor"
	"costate/factor/eigen"
	"costate/la"
	"costate/nn/laplace"
)

// errCancelled answers a request that was cancelled.
var errCancelled = errors.New("the request was cancelled")

// errSpoiled answers a request for an object whose last one was cancelled.
var errSpoiled = &inputError{errors.New("a request for this object was cancelled midway; make it anew")}

// An inputError is a mistake in a request.
type inputError struct{ err error }

func (e *inputError) Error() string { return e.err.Error() }
func (e *inputError) Unwrap() error { return e.err }

func inputf(format string, args ...any) error { return &inputError{fmt.Errorf(format, args...)} }

// An internalError is a panic.
type internalError struct{ what, stack string }

func (e *internalError) Error() string { return "internal error: " + e.what }

// A notFiniteError names the first element of an array of a request that is a NaN or
// an infinity.
type notFiniteError struct {
	name  string
	index []int
	value float64
}

func (e *notFiniteError) Error() string {
	s := e.name
	for i, v := range e.index {
		if i == 0 {
			s += "["
		} else {
			s += ", "
		}
		s += fmt.Sprint(v)
	}
	if len(e.index) > 0 {
		s += "]"
	}
	return fmt.Sprintf("%s is %g", s, e.value)
}

// describe returns an error as the object that a client reads.
func describe(err error) map[string]any {
	kind, fields := classify(err)
	d := map[string]any{"type": kind, "message": err.Error()}
	for k, v := range fields {
		d[k] = v
	}
	return d
}

// classify names the kind of an error, and gives its fields.
func classify(err error) (string, map[string]any) {
	var (
		singular *singularError
		alone    *factor.SingularError // nothing is known of its inertia
		accuracy *factor.AccuracyError
		memory   *factor.MemoryError
		internal *internalError
		mine     *notFiniteError
		infinite *la.NotFiniteError
		uneven   *la.AsymmetricError
		inverse  *factor.InverseError
		signs    *factor.IndefiniteError
		saddle   *laplace.NotMinimumError
		pairs    *eigen.LanczosError
		function *eigen.FuncError
	)
	switch {
	case errors.Is(err, errCancelled), errors.Is(err, context.Canceled):
		return "Cancelled", nil
	case errors.As(err, &singular):
		return "SingularError", singularFields(singular.err, singular.inertia)
	case errors.As(err, &alone):
		return "SingularError", singularFields(alone, la.Inertia{})
	case errors.As(err, &accuracy):
		return "AccuracyError", map[string]any{"reached": protocol.Number(accuracy.Reached),
			"wanted": protocol.Number(accuracy.Wanted), "column": accuracy.Column}
	case errors.As(err, &memory):
		return "MemoryError", map[string]any{"needed": memory.Needed, "limit": memory.Limit, "what": memory.What, "instead": memory.Instead}
	case errors.As(err, &mine):
		return "NotFiniteError", map[string]any{"name": mine.name, "index": mine.index, "value": protocol.Number(mine.value)}
	case errors.As(err, &infinite):
		index := []int{}
		if infinite.Index >= 0 {
			index = append(index, infinite.Index)
		}
		return "NotFiniteError", map[string]any{"name": infinite.Where, "index": index, "value": protocol.Number(infinite.Value)}
	case errors.As(err, &uneven):
		return "AsymmetricError", map[string]any{"i": uneven.I, "j": uneven.J, "a": protocol.Number(uneven.Aij), "b": protocol.Number(uneven.Aji)}
	case errors.As(err, &inverse):
		return "InverseError", nil
	case errors.As(err, &signs):
		return "IndefiniteError", map[string]any{"inertia": signs.Inertia}
	case errors.As(err, &saddle):
		return "NotMinimumError", map[string]any{"negative": saddle.Negative, "certain": saddle.Certain,
			"min_eigenvalue": protocol.Number(saddle.MinEigenvalue), "min_precision": protocol.Number(saddle.MinPrecision)}
	case errors.As(err, &pairs):
		return "ConvergenceError", map[string]any{"reached": pairs.Found, "wanted": pairs.Wanted}
	case errors.As(err, &function):
		return "ConvergenceError", map[string]any{"reached": protocol.Number(function.Reached), "wanted": protocol.Number(function.Wanted)}
	case errors.As(err, &internal):
		return "InternalError", map[string]any{"stack": internal.stack}
	}
	return "InputError", nil
}

func singularFields(s *factor.SingularError, inertia la.Inertia) map[string]any {
	return map[string]any{"block": s.Block, "pivot": s.Pivot, "eps": protocol.Number(s.Eps),
		"suggest": protocol.Number(s.Suggest), "row": s.Row, "cond": protocol.Number(s.Cond), "inertia": inertia}
}

// A singularError is one of a factorization, with what it still knows.
type singularError struct {
	err     *factor.SingularError
	inertia la.Inertia
}

func (e *singularError) Error() string { return e.err.Error() }
func (e *singularError) Unwrap() error { return e.err }

// withInertia adds to a *factor.SingularError the inertia that is known.
func withInertia(err error, inertia func() la.Inertia) error {
	var s *factor.SingularError
	if !errors.As(err, &s) {
		return err
	}
	return &singularError{s, inertia()}
}
