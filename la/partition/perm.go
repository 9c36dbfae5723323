package partition

import (
	"fmt"

	"costate/la"
)

// A Perm is a permutation p of the indices 0, …, n-1. It takes a vector x to y
// with
//
//	y[i] = x[p[i]]
//
// and a matrix A to B with B[i,j] = A[p[i],p[j]]: p[i] is the old index of what
// gets the new index i. A nil Perm stands for the identity wherever a length is
// known from elsewhere.
type Perm []int

// Identity returns the permutation of order n that changes nothing.
func Identity(n int) Perm {
	p := make(Perm, n)
	for i := range p {
		p[i] = i
	}
	return p
}

// Validate returns an error that names the first element of p that is out of
// range or occurs for the second time, and nil if p is a permutation.
func (p Perm) Validate() error {
	seen := make([]int, len(p)) // one more than where a value occurred
	for i, v := range p {
		if uint(v) >= uint(len(p)) {
			return fmt.Errorf("partition: p[%d] = %d is not an index below %d", i, v, len(p))
		}
		if seen[v] > 0 {
			return fmt.Errorf("partition: p[%d] = p[%d] = %d: not a permutation", seen[v]-1, i, v)
		}
		seen[v] = i + 1
	}
	return nil
}

// Inverse returns the permutation q with q[p[i]] = i.
func (p Perm) Inverse() Perm {
	if p == nil {
		return nil
	}
	q := make(Perm, len(p))
	p.InverseTo(q)
	return q
}

// InverseTo writes the inverse of p to dst, which has the length of p and is not p.
func (p Perm) InverseTo(dst Perm) {
	if len(dst) != len(p) {
		panic(ErrLength)
	}
	if len(p) > 0 && &dst[0] == &p[0] {
		panic(ErrAlias)
	}
	for i, v := range p {
		dst[v] = i
	}
}

// Compose returns the permutation that applies p first and then q:
// r[i] = p[q[i]].
func (p Perm) Compose(q Perm) Perm {
	switch {
	case p == nil:
		return append(Perm(nil), q...)
	case q == nil:
		return append(Perm(nil), p...)
	case len(p) != len(q):
		panic(ErrLength)
	}
	r := make(Perm, len(p))
	for i, v := range q {
		r[i] = p[v]
	}
	return r
}

// Apply computes dst[i] = x[p[i]]. dst and x may not overlap. Nothing is
// allocated.
func (p Perm) Apply(dst, x []float64) {
	p.checkVectors(dst, x)
	if p == nil {
		copy(dst, x)
		return
	}
	for i, v := range p {
		dst[i] = x[v]
	}
}

// ApplyInverse undoes Apply: dst[p[i]] = y[i]. dst and y may not overlap.
// Nothing is allocated.
func (p Perm) ApplyInverse(dst, y []float64) {
	p.checkVectors(dst, y)
	if p == nil {
		copy(dst, y)
		return
	}
	for i, v := range p {
		dst[v] = y[i]
	}
}

func (p Perm) checkVectors(dst, x []float64) {
	if len(dst) != len(x) || p != nil && len(p) != len(x) {
		panic(ErrLength)
	}
	if len(x) > 0 && &dst[0] == &x[0] {
		panic(ErrAlias)
	}
}

// Sym returns the matrix B with B[i,j] = A[p[i],p[j]], newly allocated.
func (p Perm) Sym(a *la.Sym) *la.Sym {
	if p == nil {
		return a.Clone()
	}
	low := a.RawLower()
	if len(p) != low.N {
		panic(ErrLength)
	}
	q := p.Inverse()
	b := la.NewSymBuilder(low.N, len(low.Val))
	for i := 0; i < low.N; i++ {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			b.Add(q[i], q[low.Col[t]], low.Val[t])
		}
	}
	s, _ := b.Build()
	return s
}

// Bandwidth returns the bandwidth that a has after the permutation: the
// largest distance of an entry from the diagonal. It does not form the permuted
// matrix.
func (p Perm) Bandwidth(a *la.Sym) int {
	if p == nil {
		return a.Bandwidth()
	}
	low := a.RawLower()
	if len(p) != low.N {
		panic(ErrLength)
	}
	q := p.Inverse()
	bw := 0
	for i := 0; i < low.N; i++ {
		qi := q[i]
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			d := qi - q[j]
			bw = max(bw, d, -d)
		}
	}
	return bw
}
