package factor

import (
	"errors"
	"fmt"
	"strings"

	"costate/factor/internal/mumps"
	"costate/factor/internal/pivot"
	"costate/factor/internal/tree"
	"costate/la"
	"costate/la/partition"
)

// Engines that Options.Engine names.
const (
	EngineNative = "native" // the package's own multifrontal LDLᵀ: the default
	EngineMUMPS  = "mumps"  // MUMPS over MPI; see the package costate/factor/mumps
)

// EngineNames are the engines that Options.Engine may name.
func EngineNames() []string { return []string{EngineNative, EngineMUMPS} }

// MUMPSOptions are settings of the engine mumps.
type MUMPSOptions struct {
	// Ordering is one of MUMPS's own: amd, amf, qamd, pord, scotch or metis. One that the
	// library was built without is an error of Analyse; Debian's has neither scotch nor
	// metis. Where it is empty, Options.Ordering decides: OrderAMD is MUMPS's own, the others
	// are orders of package partition. Options.Perm goes before both.
	Ordering string

	// OutOfCore, if not empty, is a directory in which each rank keeps its factors, in
	// files that end with the factorization. It must exist on every machine.
	OutOfCore string
}

// MUMPSOrderings are the orderings that MUMPSOptions may name.
func MUMPSOrderings() []string { return mumps.Orderings() }

// An EngineError says that an engine cannot do what was asked for: it is not built in, or
// it has failed, or it does not know how.
type EngineError struct {
	Engine string
	Err    error
}

func (e *EngineError) Error() string { return fmt.Sprintf("factor: engine %s: %v", e.Engine, e.Err) }

func (e *EngineError) Unwrap() error { return e.Err }

// errNoInverse is the answer of an engine without selected inverses.
var errNoInverse = errors.New("it has no elements of the inverse: take the engine native, or solve for the columns that are needed")

// errNoTree is that of an engine that makes its own tree.
var errNoTree = errors.New("it takes an order, Options.Perm, but no tree")

// engineName is the engine asked for; one that is not known is an error.
func (o *Options) engineName() (string, error) {
	switch o.Engine {
	case "", EngineNative:
		return EngineNative, nil
	case EngineMUMPS:
		return EngineMUMPS, nil
	}
	return "", &EngineError{o.Engine, fmt.Errorf("there is none of this name: the names are %s", strings.Join(EngineNames(), ", "))}
}

// A matrixEngine factors S (A + shift·I) S for values in one pattern, as package tree
// describes it.
type matrixEngine interface {
	Take(values, scale []float64, size float64)
	Factor(shift float64) pivot.Stats
	Solve(x []float64, nrhs int)
	Cost() pivot.Cost
}

var (
	_ matrixEngine = (*tree.Engine)(nil)
	_ matrixEngine = mumps.Engine(nil)
)

// newMUMPS analyses the pattern of a with MUMPS, where unknowns have the mates of a matching
// unless these are nil.
func newMUMPS(a *la.Sym, mates []int32, o *Options) (mumps.Engine, error) {
	mo, err := o.mumpsOptions(a.SymmetricDim())
	if err != nil {
		return nil, err
	}
	if mo.Perm == nil && !o.mumpsOrders() {
		if mo.Perm, err = mumpsOrder(a, mates, o); err != nil {
			return nil, err
		}
	}
	e, err := mumps.New(a, mo)
	if err != nil {
		return nil, mumpsError(a.SymmetricDim(), o, err)
	}
	return e, nil
}

// mumpsOptions are those for a matrix of order n.
func (o *Options) mumpsOptions(n int) (mumps.Options, error) {
	mo := mumps.Options{Ordering: o.MUMPS.Ordering, Perm: o.Perm, Threshold: o.mumpsThreshold(), Threads: o.Backend.Threads(),
		MemoryLimit: o.MemoryLimit, OutOfCore: o.MUMPS.OutOfCore}
	if mo.Ordering == "" && o.Ordering == partition.OrderAMD {
		mo.Ordering = "amd"
	}
	switch {
	case o.Perm == nil:
		return mo, nil
	case len(o.Perm) != n:
		return mo, fmt.Errorf("factor: permutation of %d for %d unknowns", len(o.Perm), n)
	}
	return mo, o.Perm.Validate()
}

// mumpsOrders reports whether MUMPS is asked to find an order itself.
func (o *Options) mumpsOrders() bool {
	return o.MUMPS.Ordering != "" || o.Ordering == partition.OrderAMD
}

// mumpsOrder is the order that MUMPS is given, nil where package partition would leave a matrix
// as it comes. On an elasticity problem MUMPS's own order then takes a quarter of the flops, while
// on most others it takes more.
func mumpsOrder(a *la.Sym, mates []int32, o *Options) (partition.Perm, error) {
	po := &partition.Options{Ordering: o.Ordering, Apart: true, Interrupt: o.Interrupt} // nodes are of MUMPS's making
	if o.Ordering != partition.OrderNatural {
		po.Mates = mates
	}
	t, err := assembly(a, po)
	if err != nil || o.Ordering == partition.OrderAuto && t.Ordering == partition.OrderNatural {
		return nil, err
	}
	return t.Perm, nil
}

// mumpsThreshold is the threshold of pivoting for MUMPS.
func (o *Options) mumpsThreshold() float64 {
	if o.PivotTolerance > 0 {
		return min(o.PivotTolerance, strictThreshold)
	}
	return mumpsThreshold
}

// mumpsError is the public form of an error of MUMPS.
func mumpsError(order int, o *Options, err error) error {
	var memory *mumps.MemoryError
	if errors.As(err, &memory) {
		return &MemoryError{Needed: memory.Needed, Limit: o.MemoryLimit, What: fmt.Sprintf("MUMPS for an LDLᵀ of order %d, on one machine,", order),
			Instead: "more machines, or factors out of core, would need less on each"}
	}
	return &EngineError{EngineMUMPS, err}
}
