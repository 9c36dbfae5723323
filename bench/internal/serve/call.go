package serve

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"

	"costate/bench/internal/protocol"
)

// A request is the head of a message of a client. PROTOCOL.md says which fields go
// with which operation.
type request struct {
	ID     int64            `json:"id"`
	Op     string           `json:"op"`
	Handle int64            `json:"handle"`
	Free   []int64          `json:"free"`   // handles that are not used any more
	Cancel int64            `json:"cancel"` // id of a request
	Shared *protocol.Shared `json:"shared"`

	Network   *networkSpec    `json:"network"`
	Curvature string          `json:"curvature"`
	Eps       numbers         `json:"eps"`
	Method    string          `json:"method"`
	Tolerance protocol.Number `json:"tolerance"`

	Full     bool            `json:"full"`     // sparse: both triangles come
	Symmetry protocol.Number `json:"symmetry"` // by how much they may differ

	Steps   int             `json:"steps"`
	Seconds protocol.Number `json:"seconds"`
	Target  protocol.Number `json:"target"`
	Damping protocol.Number `json:"damping"`

	Count    int             `json:"count"` // of eigenpairs or samples
	Which    string          `json:"which"`
	Near     protocol.Number `json:"near"`
	Products bool            `json:"products"` // nothing is factored
	Function string          `json:"function"`
	Seed     int64           `json:"seed"`
	Index    int             `json:"index"` // of a training sample

	Groups      string          `json:"groups"`
	Precision   numbers         `json:"precision"`
	Noise       protocol.Number `json:"noise"`
	Temperature protocol.Number `json:"temperature"`
	FixedNoise  bool            `json:"fixed_noise"`
	Link        string          `json:"link"`
}

type numbers []protocol.Number

func (x numbers) floats() []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// An answer is what an operation gives back: fields of the head, arrays, and an
// object that is to be kept under a new handle.
type answer struct {
	fields map[string]any
	arrays map[string]*protocol.Array
	object any
}

// operations are what can be asked for, but for what conn.take does itself.
var operations = map[string]func(*call) (*answer, error){
	"network":          (*call).network,
	"move":             (*call).move,
	"gradient":         (*call).gradient,
	"multiply":         (*call).multiply,
	"diagonal":         (*call).diagonal,
	"count":            (*call).count,
	"factor":           (*call).factor,
	"refactor":         (*call).refactor,
	"update":           (*call).update,
	"train":            (*call).train,
	"sparse":           (*call).sparse,
	"values":           (*call).values,
	"solve":            (*call).solve,
	"inertia":          (*call).inertia,
	"condition":        (*call).condition,
	"inverse_diagonal": (*call).inverseDiagonal,
	"sample":           (*call).sample,
	"eigenpairs":       (*call).eigenpairs,
	"function":         (*call).function,

	"influence":           (*call).influence,
	"influence_pairs":     (*call).pairs,
	"influence_self":      (*call).selfInfluence,
	"influence_on_params": (*call).paramInfluence,
	"influence_on_scalar": (*call).scalarInfluence,

	"laplace":          (*call).posterior,
	"evidence":         (*call).evidence,
	"effective_params": (*call).effectiveParams,
	"predict":          (*call).predict,
}

// A call is a request being answered.
type call struct {
	conn    *conn
	ctx     context.Context
	stop    context.CancelFunc
	request *request
	frame   *protocol.Frame
	object  any // of the request's handle
	arrays  map[string]*protocol.Array
	claimed atomic.Bool
}

// claim reports whether the caller is the one who may answer.
func (k *call) claim() bool { return k.claimed.CompareAndSwap(false, true) }

// run computes and answers, unless the call is cancelled meanwhile.
func (k *call) run() {
	defer k.stop()
	a, err := k.compute()
	if !k.claim() {
		return
	}
	k.conn.forget(k)
	if err != nil {
		k.conn.fail(k.request.ID, err)
		return
	}
	if a == nil {
		a = &answer{}
	}
	if a.object != nil {
		if a.fields == nil {
			a.fields = map[string]any{}
		}
		a.fields["handle"] = k.conn.keep(a.object)
	}
	k.conn.answer(k.request.ID, a, k.request.Shared)
}

func (k *call) compute() (a *answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			a, err = nil, recovered(p)
		}
	}()
	op := operations[k.request.Op]
	if op == nil {
		return nil, inputf("unknown operation %.80q", k.request.Op)
	}
	if k.request.Handle != 0 && k.object == nil {
		return nil, inputf("%s: there is nothing under the handle %d", k.request.Op, k.request.Handle)
	}
	if k.arrays, err = protocol.ParseArchive(k.frame.Archive); err != nil {
		return nil, &inputError{err}
	}
	k.frame = nil
	if s := k.request.Shared; s != nil {
		if err := s.ReadTo(k.arrays); err != nil {
			return nil, &inputError{err}
		}
	}
	return op(k)
}

// cancelled returns an error if the call was cancelled.
func (k *call) cancelled() error {
	if k.ctx.Err() != nil {
		return errCancelled
	}
	return nil
}

// of returns the object of the request's handle if it is of the type wanted.
func of[T any](k *call, what string) (T, error) {
	x, ok := k.object.(T)
	if !ok {
		return x, inputf("%s: the handle %d is not that of %s", k.request.Op, k.request.Handle, article(what))
	}
	return x, nil
}

// array returns an array that the request must have, without a NaN or an infinity.
// A negative size in the shape stands for any.
func (k *call) array(name string, shape ...int) (*protocol.Array, error) {
	a := k.arrays[name]
	if a == nil {
		return nil, inputf("%s: the array %s is missing", k.request.Op, name)
	}
	fits := len(a.Shape) == len(shape)
	for i := range shape {
		fits = fits && (shape[i] < 0 || shape[i] == a.Shape[i])
	}
	if !fits {
		return nil, inputf("%s has the shape %s; it must be %s", name, formatShape(a.Shape), formatShape(shape))
	}
	return a, checkFinite(name, a)
}

// floats is array for floats; integers are converted.
func (k *call) floats(name string, shape ...int) ([]float64, error) {
	a, err := k.array(name, shape...)
	if err != nil {
		return nil, err
	}
	if a.I != nil {
		a.F = make([]float64, len(a.I))
		for i, v := range a.I {
			a.F[i] = float64(v)
		}
		a.I = nil
	}
	return a.F, nil
}

// integers is array for integers.
func (k *call) integers(name string, shape ...int) ([]int64, error) {
	a, err := k.array(name, shape...)
	if err != nil {
		return nil, err
	}
	if a.I == nil {
		return nil, inputf("%s has floats; it must have integers", name)
	}
	return a.I, nil
}

// checkFinite names the first element that is a NaN or an infinity.
func checkFinite(name string, a *protocol.Array) error {
	for i, v := range a.F {
		if v-v == 0 {
			continue
		}
		index := make([]int, len(a.Shape))
		for d := len(index) - 1; d >= 0; d-- {
			index[d] = i % a.Shape[d]
			i /= a.Shape[d]
		}
		return &notFiniteError{name: name, index: index, value: v}
	}
	return nil
}

// formatShape writes a shape as Python does, with a star for any size.
func formatShape(shape []int) string {
	s := "("
	for i, d := range shape {
		if i > 0 {
			s += ", "
		}
		if d < 0 {
			s += "*"
		} else {
			s += fmt.Sprint(d)
		}
	}
	if len(shape) == 1 {
		s += ","
	}
	return s + ")"
}

// finite checks a number of the head.
func finite(name string, x float64) error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return inputf("%s is %g; it must be finite", name, x)
	}
	return nil
}

// article puts one before a noun.
func article(noun string) string {
	if strings.HasPrefix(noun, "i") {
		return "an " + noun
	}
	return "a " + noun
}
