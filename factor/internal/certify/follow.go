package certify

// A Stepwise engine solves part by part.
type Stepwise interface {
	// SolveSteps is Solve for one right-hand side. It calls Came of f when more of the
	// solution is there.
	SolveSteps(x []float64, f Follower)
}

// A Follower computes a residual b − A x behind the solve that x comes from.
type Follower interface {
	// Came says that x is there for the first parts of what A consists of.
	Came(parts int)

	// ResidualTo is that of Operator when all of x is there. It must be called.
	ResidualTo(r, b []float64)
}

// A Followed operator follows a Stepwise engine with the same parts.
type Followed interface {
	// Follow begins a residual of an x that is still being computed. Where that does not pay
	// it returns nil.
	Follow(x []float64) Follower
}
