package factor

import (
	"fmt"
	"math"

	"costate/la"
)

// An InverseError says why the elements of an inverse cannot be had from a
// factorization that solves nevertheless.
type InverseError struct {
	Shift  float64 // the factors are those of A + Shift·I
	Cond   float64 // estimated condition number
	Growth float64 // of the elements in the elimination, over ‖A‖
}

func (e *InverseError) Error() string {
	if e.Shift != 0 {
		return fmt.Sprintf("factor: no inverse from factors shifted by %.3g to avoid a singular pivot block; solve for the columns that are needed, which are refined", e.Shift)
	}
	if e.Growth > 0 {
		return fmt.Sprintf("factor: no inverse from an elimination whose elements grow by %.2g; solve for the columns that are needed, which are refined, or make the blocks wider", e.Growth)
	}
	return fmt.Sprintf("factor: no inverse of a matrix with condition number %.2g: rounding would leave no digit of it; solve for the columns that are needed, or scale the matrix", e.Cond)
}

// InverseDiagTo writes the diagonal of A⁻¹ into dst, which has the order of
// the matrix as length, or is nil and then allocated, and returns it. Where
// few rows or columns of the couplings are used this is much cheaper than
// InverseTo; InverseFlops tells.
//
// Elements are those of the factors, not refined: with the condition number κ
// of A, their error is about n·u·κ·‖A⁻¹‖, more by the square of the growth of
// the elements in the elimination at worst. Where Report tells of growth above
// 100 + 10w for blocks up to order w, a second factorization is made that merges
// blocks until there is less, and kept for other calls. It returns an
// *InverseError if that fails, if the factors are those of a shifted matrix or if
// the inertia is not certain, and then writes nothing. It panics with
// ErrNotFactorized before Factorize and with ErrShape if dst has another length.
func (f *Block) InverseDiagTo(dst []float64) ([]float64, error) {
	if err := f.invertible(); err != nil {
		return nil, err
	}
	if dst == nil {
		dst = make([]float64, f.core.order)
	} else if len(dst) != f.core.order {
		panic(ErrShape)
	}
	f.invert(inverseSink{diag: dst})
	return dst, nil
}

// InverseTo writes the elements of A⁻¹ inside the blocks of A,
//
//	      [ Z_00  Z_10ᵀ       ]
//	A⁻¹ = [ Z_10  Z_11  Z_21ᵀ ]      of which … is not computed
//	      [ …     Z_21  Z_22  ]
//
// into dst: the lower triangles of the diagonal blocks, and all of the blocks
// below them. An empty dst is given the block sizes of A; another one must have
// them, or ErrShape is the panic. The structure of dst is then full. Errors,
// accuracy and other panics are those of InverseDiagTo.
//
// It is the recursion of Takahashi and others in blocks, from the last pivot
// block C to the first,
//
//	Z_{k+1,k} = −Z_{k+1,k+1} G_k      G_k = S_k C_k⁻¹
//	Z_{k,k}   = C_k⁻¹ + G_kᵀ Z_{k+1,k+1} G_k
//
// a selected inverse: the rest of A⁻¹, which is full, is never formed.
//
// Sources: K. Takahashi, J. Fagan and M.-S. Chen, Formation of a sparse bus
// impedance matrix and its application to short circuit study, 8th PICA
// conference (1973); A. M. Erisman and W. F. Tinney, On computing certain
// elements of the inverse of a sparse matrix, Comm. ACM 18 (1975).
func (f *Block) InverseTo(dst *la.BlockTridiag) error {
	if err := f.invertible(); err != nil {
		return err
	}
	if dst.SymmetricDim() == 0 {
		dst.Reset(f.a.Sizes())
	}
	f.sameBlocks(dst)
	for k := 0; k+1 < dst.Blocks(); k++ {
		dst.SetSub(k, nil, nil)
	}
	f.invert(inverseSink{dst: dst})
	return nil
}

// InverseTrace returns the trace of A⁻¹B for a symmetric block-tridiagonal B
// with the block sizes of A, or the trace of A⁻¹ if b is nil: with B = dA/dθ it
// is the derivative of log|det A| in θ. Errors and panics are those of
// InverseTo.
func (f *Block) InverseTrace(b *la.BlockTridiag) (float64, error) {
	if err := f.invertible(); err != nil {
		return 0, err
	}
	if b == nil {
		return f.invert(inverseSink{}), nil
	}
	f.sameBlocks(b)
	return f.invert(inverseSink{weight: b}), nil
}

// InverseFlops returns the floating-point operations of InverseDiagTo and of
// InverseTo by formula, for the shape that was analysed.
func (f *Block) InverseFlops() (diag, full int64) {
	if f.core.backend == nil {
		panic(ErrNotAnalysed)
	}
	return f.core.inverseFlops(false), f.core.inverseFlops(true)
}

func (f *Block) invertible() error {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if f.shift != 0 || !f.Inertia().Certain {
		return &InverseError{Shift: f.shift, Cond: f.Cond()}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if g := f.strict.factor(f); !(g <= 4*strictGrowth(&f.core)) {
		return &InverseError{Cond: f.normOne * f.invNorm, Growth: g}
	}
	return nil
}

// A strictCore is a factorization with little growth, for the inverse: its
// recursion squares the growth where a solve has it once, and refines it away.
type strictCore struct {
	core
	done   bool    // for the matrix at hand
	needed bool    // the core of the Block has too much growth
	growth float64 // of the core that is used
}

// strictGrowth is the growth over ‖A‖ that is allowed for an inverse. Wide
// blocks have more of it, and merging them costs more.
func strictGrowth(c *core) float64 {
	q, _, _, _ := c.widest()
	return 100 + 10*float64(q)
}

// factor returns the growth of the core that the inverse is computed from, once
// it has been factored. Blocks that are merged stay so until the next analysis.
func (s *strictCore) factor(f *Block) float64 {
	if s.done {
		return s.growth
	}
	s.done, s.growth = true, f.report.Growth
	if s.needed = s.growth > strictGrowth(&f.core); !s.needed {
		return s.growth
	}
	if s.core.backend == nil {
		s.core.shape(&f.a, f.core.backend)
		s.core.alloc()
	}
	s.core.growth = strictGrowth(&f.core) * f.norm
	if err := s.core.factor(&f.source, 0, nil); err != nil {
		s.growth = math.Inf(1)
	} else {
		s.growth = s.core.stats.largest / f.norm
	}
	return s.growth
}

func (f *Block) sameBlocks(b *la.BlockTridiag) {
	if b.Blocks() != f.a.Blocks() {
		panic(ErrShape)
	}
	for k := range b.Blocks() {
		if b.BlockSize(k) != f.a.BlockSize(k) {
			panic(ErrShape)
		}
	}
}

// invert runs the recursion into s and returns its trace.
func (f *Block) invert(s inverseSink) float64 {
	w := f.inverses.get()
	defer f.inverses.put(w)
	w.sink = s
	c := &f.core
	if f.strict.needed {
		c = &f.strict.core
	}
	c.invert(w)
	trace := w.sink.trace
	w.sink = inverseSink{} // keeps nothing of the caller's
	return trace
}

// An inverseSink takes the blocks of A⁻¹ as they are computed: their diagonal,
// the blocks themselves, or their trace against a weight. Its positions are
// those of the matrix, not of the core, whose blocks may be merged ones.
type inverseSink struct {
	diag   []float64
	dst    *la.BlockTridiag
	weight *la.BlockTridiag
	trace  float64
}

// blocks reports whether whole blocks are wanted.
func (s *inverseSink) blocks() bool { return s.dst != nil || s.weight != nil }

// diagonal takes the diagonal of a block that begins at first.
func (s *inverseSink) diagonal(first int, d []float64) {
	if s.diag != nil {
		copy(s.diag[first:], d)
		return
	}
	for _, v := range d {
		s.trace += v
	}
}

// part takes a block of A⁻¹, rows×cols, that begins at (row, col): on the
// diagonal, or below it.
func (s *inverseSink) part(row, col, rows, cols int, z []float64) {
	t := s.dst
	if t == nil {
		t = s.weight
	}
	for k := t.BlockOf(col); k < t.Blocks() && t.BlockFirst(k) < col+cols; k++ {
		first, n := t.BlockFirst(k), t.BlockSize(k)
		if row == col {
			d, ld := t.Diag(k)
			for i := range n {
				at := (first+i-row)*cols + first - col
				s.row(d[i*ld:i*ld+i+1], z[at:at+i+1], true)
			}
		}
		if k+1 == t.Blocks() {
			return
		}
		next := t.BlockFirst(k + 1)
		if next < row || next >= row+rows {
			continue
		}
		b, ld := t.Sub(k)
		for i := range t.BlockSize(k + 1) {
			at := (next+i-row)*cols + first - col
			s.row(b[i*ld:i*ld+n], z[at:at+n], false)
		}
	}
}

// row takes a row of a block; of one on the diagonal it ends there.
func (s *inverseSink) row(t, z []float64, diagonal bool) {
	if s.dst != nil {
		copy(t, z)
		return
	}
	sum := 0.0
	for i, v := range t {
		sum += v * z[i]
	}
	s.trace += 2 * sum
	if diagonal {
		i := len(t) - 1
		s.trace -= t[i] * z[i]
	}
}
