package sweep

import (
	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
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
// (A is the gather of the stage, F = (I⊗W)A, and what it passes on joins s) and the identities need no definiteness: it is the recursion of K. Takahashi, J.
// Fagan and M.-S. Chen (8th PICA conference, 1973) on the augmented system, in
// compressed parameters. An inner stage takes twice the flops of its elimination:
// 2m³/3 for S⁻¹, m²N for M, 2mN² for M Y and m²N for M Y Mᵀ.
//
// It may be called by many goroutines.
func (f *Engine) Invert(z *Inverse) {
	w := f.inverses.Get()
	defer f.inverses.Put(w)
	f.sizeInverse(w)
	w.want, w.inner = z, false
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
	want    *Inverse
	stage   int
	eps     float64
	inner   bool
	pass    bool
	diag    []float64 // of the stage; nil if not wanted
	block   []float64

	y, next  []float64
	x        []float64      // m×m: cov(x_r)
	gain     []float64      // m×N: M, then scratch
	my       []float64      // m×N: M Y
	c        []float64      // states², scratch
	rows     []float64      // rows×In, of a stage with a gather
	room     []float64      // a block of a map
	elements []elementSpace // one a thread
}

func (f *Engine) sizeInverse(w *inverseSpace) {
	w.backend, w.serial = f.backend, f.w.serial
	if w.elements == nil {
		w.elements = make([]elementSpace, max(f.backend.Threads(), 1))
	}
	need := needsOf(f.chain)
	n, m := need.states, need.pivot
	w.y, w.next = space.Resize(w.y, n*n), space.Resize(w.next, n*n)
	w.x, w.gain, w.my = space.Resize(w.x, m*m), space.Resize(w.gain, max(need.v, m*n, n*n)), space.Resize(w.my, max(need.v, m*n))
	w.c = space.Resize(w.c, max(n*n, m*n, need.v, pivot.InverseWork(m)))
	w.rows, w.room = space.Resize(w.rows, need.rows), space.Resize(w.room, need.room)
}

// InverseBytes is the memory that Invert takes besides the factorization and what it
// is asked for.
func (f *Engine) InverseBytes() int64 {
	need := needsOf(f.chain)
	n, m := int64(need.states), int64(need.pivot)
	return 8 * (4*n*n + 2*m*m + 2*m*n + 65*m + int64(need.rows) + int64(need.room))
}

// marginal computes cov(x_r) in w.x and M Y in w.my.
func (w *inverseSpace) marginal(b *pivot.Block) {
	m, n := b.M, b.N
	if m == 0 {
		return
	}
	b.InverseTo(w.backend, w.x, w.c)
	if n == 0 {
		return
	}
	b.GainTo(w.backend, w.gain, w.c)
	w.backend.Gemm(blas.NoTrans, blas.NoTrans, m, n, n, 1, w.gain, n, w.y, n, 0, w.my, n)
	w.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, m, n, 1, w.my, n, w.gain, n, 1, w.x, m)
	for i := range m {
		for j := range i {
			w.x[j*m+i] = w.x[i*m+j]
		}
	}
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
