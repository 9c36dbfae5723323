package outputs

import (
	"math"
	"sync"
	"sync/atomic"

	"costate/factor/internal/pivot"
	"costate/factor/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// An Engine factors J̃ᵀJ̃ + D for the Gauss–Newton chains of one set of shapes.
// New, Take and Factor need exclusive use; the solves may be called by many
// goroutines.
type Engine struct {
	*backprop
	n       int
	offsets []int // first parameter of each stage; L+1 long

	order int         // of the pivot block: q when room was made
	gram  []float64   // q×q, lower triangle: J̃J̃ᵀ
	zz    [][]float64 // per stage z̄z̄ᵀ over the rows of the batch; nil where it is not needed whole
	pivot *pivot.Block
	work  []float64
	eps   []float64 // damping of the factors at hand

	sumBody   func(from, to int)
	shiftBody func(from, to int)
	zzBody    func(from, to int)
	formBody  func(lo, hi int)
	forming   int          // the stage that formRows works on
	claimed   atomic.Int64 // panels of sum, or stages, that threads have taken
	total     []float64    // what sum computes
	weights   []float64
	inverse   []float64 // 1/ε by stage
	panels    space.Pool[panelSpace]

	// Interrupt, unless it is nil, is asked at every panel of the Gram matrix whether to
	// give up; what is made then means nothing.
	Interrupt func() bool

	crossed   crossed
	marginals space.Pool[marginalSpace]
	spaces    space.Pool[solveSpace]
}

// crossed is what cross computes, and for which rows.
type crossed struct {
	mu    sync.Mutex
	bands *pivot.Bands
	body  func(from, to int)
	next  atomic.Int64 // panels that threads have taken
	dst   []float64
	a, b  *Rows
}

// panelSpace is the workspace of one thread of sum.
type panelSpace struct {
	pair []float64 // gramPanel×q: one stage's part
	zz   []float64 // gramPanel×Batch: rows of z̄z̄ᵀ
}

// solveSpace is the workspace of one solve.
type solveSpace struct {
	chain   *system.Chain
	product *system.Product
	v, d    []float64 // parameters
	w, t    []float64 // outputs
}

// New prepares for chains of the shapes of c. Nothing is there to factor until
// Take has returned true.
func New(c *system.Chain, backend blas.Backend) *Engine {
	f := &Engine{backprop: newBackprop(c, backend), n: c.Params()}
	f.offsets = make([]int, len(c.Stages)+1)
	for k, s := range c.Stages {
		f.offsets[k+1] = f.offsets[k] + s.Params()
	}
	f.zz, f.formed = make([][]float64, len(c.Stages)), make([][]float64, len(c.Stages))
	f.sumBody, f.shiftBody, f.zzBody, f.formBody = f.sumPanels, f.shiftRows, f.sampleGrams, f.formRows
	f.crossed.bands, f.crossed.body = pivot.NewBands(backend.Threads()), f.crossPanels
	f.eps, f.inverse = make([]float64, len(c.Stages)), make([]float64, len(c.Stages))
	return f
}

// Takes reports whether c has the form J̃ᵀJ̃ with structure by samples: dense
// stages without second-derivative terms.
func Takes(c *system.Chain) bool {
	for _, s := range c.Stages {
		d, ok := s.(*system.DenseStage)
		if !ok || d.Batch != c.Loss.Batch {
			return false
		}
	}
	return c.IsGaussNewton()
}

// Take takes the numbers of a chain of the same shapes: it backpropagates the
// columns of R and sums the Gram matrix. It reports false for a chain that is
// not of the form, or whose loss is not convex.
func (f *Engine) Take(chain *system.Chain) bool {
	if !Takes(chain) || !f.take(chain) {
		return false
	}
	f.size()
	work := 0
	for k, zz := range f.zz {
		work += len(zz) * f.stage(k).In
		if f.formed[k] != nil {
			f.forming = k
			f.bands.Rows(f.q, len(f.formed[k])*f.stage(k).SampleRows(), f.formBody)
		}
	}
	f.claimed.Store(0)
	f.bands.Each(work, f.zzBody)
	f.sum(f.gram, nil)
	return true
}

// size makes room for the matrices of the order of the rows of J̃.
func (f *Engine) size() {
	q := f.q
	if f.pivot != nil && q == f.order {
		return
	}
	f.order = q
	for k := range f.deltas {
		d, zz, formed := f.stage(k), 0, 0
		switch rows := d.BatchRows(); {
		case forms(d, q):
			formed = q * d.Params()
		case q > f.Batch || d.SampleRows() > 1:
			zz = rows * rows
		}
		f.zz[k], f.formed[k] = orNil(f.zz[k], zz), orNil(f.formed[k], formed)
	}
	f.gram = space.Resize(f.gram, q*q)
	if f.pivot == nil {
		f.pivot = pivot.NewBlock(q, 0)
	} else {
		f.pivot.Reshape(q)
	}
	f.work = space.Resize(f.work, f.backend.SytrfWork(q))
}

// orNil is a of length n, nil for none.
func orNil(a []float64, n int) []float64 {
	if n == 0 {
		return nil
	}
	return space.Resize(a, n)
}

// Factor factors S for a damping of each stage.
func (f *Engine) Factor(eps []float64) pivot.Stats {
	copy(f.eps, eps)
	p := pivot.Empty()
	same, definite := true, true
	negative := 0
	for k, e := range eps {
		same = same && e == eps[0]
		definite = definite && e > 0
		n := f.offsets[k+1] - f.offsets[k]
		if e < 0 {
			negative += n
		}
		p.AddLog(float64(n)*math.Log(math.Abs(e)), 0)
		if e == 0 && p.Finite { // D⁻¹ does not exist
			p.Finite, p.Block = false, k
		}
	}
	if !p.Finite {
		return p
	}
	for k, e := range eps {
		f.inverse[k] = 1 / e
	}
	big := f.shifted(same)
	if definite && !f.pivot.Cholesky(f.backend, big, &p, 0) {
		f.shifted(same)
		definite = false
	}
	if !definite {
		f.pivot.Factor(f.backend, f.work, false, &p, 0)
	}
	p.Growth = 0            // nothing is eliminated before S
	p.Block, p.Row = -1, -1 // S is of all stages
	if f.pivot.Chol {
		p.Tiny = math.Inf(1) // S ≥ I: no pivot is small
	}
	// In(H + D) + In(−I) = In(D) + In(−S).
	p.Negative = negative - p.Negative
	return p
}

// shifted writes the lower triangle of S to the pivot block, and returns the
// greatest element of its diagonal, which for ε > 0 is that of S.
func (f *Engine) shifted(same bool) (big float64) {
	q, s := f.q, f.pivot.S
	if same {
		f.bands.Triangle(q, q*q/2, f.shiftBody)
	} else {
		f.sum(s, f.inverse)
	}
	for i := range q {
		s[i*q+i]++
		big = max(big, s[i*q+i])
	}
	return big
}

// shiftRows computes the rows from lo to hi of J̃J̃ᵀ/ε.
func (f *Engine) shiftRows(lo, hi int) {
	scale := f.inverse[0]
	for i := lo; i < hi; i++ {
		at := i * f.q
		vec.Scale(f.pivot.S[at:at+i+1], scale, f.gram[at:at+i+1])
	}
}
