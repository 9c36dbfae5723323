package factor

import (
	"math"

	"costate/la/blas"
	"costate/system"
)

// Chain factors H + εI for the matrix H of a chain the structured way: block
// LDLᵀ of the augmented system with one pivot block a stage, in orthogonally
// compressed parameters. Per dense stage z̄ = [Z, 1] = U Q₁ᵀ splits the
// parameters into X = X_r Q₁ᵀ + X_⊥; only X_r reaches the states, and X_⊥ is
// eliminated in closed form, so no matrix is of the order of the parameters.
// With V(y) = ½ yᵀPy − pᵀy the value left after the later stages, a backward
// sweep over the stages computes
//
//	P_s = JᵀPJ + Q
//	S   = εI + (U⊗I)ᵀ P_s (U⊗I)                      pivot block: LDLᵀ, Bunch–Kaufman
//	K   = (U⊗I)ᵀ P_s (I⊗W) + C                       C from δ and Q₁
//	P  ← (I⊗W)ᵀ P_s (I⊗W) − Kᵀ S⁻¹ K − (1/ε) δδᵀ⊗Π   Π = I − Q₁Q₁ᵀ
//
// and a forward sweep reads the solution back. With N numbers in a stage's
// states and at most as many samples as inputs an inner stage costs 7/3 N³
// flops, whatever the number of parameters: linear in the depth. Another ε
// redoes the sweep; another right-hand side costs one triangular solve and one
// product per stage.
//
// A Gauss–Newton chain with ε > 0 has definite pivot blocks, which are factored
// by Cholesky.
//
// The zero value is ready for Analyse. See Factorization for the phases, the
// accuracy and the errors.
//
// Sources: A. Rahimi, The Hessian of tall-skinny networks is easy to invert,
// arXiv:2601.06096 (2026), for the augmented system; J. C. Dunn and D. P.
// Bertsekas, Efficient dynamic programming implementations of Newton's method
// for unconstrained optimal control problems, JOTA 63 (1989), for the sweeps;
// N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002),
// chapter 11, for the pivoting.
type Chain struct {
	guard
	stages   []eliminator
	definite bool
	planned  Cost

	eps     []float64 // damping of the factors at hand, by stage
	p, next []float64 // value matrices P
	t1, t2  []float64
	v       []float64
	work    []float64
	met     pivots

	bands       *bands
	beside      *beside      // nil with one thread
	serial      blas.Backend // the backend, with one thread
	order       int          // of the matrix that mirrorTiles mirrors
	mirrorTiles func(lo, hi int)

	spaces pool[sweepSpace]
}

var _ Factorization = (*Chain)(nil)

// An eliminator is one stage of the sweeps. The value matrix P of its outputs
// comes in f.p, of order Outputs; that of its inputs goes to f.next, of order
// Inputs. Both are symmetric and stored in full.
type eliminator interface {
	// point takes the numbers of a new chain.
	point(s system.Stage)
	// eliminate forms and factors the pivot block. inner is false for the
	// first stage, which has no inputs to couple to.
	eliminate(f *Chain, k int, eps float64, definite bool, p *pivots)
	// back is the backward sweep of a right-hand side; see sweepSpace.
	back(f *Chain, w *sweepSpace, k int, g []float64, nrhs int)
	// forward is the forward sweep: from y of the inputs to x and y of the
	// outputs.
	forward(f *Chain, w *sweepSpace, k int, x []float64, nrhs int)
	// size is the order of the pivot block and the numbers of inputs coupled
	// to (0 for the first stage) and of outputs.
	size() (pivot, in, out int)
}

// Analyse prepares for chains of the shapes of c; see Factorization.
func (f *Chain) Analyse(c *system.Chain, opts *Options) error {
	*f = Chain{}
	if err := f.begin(f, c, opts); err != nil {
		return err
	}
	f.planned = ChainCost(c)
	if err := f.plan("the factorization of the chain", f.planned); err != nil {
		f.kernel = nil
		return err
	}
	f.bands = newBands(f.opts.Backend.Threads())
	f.mirrorTiles = f.mirrorRows
	f.serial = oneThread(f.opts.Backend)
	if f.bands != nil {
		f.beside = newBeside()
	}
	maxN, maxM, maxT1, maxT2, maxV := 0, 0, 0, 0, 0
	for k, s := range c.Stages {
		e := newEliminator(f, s, k > 0)
		f.stages = append(f.stages, e)
		m, in, out := e.size()
		maxN, maxM = max(maxN, in, out, preActivations(s)), max(maxM, m)
		t1, t2 := scratch(s, k > 0)
		maxT1, maxT2, maxV = max(maxT1, t1), max(maxT2, t2), max(maxV, m*in)
	}
	f.p, f.next = make([]float64, maxN*maxN), make([]float64, maxN*maxN)
	f.t1, f.t2, f.v = make([]float64, maxT1), make([]float64, maxT2), make([]float64, maxV)
	f.eps = make([]float64, len(c.Stages))
	f.work = make([]float64, f.opts.Backend.SytrfWork(maxM))
	f.take()
	return nil
}

// Update takes a new point; see Factorization.
func (f *Chain) Update(c *system.Chain) error {
	if err := f.point(c); err != nil {
		return err
	}
	f.take()
	return nil
}

// take reads the numbers of the chain at hand: the orthogonal factors of z̄.
func (f *Chain) take() {
	f.definite = f.chain.IsGaussNewton()
	for k, s := range f.chain.Stages {
		f.stages[k].point(s)
	}
}

func newEliminator(f *Chain, s system.Stage, inner bool) eliminator {
	switch s := s.(type) {
	case *system.DenseStage:
		return newDenseStage(f, s, inner)
	case *system.BlockStage:
		return newBlocksStage(s, inner)
	}
	panic(ErrShape)
}

// factor is the backward sweep over the matrices.
func (f *Chain) factor(eps []float64) pivots {
	f.met = pivots{finite: true, tiny: math.Inf(1)}
	p := &f.met // not a local variable: it would be allocated
	definite := f.definite
	for _, e := range eps {
		definite = definite && e > 0
	}
	copy(f.eps, eps)
	f.setLoss()
	for k := len(f.stages) - 1; k >= 0; k-- {
		f.stages[k].eliminate(f, k, eps[k], definite, p)
		f.p, f.next = f.next, f.p
		if k == len(f.stages)-1 {
			p.scale = p.growth // nothing was eliminated before: a block of H + εI
		}
		if !p.finite {
			p.block = k
			break
		}
	}
	if p.logAbs-p.logAbs != 0 && p.zero == 0 {
		p.finite = false
	}
	return *p
}

// setLoss writes the Hessian of the loss in the outputs as the first P.
func (f *Chain) setLoss() {
	r := &f.chain.Loss
	n := r.Batch * r.Rows
	clear(f.p[:n*n])
	for b := range r.Batch {
		for i := range r.Rows {
			row := f.p[(b*r.Rows+i)*n+b*r.Rows:][:r.Rows]
			switch {
			case r.Full != nil:
				copy(row, r.Full[(b*r.Rows+i)*r.Rows:])
			case r.Diag != nil:
				row[i] = r.Diag[b*r.Rows+i]
			}
		}
	}
}

// mirror copies the strictly lower triangle of the n×n matrix f.next into the
// upper one.
func (f *Chain) mirror(n int) {
	f.order = n
	f.bands.triangle((n+mirrorTile-1)/mirrorTile, n*n/2, f.mirrorTiles)
}

const mirrorTile = turnTile

// mirrorRows mirrors the rows of tiles lo to hi.
func (f *Chain) mirrorRows(lo, hi int) {
	a, n := f.next, f.order
	for i0 := lo * mirrorTile; i0 < min(hi*mirrorTile, n); i0 += mirrorTile {
		r := min(mirrorTile, n-i0)
		for j0 := 0; j0 < i0; j0 += mirrorTile {
			turn(a[j0*n+i0:], n, a[i0*n+j0:], n, r, mirrorTile)
		}
		for i := i0; i < i0+r; i++ {
			for j := i0; j < i; j++ {
				a[j*n+i] = a[i*n+j]
			}
		}
	}
}

func (f *Chain) cost() Cost { return f.planned }

// ChainCost estimates the flops and bytes of a Chain for the shapes of c, from
// the shapes alone.
func ChainCost(c *system.Chain) Cost {
	var total Cost
	maxN, maxT1, maxT2, maxV := int64(0), 0, 0, int64(0)
	for k, s := range c.Stages {
		sc := stageCost(s, k > 0)
		total.Point += sc.Point
		total.Factor += sc.Factor
		total.Solve += sc.Solve
		total.Bytes += sc.Bytes
		in := 0
		if k > 0 {
			in = s.Inputs()
		}
		maxN = max(maxN, int64(in), int64(s.Outputs()), int64(preActivations(s)))
		t1, t2 := scratch(s, k > 0)
		maxT1, maxT2 = max(maxT1, t1), max(maxT2, t2)
		maxV = max(maxV, int64(pivotOrder(s))*int64(in))
	}
	total.Bytes += 8 * (2*maxN*maxN + int64(maxT1) + int64(maxT2) + maxV)
	return total
}

func stageCost(s system.Stage, inner bool) Cost {
	switch s := s.(type) {
	case *system.DenseStage:
		return denseCost(s, inner)
	case *system.BlockStage:
		return blocksCost(s, inner)
	}
	panic(ErrShape)
}

// pivotOrder is the order of a stage's pivot block.
func pivotOrder(s system.Stage) int {
	switch s := s.(type) {
	case *system.DenseStage:
		return rank(s) * s.Out
	case *system.BlockStage:
		return s.P
	}
	panic(ErrShape)
}

// preActivations is the order of P_s of a stage.
func preActivations(s system.Stage) int {
	if d, ok := s.(*system.DenseStage); ok {
		return d.Batch * d.Out
	}
	return 0
}

// scratch is the lengths of t1 and t2 that a stage's elimination needs.
func scratch(s system.Stage, inner bool) (t1, t2 int) {
	in := 0
	if inner {
		in = s.Inputs()
	}
	switch s := s.(type) {
	case *system.DenseStage:
		n := s.Batch * s.Out
		t1 = max(pivotOrder(s)*n, s.Outputs()*n)
		t2 = n * in
		if s.Skip {
			t1 = max(t1, 2*n*n)
		}
	case *system.BlockStage:
		t1, t2 = s.NOut*s.P, s.NOut*in
	}
	return t1, t2
}

func (f *Chain) backend() blas.Backend { return f.opts.Backend }
