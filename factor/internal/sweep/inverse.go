package sweep

import (
	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
	"costate/system"
)

// An Inverse says which elements of Z = (H + D)⁻¹ Invert computes; parts that are
// nil are left out. Matrices get both triangles.
type Inverse struct {
	Diag    []float64 // the diagonal, of length n
	Outputs []float64 // J Z Jᵀ for the Jacobian J of the chain's outputs
	Block   []float64 // Z of the parameters of stage Stage
	Stage   int
}

// Invert computes elements of the inverse of the matrix factored, first stage to
// last. If H + D were the inverse of a covariance, Y below would be the covariance
// of the states y that enter a stage; with M = S⁻¹K
//
//	cov(x_r) = S⁻¹ + M Y Mᵀ,   cov(x_r, y) = −M Y,   cov(s) = cov(Ũ x_r + F y)
//	cov(x_r, X_⊥) = M Y Aᵀ(δ⊗Π)/ε,   cov(X_⊥) = I⊗Π/ε + (δᵀ⊗Π) A Y Aᵀ(δ⊗Π)/ε²
//
// (A is the gather of the stage, F = (I⊗W)A, and what it passes on joins s). The identities
// need no definiteness: it is the recursion of K. Takahashi, J. Fagan and M.-S. Chen (8th PICA
// conference, 1973) on the augmented system, in compressed parameters. An inner stage takes
// twice the flops of its elimination: 2m³/3 for S⁻¹, m²N for M, 2mN² for M Y and m²N for
// M Y Mᵀ.
//
// It may be called by many goroutines.
func (f *Engine) Invert(z *Inverse) {
	w := f.inverses.Get()
	defer f.inverses.Put(w)
	f.sizeInverse(w)
	w.inner = false
	last := len(f.stages) - 1
	if z.Diag == nil && z.Outputs == nil {
		last = z.Stage
	}
	for k := range last + 1 {
		w.stage, w.eps = k, f.eps[k]
		w.diag, w.block = nil, nil
		if z.Diag != nil {
			w.diag = z.Diag[f.offsets[k]:f.offsets[k+1]]
		}
		if z.Block != nil && k == z.Stage {
			w.block = z.Block
		}
		w.pass = k < last || z.Outputs != nil
		f.stages[k].invert(w)
		w.y, w.next = w.next, w.y
		w.inner = true
	}
	if z.Outputs != nil {
		copy(z.Outputs, w.y)
	}
}

// inverseSpace is the workspace of Invert, and what a stage is told: Y comes in y, of
// order Inputs, and that of the outputs goes to next if pass is true.
type inverseSpace struct {
	backend blas.Backend
	serial  blas.Backend // the backend, with one thread
	stage   int
	eps     float64
	inner   bool
	pass    bool
	diag    []float64 // of the stage; nil if not wanted
	block   []float64

	y, next []float64
	x       []float64 // m×m: cov(x_r)
	gain    []float64 // m×N: M, then scratch
	my      []float64 // m×N: M Y
	c       []float64 // scratch
	rows    []float64 // rows×In, of a stage with a gather
	room    []float64 // a block of a map

	bands    *pivot.Bands
	elements []elementSpace // one a thread
	loops    inverseLoops

	pi     []float64 // zin: the diagonal of Π
	pairs  []float64 // rows²×zin, see foldPairs
	outer  []float64 // rows²×Out: products of elements of δ
	folded []float64 // Out×zin

	small *smallInverse // nil without small stages
}

func (f *Engine) sizeInverse(w *inverseSpace) {
	if w.elements == nil {
		need := &f.inverse
		w.backend, w.serial = f.backend, f.w.serial
		w.elements = make([]elementSpace, max(f.backend.Threads(), 1))
		w.bands = pivot.NewBands(f.backend.Threads())
		w.loops.init(w)
		if f.w.small != nil {
			w.small = newSmallInverse()
		}
		a := space.NewArena(2*space.ArenaLen(need.square) + space.ArenaLen(need.x) + 2*space.ArenaLen(need.gain) + space.ArenaLen(need.c))
		w.y, w.next, w.x = a.Take(need.square), a.Take(need.square), a.Take(need.x)
		w.gain, w.my, w.c = a.Take(need.gain), a.Take(need.gain), a.Take(need.c)
		w.rows = make([]float64, need.rows)
	}
	w.room = space.Resize(w.room, len(f.w.room))
}

// inverseNeeds are the lengths of the arrays of an inverseSpace.
type inverseNeeds struct {
	square, x, gain, c, rows int
	elements                 int // of all elementSpaces, and what these share
}

func inverseNeedsOf(c *system.Chain, threads int) inverseNeeds {
	need := needsOf(c)
	n, m := need.states, need.pivot
	z := inverseNeeds{square: n * n, x: m * m, gain: max(n*n, need.v, m*n), rows: need.rows}
	z.c = max(n*n, need.v, m*(n+foldGap), pivot.InverseWork(m))
	for k, s := range c.Stages {
		if d, ok := s.(*system.DenseStage); ok {
			all, each := elementWords(d, k > 0)
			z.elements = max(z.elements, all+max(threads, 1)*each)
		}
	}
	if need.small {
		z.elements += smallInverseWords()
	}
	return z
}

// InverseBytes is the memory that Invert takes besides the factorization and what it
// is asked for.
func (f *Engine) InverseBytes() int64 {
	z := &f.inverse
	return 8 * int64(2*z.square+z.x+2*z.gain+z.c+z.rows+z.elements+len(f.w.room))
}

// marginal computes cov(x_r) in w.x and M Y in w.my.
func (w *inverseSpace) marginal(b *pivot.Block) {
	b.MarginalTo(w.backend, w.x, w.gain, w.my, w.y, w.c)
}

// symmetrise adds the transpose to the n×n matrix a and halves it.
func symmetrise(a []float64, n int) {
	const tile = 32
	for i0 := 0; i0 < n; i0 += tile {
		for j0 := 0; j0 <= i0; j0 += tile {
			for i := i0; i < min(i0+tile, n); i++ {
				for j := j0; j < min(j0+tile, i); j++ {
					v := (a[i*n+j] + a[j*n+i]) / 2
					a[i*n+j], a[j*n+i] = v, v
				}
			}
		}
	}
}
