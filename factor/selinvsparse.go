package factor

import (
	"costate/la"
	"costate/la/blas"
)

// InverseDiagTo writes the diagonal of A⁻¹ into dst, which has the order of
// the matrix as length, or is nil and then allocated, and returns it. It is the
// recursion of Block.InverseTo along the chain, and for a group of leaves
//
//	Z_GG = G⁻¹ + Uᵀ Z_CC U      U = C G⁻¹
//
// where Z_CC is the inverse at the unknowns of the chain that the group couples
// to. Elements are not refined: with the condition number κ, their error is about
// n·u·κ·‖A⁻¹‖, more by the square of the growth in Report at worst. It returns
// an *InverseError, and writes nothing, if the factors are those of a shifted
// matrix, if the inertia is not certain or if the growth is too large. It panics
// with ErrNotFactorized before Factorize and with ErrShape if dst has another
// length.
func (f *Sparse) InverseDiagTo(dst []float64) ([]float64, error) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	n := f.kept.SymmetricDim()
	if dst == nil {
		dst = make([]float64, n)
	} else if len(dst) != n {
		panic(ErrShape)
	}
	if f.shift != 0 || !f.Inertia().Certain {
		return nil, &InverseError{Shift: f.shift, Cond: f.Cond()}
	}
	if g := f.Report().Growth; g > 4*strictGrowth(&f.core) {
		return nil, &InverseError{Cond: f.Cond(), Growth: g}
	}
	lead := f.leading()
	perm := f.plan.Perm
	diag := make([]float64, n)
	var w inverseSpace
	if lead == 0 {
		w.sink.diag = diag
		f.core.invert(&w)
	} else {
		var z la.BlockTridiag
		if f.core.order > 0 {
			z.Reset(f.plan.Chain.Sizes())
			w.sink.dst = &z
			f.core.invert(&w)
		}
		for k := range z.Blocks() {
			d, ld := z.Diag(k)
			for i := range ld {
				diag[lead+z.BlockFirst(k)+i] = d[i*ld+i]
			}
		}
		f.lead.inverseDiag(diag, &z)
	}
	for i, p := range perm {
		dst[p] = diag[i]
		if !f.eq.plain {
			dst[p] *= f.eq.s[p] * f.eq.s[p]
		}
	}
	return dst, nil
}

// inverseDiag writes the diagonal of the inverse for all groups, given that of
// the chain.
func (l *leaves) inverseDiag(diag []float64, z *la.BlockTridiag) {
	var g, c, u, zc, t, full, work []float64
	for k := range l.groups {
		p := &l.groups[k]
		n, q := p.n, len(p.in)+len(p.next)
		g, c, full = resize(g, n*n), resize(c, q*n), resize(full, n*n)
		work = resize(work, n*max(n, q))
		u, t, zc = resize(u, n*q), resize(t, n*q), resize(zc, q*q)
		f, e, perm := l.f[p.at:p.at+n*n], l.e[p.first:p.first+n], l.perm[p.first:p.first+n]
		clear(full)
		for i := range n {
			full[i*n+i] = 1
		}
		l.backend.Sytrs(n, n, f, n, e, perm, full, n, work)
		out := diag[p.first:][:n]
		for i := range out {
			out[i] = full[i*n+i]
		}
		if q == 0 {
			continue
		}
		l.split.GroupTo(p.id, g, c, l.a)
		transposeTo(u, c, q, n)
		l.backend.Sytrs(n, q, f, n, e, perm, u, q, work)
		p.gather(zc, z)
		l.backend.Gemm(blas.NoTrans, blas.NoTrans, n, q, q, 1, u, q, zc, q, 0, t, q)
		for i := range out {
			row := t[i*q:][:q]
			for j, v := range u[i*q:][:q] {
				out[i] += v * row[j]
			}
		}
	}
}

// gather writes the rows and columns of the chain that the group couples to.
func (p *leafGroup) gather(dst []float64, z *la.BlockTridiag) {
	m, q := len(p.in), len(p.in)+len(p.next)
	square := func(k, off int, list []int32) {
		d, ld := z.Diag(k)
		for i, a := range list {
			for j, b := range list[:i+1] {
				v := d[int(max(a, b))*ld+int(min(a, b))]
				dst[(off+i)*q+off+j], dst[(off+j)*q+off+i] = v, v
			}
		}
	}
	square(p.host, 0, p.in)
	if len(p.next) == 0 {
		return
	}
	square(p.host+1, m, p.next)
	s, ld := z.Sub(p.host)
	for i, a := range p.next {
		for j, b := range p.in {
			v := s[int(a)*ld+int(b)]
			dst[(m+i)*q+j], dst[j*q+m+i] = v, v
		}
	}
}
