package factor

import (
	"fmt"
	"sort"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/outputs"
	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// Dense factors H + εI as one dense matrix of the order of the parameters,
// P H Pᵀ = L D Lᵀ by Bunch and Kaufman. H is formed by as many products H·v as
// there are parameters, or for a Gauss–Newton chain of dense stages as J̃ᵀJ̃, with the
// J̃ of Gram, where that counts fewer flops. It is the reference that the structured
// methods are tested against, and a good choice where the parameters are few. With n
// parameters:
//
//	memory  16 n² bytes        factor  n³/3 flops        solve  2n² flops
//
// The zero value is ready for Analyse. See Factorization for the phases, the
// accuracy and the errors.
type Dense struct {
	invertible
	dense  denseEngine
	normal *outputs.Normal // where it counts fewer flops; else nil
}

var _ Factorization = (*Dense)(nil)

// Analyse prepares for chains of the shapes of c and forms H, which may be interrupted;
// see Factorization.
func (f *Dense) Analyse(c *system.Chain, opts *Options) error {
	f.Reset()
	if err := f.begin(c, opts); err != nil {
		return err
	}
	n := f.matrix.n
	if err := f.plan(fmt.Sprintf("a dense matrix of %d parameters", n), denseCost(c)); err != nil {
		return err
	}
	f.dense = newDenseEngine(&f.matrix)
	f.dense.pivot.Interrupt = f.opts.Interrupt
	if _, ok := normalCost(c); ok {
		f.normal = outputs.NewNormal(c, f.opts.Backend)
	}
	if !f.form() {
		return ErrInterrupted
	}
	f.use(&f.dense)
	return nil
}

// Update takes a new point and forms its H; see Factorization.
func (f *Dense) Update(c *system.Chain) error {
	if err := f.point(c); err != nil {
		return err
	}
	if !f.form() {
		f.failed = ErrInterrupted
	}
	return f.failed
}

// MatrixTo writes H itself, without damping, into dst; it needs Analyse only. An empty dst
// is resized.
func (f *Dense) MatrixTo(dst *mat.SymDense) {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	n := f.matrix.n
	to := sizeSym(dst, n)
	for i := range n {
		copy(to[i*n:i*n+i+1], f.dense.h[i*n:])
	}
	vec.MirrorLower(n, to, n, 0, n)
}

// Reset empties the factorization, options included.
func (f *Dense) Reset() { *f = Dense{} }

// form writes H as J̃ᵀJ̃, or by columns, symmetrised: rounding leaves H·e_i and H·e_j
// different in the last bits. It reports false where it was interrupted.
func (f *Dense) form() bool {
	if f.normal != nil && f.normal.Form(f.dense.h, f.matrix.chain) {
		return true
	}
	n, h := f.matrix.n, f.dense.h
	w := f.matrix.lend()
	defer f.matrix.pool.Put(w)
	w.v = space.Resize(w.v, n)
	e := w.v
	clear(e)
	for j := range n {
		if f.opts.interrupted() {
			return false
		}
		e[j] = 1
		w.product.HessVec(h[j*n:(j+1)*n], e)
		e[j] = 0
	}
	for i := range n {
		for j := range i {
			h[i*n+j] = (h[i*n+j] + h[j*n+i]) / 2
		}
	}
	return true
}

// A denseEngine factors a dense symmetric matrix, with a damping for each stage.
type denseEngine struct {
	n       int
	matrix  *hessian
	offsets []int
	backend blas.Backend
	h       []float64 // n×n, lower triangle
	pivot   *pivot.Block
	work    []float64
	spaces  space.Pool[[]float64]
}

func newDenseEngine(h *hessian) denseEngine {
	n := h.n
	return denseEngine{
		n: n, matrix: h, offsets: h.offsets, backend: h.backend, pivot: pivot.NewBlock(n, 0),
		h: make([]float64, n*n), work: make([]float64, max(2*n, h.backend.SytrfWork(n))),
	}
}

func (f *denseEngine) Factor(eps []float64) pivot.Stats {
	p := pivot.Empty()
	n, s := f.n, f.pivot.S
	for i := range n {
		copy(s[i*n:i*n+i+1], f.h[i*n:])
	}
	for k, e := range eps {
		for i := f.offsets[k]; i < f.offsets[k+1]; i++ {
			s[i*n+i] += e
		}
	}
	p.Growth = vec.MaxLower(n, s, n)
	p.Scale = p.Growth
	f.pivot.Factor(f.backend, f.work, false, &p, 0)
	f.place(&p)
	return p
}

// place names a pivot by stage and parameter.
func (f *denseEngine) place(p *pivot.Stats) {
	if p.Row < 0 {
		return
	}
	row := f.pivot.Origin(p.Row)
	p.Block = sort.SearchInts(f.offsets, row+1) - 1
	p.Row = row - f.offsets[p.Block]
}

func (f *denseEngine) Solve(x []float64, nrhs int) {
	w := f.spaces.Get()
	defer f.spaces.Put(w)
	*w = space.Resize(*w, f.n)
	f.pivot.Lower(f.backend, x, nrhs, *w)
	f.pivot.Middle(x, nrhs)
	f.pivot.Upper(f.backend, x, nrhs, *w)
}

// denseCost estimates the flops and bytes of a Dense for the shapes of c; Point
// is what forms H.
func denseCost(c *system.Chain) Cost {
	n := int64(c.Params())
	if n > 1<<20 { // beyond any memory: keep n³ from overflowing
		return tooMuch
	}
	cost := Cost{Point: n * c.ProductFlops(), Factor: n * n * n / 3, Solve: 2 * n * n, Bytes: 8 * (2*n*n + 8*n)}
	if normal, ok := normalCost(c); ok {
		cost.Point = normal.Point
		cost.Bytes += normal.Bytes
	}
	return cost
}

// normalCost is the cost of forming H as J̃ᵀJ̃; ok is false where c has not that form,
// or products count fewer flops.
func normalCost(c *system.Chain) (cost Cost, ok bool) {
	p, ok := outputs.NormalCost(c)
	if !ok || p.Point >= int64(c.Params())*c.ProductFlops() {
		return Cost{}, false
	}
	return Cost(p), true
}
