package sweep

import (
	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
	"costate/system"
)

// A Shifted factors H + zI for complex z with Im z ≠ 0, by the sweeps of an Engine over
// complex matrices. These are kept as their real and imaginary parts, in two engines:
// what a stage makes of P is linear but for the pivot block, and δ and the second
// derivatives are real, so that the imaginary part of P goes through the stages of the
// Gauss–Newton matrix. Only the perpendicular parameters, whose pivots are all z, take δ
// into both:
//
//	Re P ← … + Re(…) − Re(1/z) δδᵀ⊗Π
//	Im P ← … + Im(…) − Im(1/z) δδᵀ⊗Π
//
// Exclusive use is as for an Engine.
type Shifted struct {
	re, im  *Engine
	blocks  []*pivot.Complex
	inverse complex128 // 1/z of the factors at hand

	// Interrupt is that of an Engine.
	Interrupt func() bool

	spaces space.Pool[solveSpace]
}

// A part is a stage as one of the two parts of a complex one.
type part interface {
	stage
	// assemble forms the real or imaginary part of S, K and of the next P from that
	// of P, of z and of 1/z.
	assemble(f *values, z, inverse float64)
	// join lets the stage be solved with by factors of its complex pivot block.
	join(f factors)
	// block is the stage's part of the pivot block.
	block() *pivot.Block
	// coupleBy takes the δ by which perpendicular parameters couple from a stage.
	coupleBy(s system.Stage)
}

// NewShifted prepares for chains of the shapes of c, and takes c.
func NewShifted(c *system.Chain, backend blas.Backend) *Shifted {
	f := &Shifted{re: New(c, backend), im: New(c.GaussNewton(), backend)}
	for k := range f.re.stages {
		re, im := f.part(f.re, k), f.part(f.im, k)
		b := pivot.NewComplex(re.block(), im.block())
		f.blocks = append(f.blocks, b)
		re.join(b)
		im.join(b)
		im.coupleBy(c.Stages[k])
	}
	return f
}

func (f *Shifted) part(e *Engine, k int) part { return e.stages[k].(part) }

// Take takes the numbers of a chain of the same shapes.
func (f *Shifted) Take(c *system.Chain) {
	f.re.Take(c)
	f.im.Take(c.GaussNewton())
	for k, s := range c.Stages {
		f.part(f.im, k).coupleBy(s)
	}
}

// Factor factors H + zI. Im z must not be 0.
func (f *Shifted) Factor(z complex128) pivot.ComplexStats {
	p := pivot.ComplexStats{Finite: true}
	re, im := &f.re.w, &f.im.w
	f.inverse = 1 / z
	f.re.setLoss()
	_, _, out := f.im.stages[len(f.im.stages)-1].size()
	clear(im.p[:out*out])
	for k := len(f.blocks) - 1; k >= 0 && p.Finite; k-- {
		if f.Interrupt != nil && f.Interrupt() {
			p.Finite = false
			break
		}
		b := f.blocks[k]
		f.part(f.re, k).assemble(re, real(z), real(f.inverse))
		f.part(f.im, k).assemble(im, imag(z), imag(f.inverse))
		b.Factor(f.re.backend, &p)
		if d, ok := f.re.stages[k].(*denseStage); ok && d.negPerp > 0 {
			p.Add(z, d.negPerp)
		}
		if k > 0 {
			b.Couple(f.re.backend, re.bands, re.next, im.next, re.v, im.v)
			re.mirrorNext(b.N)
			im.mirrorNext(b.N)
		}
		re.p, re.next = re.next, re.p
		im.p, im.next = im.next, im.p
	}
	if p.LogAbs-p.LogAbs != 0 {
		p.Finite = false
	}
	return p
}

// Solve overwrites the nrhs rows of x, right-hand sides, with the solutions: each is a
// real part and then an imaginary one. It may be called by many goroutines.
func (f *Shifted) Solve(x []float64, nrhs int) {
	w := f.spaces.Get()
	defer f.spaces.Put(w)
	f.re.sizeSpace(w, 2*nrhs, 2*nrhs)
	w.turn = turn{backend: f.re.backend, x: x, n: f.re.n, nrhs: 2 * nrhs, complex: true, inverse: f.inverse}
	f.re.solve(w)
}

// ShiftedCost estimates the cost of a Shifted for the shapes of c: four products of real
// matrices for each of an Engine, and two engines beside what is complex.
func ShiftedCost(c *system.Chain) pivot.Cost {
	total := CostOf(c)
	total.Point *= 2
	total.Factor *= 4
	total.Solve *= 4
	total.Bytes *= 2
	for _, s := range c.Stages {
		total.Bytes += pivot.ComplexBytes(pivotOrder(s))
	}
	return total
}

func (d *denseStage) assemble(f *values, z, inverse float64) {
	d.formPivot(f, z)
	if d.inner {
		d.eps = 1 / inverse // of the perpendicular parameters
		d.form(f.backend, f.bands)
	}
}

// join leaves out the kernels for small stages and few rows, which are for real numbers.
func (d *denseStage) join(f factors) { d.factors, d.few, d.small = f, false, nil }

func (d *denseStage) block() *pivot.Block { return d.pivot }

func (d *denseStage) coupleBy(s system.Stage) { d.delta = s.(*system.DenseStage).Delta }

func (d *blockStage) assemble(f *values, z, _ float64) { d.form(f, z) }

func (d *blockStage) join(f factors) { d.factors = f }

func (d *blockStage) block() *pivot.Block { return d.pivot }

func (d *blockStage) coupleBy(system.Stage) {}
