package outputs

import (
	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
	"costate/system"
)

// A Normal forms the matrix H = J̃ᵀJ̃ itself, of the order of the parameters: what
// pays where these are fewer than the rows of J̃. It forms some rows of J̃ at a time.
type Normal struct {
	*backprop
	n       int
	offsets []int // first parameter of each stage; L+1 long
	part    []float64
	first   int // row of J̃ that part starts with
	body    func(lo, hi int)
}

// partBytes bounds the rows of J̃ that are formed at a time: enough of them that a
// rank update of H is worth its passes over H, and little beside H.
const partBytes = 16 << 20

// partRows is the number of rows of J̃ formed at a time, of q with n numbers each.
func partRows(q, n int) int { return max(1, min(q, max(n, 64), partBytes/8/max(n, 1))) }

// NewNormal prepares for chains of the shapes of c.
func NewNormal(c *system.Chain, backend blas.Backend) *Normal {
	f := &Normal{backprop: newBackprop(c, backend), n: c.Params()}
	f.offsets = make([]int, len(c.Stages)+1)
	for k, s := range c.Stages {
		f.offsets[k+1] = f.offsets[k] + s.Params()
	}
	f.body = f.formRows
	return f
}

// Form writes the lower triangle of H to h. It reports false, and leaves h as it was,
// for a chain that is not of the form J̃ᵀJ̃ or whose loss is not convex.
func (f *Normal) Form(h []float64, c *system.Chain) bool {
	if !Takes(c) || !f.take(c) {
		return false
	}
	n, step := f.n, partRows(f.q, f.n)
	f.part = space.Resize(f.part, step*n)
	beta := 0.0
	for f.first = 0; f.first < f.q; f.first += step {
		rows := min(step, f.q-f.first)
		f.bands.Rows(rows, rows*n, f.body)
		f.backend.Syrk(blas.Lower, blas.Trans, n, rows, 1, f.part, n, beta, h, n)
		beta = 1
	}
	return true
}

// formRows forms the rows lo to hi of part.
func (f *Normal) formRows(lo, hi int) {
	for i := lo; i < hi; i++ {
		row := f.part[i*f.n : (i+1)*f.n]
		for k := range f.deltas {
			f.rowOf(f.serial, row[f.offsets[k]:f.offsets[k+1]], k, f.first+i)
		}
	}
}

// NormalCost estimates the flops and bytes of a Normal for the shapes of c, for a
// loss of full rank: Point is those of Form. ok is false if c has not the form.
func NormalCost(c *system.Chain) (cost pivot.Cost, ok bool) {
	if !Takes(c) {
		return pivot.Cost{}, false
	}
	cost, _ = backCost(c)
	q, n := int64(c.Loss.Batch)*int64(c.Loss.Rows), int64(c.Params())
	for _, s := range c.Stages {
		cost.Point += 2 * q * int64(s.(*system.DenseStage).SampleRows()) * int64(s.Params())
	}
	cost.Point += flops(float64(q) * float64(n) * float64(n))
	cost.Solve = 0
	cost.Bytes += 8 * n * int64(partRows(int(q), int(n)))
	return cost, true
}
