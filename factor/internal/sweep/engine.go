package sweep

import (
	"math"
	"sync"

	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// An Engine factors H + diag(ε_1 I, …, ε_L I) for the chains of one set of
// shapes. New, Take and Factor need exclusive use; Solve may be called by many
// goroutines.
type Engine struct {
	chain    *system.Chain
	backend  blas.Backend
	stages   []stage
	offsets  []int // first parameter of each stage; L+1 long
	n        int
	definite bool

	// Interrupt, unless it is nil, is asked at every stage whether to give up.
	Interrupt func() bool

	points func(lo, hi int) // pointStages

	check bool       // whether pointStages checks the stages
	mu    sync.Mutex // guards wrong
	wrong wrongStage

	eps []float64 // damping of the factors at hand, by stage
	met pivot.Stats
	w   values

	spaces   space.Pool[solveSpace]
	inverses space.Pool[inverseSpace]
	inverse  inverseNeeds
}

// values is the workspace of the backward sweep over the matrices.
type values struct {
	backend  blas.Backend
	arena    *space.Arena // of the large matrices, while they are made
	p, next  []float64    // value matrices P
	t1, t2   []float64
	v        []float64
	most     []float64 // the greatest magnitude of each row of P_s up to the diagonal
	gathered []float64 // rows that a stage makes of its inputs
	room     []float64 // a block of a map
	work     []float64
	bands    *pivot.Bands
	beside   *blas.Beside // nil with one thread
	serial   blas.Backend // the backend, with one thread
	order    int          // of the matrix that mirrorRows mirrors
	mirror   func(lo, hi int)
	small    *smallSpace // nil without small stages
	tiled    int         // if not zero, P of this order is in small.y and not in p

	logOf, log float64 // log is log|logOf|
}

// A stage is one step of the sweeps. The value matrix P of its outputs comes in
// values.p, of order Outputs; that of its inputs goes to values.next, of order
// Inputs. Both are symmetric and stored in full.
type stage interface {
	// point takes the numbers of a new chain.
	point(s system.Stage)
	// eliminate forms and factors the pivot block, number k.
	eliminate(f *values, k int, eps float64, definite bool, p *pivot.Stats)
	// back is the backward sweep of right-hand sides.
	back(w *solveSpace, b *turn)
	// forward is the forward sweep: from y of the inputs to x and y of the
	// outputs.
	forward(w *solveSpace, b *turn)
	// begin turns standard normal numbers into what forward takes for a sample.
	// It reports false if the pivot block is not positive definite.
	begin(w *solveSpace, b *turn) bool
	// invert computes elements of the inverse.
	invert(w *inverseSpace)
	// size is the order of the pivot block and the numbers of inputs coupled
	// to (0 for the first stage) and of outputs.
	size() (pivot, in, out int)
	// scratch is the lengths of the arrays of a solve that the stage needs for
	// itself.
	scratch() (u, gr, yq, rows int)
}

// New prepares for chains of the shapes of c, and takes c.
func New(c *system.Chain, backend blas.Backend) *Engine {
	f := &Engine{backend: backend, n: c.Params()}
	f.offsets = make([]int, len(c.Stages)+1)
	for k, s := range c.Stages {
		f.offsets[k+1] = f.offsets[k] + s.Params()
	}
	w := &f.w
	w.backend, w.serial = backend, pivot.OneThread(backend)
	w.bands, w.mirror = pivot.NewBands(backend.Threads()), w.mirrorRows
	if w.bands != nil {
		w.beside = blas.NewBeside()
	}
	need := needsOf(c)
	// Rows are read in whole vectors.
	square := need.states*need.states + 3
	total := 2*space.ArenaLen(square) + space.ArenaLen(need.t1) + space.ArenaLen(need.t2) + space.ArenaLen(need.v)
	for k, s := range c.Stages {
		in := 0
		if k > 0 {
			in = s.Inputs()
		}
		total += pivot.BlockWords(pivotOrder(s), in)
	}
	w.arena = space.NewArena(total)
	for k, s := range c.Stages {
		f.stages = append(f.stages, newStage(w, s, k > 0))
	}
	if need.small && isOwn(backend) {
		w.small = newSmallSpace()
	}
	w.p, w.next = w.arena.Take(square), w.arena.Take(square)
	w.t1, w.t2, w.v = w.arena.Take(need.t1), w.arena.Take(need.t2), w.arena.Take(need.v)
	w.arena = nil
	w.most = make([]float64, need.states)
	w.gathered, w.room = make([]float64, need.gathered), make([]float64, need.room)
	w.work = make([]float64, backend.SytrfWork(need.pivot))
	f.eps = make([]float64, len(c.Stages))
	f.inverse = inverseNeedsOf(c, backend.Threads())
	f.points = f.pointStages
	f.Take(c)
	return f
}

func newStage(f *values, s system.Stage, inner bool) stage {
	switch s := s.(type) {
	case *system.DenseStage:
		return newDenseStage(f, s, inner)
	case *system.BlockStage:
		return newBlockStage(f, s, inner)
	}
	panic("sweep: a stage of an unknown kind")
}

// A wrongStage is the first stage that is not as Chain.Check wants it.
type wrongStage struct {
	k   int
	err error
}

// Take takes the numbers of a chain of the same shapes.
func (f *Engine) Take(c *system.Chain) { f.take(c, false) }

// Check is Take of a chain that it checks meanwhile, stage by stage, as Chain.Check does. After
// an error the numbers are of no use.
func (f *Engine) Check(c *system.Chain) error {
	f.wrong = wrongStage{}
	f.take(c, true)
	if f.wrong.err != nil {
		return f.wrong.err
	}
	return c.CheckLoss()
}

func (f *Engine) take(c *system.Chain, check bool) {
	f.chain, f.definite = c, c.IsGaussNewton()
	for _, s := range c.Stages {
		if d, ok := s.(*system.DenseStage); ok { // second derivatives may be new
			f.w.room = space.Resize(f.w.room, max(len(f.w.room), roomFor(d)))
		}
	}
	f.check = check
	f.w.bands.Finer(len(f.stages), f.n, f.points)
}

// pointStages is the point of the stages lo to hi, which have no workspace in common.
func (f *Engine) pointStages(lo, hi int) {
	for k := lo; k < hi; k++ {
		if f.check {
			if err := f.chain.CheckStage(k); err != nil {
				f.fail(k, err)
				return
			}
		}
		f.stages[k].point(f.chain.Stages[k])
	}
}

// fail keeps what is wrong with stage k, unless an earlier one is known to be wrong.
func (f *Engine) fail(k int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wrong.err == nil || k < f.wrong.k {
		f.wrong = wrongStage{k, err}
	}
}

// Factor is the backward sweep over the matrices, with a damping for each stage. Finite
// is false where it was interrupted.
func (f *Engine) Factor(eps []float64) pivot.Stats {
	f.met = pivot.Empty()
	p := &f.met // not a local variable: it would be allocated
	definite := f.definite
	for _, e := range eps {
		definite = definite && e > 0
	}
	copy(f.eps, eps)
	f.setLoss()
	f.w.tiled = 0
	for k := len(f.stages) - 1; k >= 0; k-- {
		if f.Interrupt != nil && f.Interrupt() {
			p.Finite = false
			break
		}
		// A block of thousands takes seconds.
		if b, ok := f.stages[k].(interface{ block() *pivot.Block }); ok {
			b.block().Interrupt = f.Interrupt
		}
		f.stages[k].eliminate(&f.w, k, eps[k], definite, p)
		f.w.p, f.w.next = f.w.next, f.w.p
		if k == len(f.stages)-1 {
			p.Scale = p.Growth // nothing was eliminated before: a block of H + εI
		}
		if !p.Finite {
			if p.Block != k {
				p.Block, p.Row = k, -1
			}
			break
		}
	}
	if p.LogAbs-p.LogAbs != 0 && p.Zero == 0 {
		p.Finite = false
	}
	return *p
}

// setLoss writes the Hessian of the loss in the outputs as the first P.
func (f *Engine) setLoss() {
	r := &f.chain.Loss
	n := r.Batch * r.Rows
	clear(f.w.p[:n*n])
	for b := range r.Batch {
		for i := range r.Rows {
			row := f.w.p[(b*r.Rows+i)*n+b*r.Rows:][:r.Rows]
			switch {
			case r.Full != nil:
				copy(row, r.Full[(b*r.Rows+i)*r.Rows:])
			case r.Diag != nil:
				row[i] = r.Diag[b*r.Rows+i]
			}
		}
	}
}

// mirrorTile is the number of rows that a thread takes at a time.
const mirrorTile = 8

// mirrorNext copies the strictly lower triangle of the n×n matrix next into the
// upper one.
func (f *values) mirrorNext(n int) {
	f.order = n
	f.bands.Triangle((n+mirrorTile-1)/mirrorTile, n*n/2, f.mirror)
}

// mirrorRows mirrors the rows of tiles lo to hi.
func (f *values) mirrorRows(lo, hi int) {
	vec.MirrorLower(f.order, f.next, f.order, lo*mirrorTile, min(hi*mirrorTile, f.order))
}

// logAbs is log|x|, for counts of equal pivots, which in most chains are the same for all
// stages.
func (f *values) logAbs(x float64) float64 {
	if x != f.logOf {
		f.logOf, f.log = x, math.Log(math.Abs(x))
	}
	return f.log
}
