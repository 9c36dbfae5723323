package blas

import "costate/la/blas/internal/gemm"

// A Team runs the parts of some work side by side on the goroutines that the products of the
// native backend are shared out to. After a product these stay awake for a fraction of a
// millisecond and look for more: a goroutine that is started meanwhile finds no processor
// free. So code that runs loops between products shares them out by a Team. It is used again
// and again for one function, without allocating.
type Team struct{ team *gemm.Team }

// NewTeam returns a Team that runs one function.
func NewTeam(run func(part int)) *Team { return &Team{gemm.NewTeam(run)} }

// Run calls the function for each part from 0 to parts-1, on as many goroutines at most, of
// which the caller is one, and returns when all are done. Parts may not wait for each other:
// the caller also runs those that no other goroutine has begun in time. Run may not be called
// again before it returns.
func (t *Team) Run(parts int) { t.team.Run(parts) }

// Share is Run for more parts than threads, on so many threads at most: one that begins late,
// because it had to be woken, then has less to do.
func (t *Team) Share(parts, threads int) { t.team.Share(parts, threads) }

// A Beside runs one function beside its caller, on a goroutine of the kind that a Team has. It
// is used again and again, without allocating.
type Beside struct{ beside *gemm.Beside }

// NewBeside returns a Beside.
func NewBeside() *Beside { return &Beside{gemm.NewBeside()} }

// Start runs body beside the caller, until Join.
func (b *Beside) Start(body func()) { b.beside.Start(body) }

// Join waits for the body, which the caller runs itself if no other goroutine has begun it in
// time. It belongs to a Start.
func (b *Beside) Join() { b.beside.Join() }

// A Progress tells a goroutine how far another one has come that it follows, such as the body of
// a Beside its caller: the caller says with Reach(n) that the first n things are done, and the
// body waits for them with Await(n), which must not be the other way about, since a caller may
// have to run the body itself. Reset begins anew, at 0.
type Progress = gemm.Progress
