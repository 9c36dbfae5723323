package nn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// An Activation is a function φ of one number with its first and second
// derivative, applied to every element of an array.
//
// A user adds one by implementing the two methods, or from a function of one
// number by NewActivation; nothing else in this module needs to know it. An
// Activation is used by many goroutines at once, so Eval may not write to its
// receiver.
type Activation interface {
	// Name is the word that stands for the activation in flags and files.
	Name() string

	// Eval stores φ(u[i]) in f[i], φ'(u[i]) in d1[i] and φ″(u[i]) in d2[i] for
	// all i. All slices are of the length of u; d1, or d2, or both are nil when
	// they are not wanted. f may be u itself; no other two slices overlap.
	Eval(f, d1, d2, u []float64)
}

// Linear is implemented by activations whose second derivative is zero
// wherever it exists, so that a network need not store zeros for it.
type Linear interface {
	// PiecewiseLinear reports that φ″ = 0.
	PiecewiseLinear() bool
}

// NewActivation returns an Activation of the given name that calls fn once for
// each element; fn returns φ(u), φ'(u) and φ″(u). It must be safe for
// concurrent use.
func NewActivation(name string, fn func(u float64) (f, d1, d2 float64)) Activation {
	return &pointwise{name, fn}
}

type pointwise struct {
	name string
	fn   func(u float64) (f, d1, d2 float64)
}

func (p *pointwise) Name() string { return p.name }

func (p *pointwise) Eval(f, d1, d2, u []float64) {
	for i, v := range u {
		a, b, c := p.fn(v)
		f[i] = a
		if d1 != nil {
			d1[i] = b
		}
		if d2 != nil {
			d2[i] = c
		}
	}
}

var registry = struct {
	sync.RWMutex
	m map[string]Activation
}{m: map[string]Activation{
	"identity":   Identity,
	"tanh":       Tanh,
	"relu":       ReLU,
	"gelu":       GELU,
	"silu":       SiLU,
	"sigmoid":    Sigmoid,
	"softplus":   Softplus,
	"leaky_relu": LeakyReLU,
	"elu":        ELU,
	"gelu_tanh":  GELUTanh,
	"sine":       Sine,
}}

// RegisterActivation makes a known by its name to ActivationByName. A name that
// is empty or taken is an error: names in files keep their meaning.
func RegisterActivation(a Activation) error {
	name := a.Name()
	if name == "" {
		return fmt.Errorf("nn: an activation needs a name to be registered")
	}
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.m[name]; taken {
		return fmt.Errorf("nn: an activation named %q is registered already", name)
	}
	registry.m[name] = a
	return nil
}

// ActivationByName returns the registered activation of that name. The error
// for an unknown name lists the known ones.
func ActivationByName(name string) (Activation, error) {
	registry.RLock()
	a, ok := registry.m[name]
	registry.RUnlock()
	if !ok {
		return nil, fmt.Errorf("nn: unknown activation %q; known are %s", name, strings.Join(ActivationNames(), ", "))
	}
	return a, nil
}

// ActivationNames returns the names of the registered activations, sorted.
func ActivationNames() []string {
	registry.RLock()
	defer registry.RUnlock()
	return slices.Sorted(maps.Keys(registry.m))
}

// isIdentity reports whether a is the identity, whose derivatives a chain
// does not store.
func isIdentity(a Activation) bool {
	_, ok := a.(identity)
	return ok
}

// isPiecewiseLinear reports whether φ″ is zero everywhere.
func isPiecewiseLinear(a Activation) bool {
	l, ok := a.(Linear)
	return ok && l.PiecewiseLinear()
}
