package factor

import "costate/la/blas"

// couples reports whether a group of host k couples to block k+1.
func (l *leaves) couples(k int) bool {
	for _, b := range l.bundles[l.ptr[k+1]:l.ptr[k+2]] {
		for _, r := range b.runs {
			if len(l.groups[r.from].next) > 0 {
				return true
			}
		}
	}
	return false
}

// update eliminates the groups of host k: it subtracts their part from D_k in
// dst, unless that is nil, and keeps what belongs to S_k and D_{k+1}.
func (l *leaves) update(k int, dst []float64, ld int) {
	kept := &l.kept[k%2]
	q, p := l.first[k+1]-l.first[k], 0
	if l.couples(k) {
		p = l.first[k+2] - l.first[k+1]
		kept.k = k
		clear(kept.sub[:p*q])
		clear(kept.next[:p*p])
	}
	count := !l.done[k+1]
	for i := l.ptr[k+1]; i < l.ptr[k+2]; i++ {
		b := &l.bundles[i]
		for _, r := range b.runs {
			l.gather(b, r, count)
			if len(l.groups[r.from].next) > 0 {
				l.keep(b, r, kept, q, p)
			}
		}
		if dst != nil {
			l.subtract(b, dst, ld)
		}
	}
	l.done[k+1] = true
}

// gather eliminates the groups of a run and puts their X and X D⁻¹ side by
// side.
func (l *leaves) gather(b *bundle, r leafRun, count bool) {
	off, at := r.off, 0
	for i := r.from; i < r.to; i++ {
		g := &l.groups[i]
		l.eliminate(g, count)
		n, in := g.n, len(g.in)
		for j := range in {
			copy(l.stack[0][j*b.n+off:][:n], l.x[j*n:])
			copy(l.stack[1][j*b.n+off:][:n], l.xd[j*n:])
		}
		for j := range g.next {
			copy(l.next[0][j*r.n+at:][:n], l.x[(in+j)*n:])
			copy(l.next[1][j*r.n+at:][:n], l.xd[(in+j)*n:])
		}
		off, at = off+n, at+n
	}
}

// keep subtracts a run's part from what is kept for S_k, of p×q, and for the
// lower triangle of D_{k+1}, of order p.
func (l *leaves) keep(b *bundle, r leafRun, kept *keptUpdate, q, p int) {
	g := &l.groups[r.from]
	m, in := len(g.next), len(g.in)
	if in > 0 {
		u := l.u[:m*in]
		l.backend.Gemm(blas.NoTrans, blas.Trans, m, in, r.n, -1, l.next[1], r.n, l.stack[0][r.off:], b.n, 0, u, in)
		for i, row := range g.next {
			d := kept.sub[int(row)*q:][:q]
			for j, col := range g.in {
				d[col] += u[i*in+j]
			}
		}
	}
	u := l.u[:m*m]
	l.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, m, r.n, -1, l.next[1], r.n, l.next[0], r.n, 0, u, m)
	for i, row := range g.next {
		d := kept.next[int(row)*p:][:p]
		for j, col := range g.next[:i+1] {
			d[col] += u[i*m+j]
		}
	}
}

// subtract subtracts a bundle's part from the lower triangle of D_k.
func (l *leaves) subtract(b *bundle, dst []float64, ld int) {
	in := l.groups[b.from].in
	q := len(in)
	if q == 0 {
		return
	}
	if lo := int(in[0]); int(in[q-1])-lo == q-1 {
		l.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, q, b.n, -1, l.stack[1], b.n, l.stack[0], b.n, 1, dst[lo*ld+lo:], ld)
		return
	}
	u := l.u[:q*q]
	l.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, q, b.n, -1, l.stack[1], b.n, l.stack[0], b.n, 0, u, q)
	for i, row := range in {
		d := dst[int(row)*ld:]
		for j, col := range in[:i+1] {
			d[col] += u[i*q+j]
		}
	}
}

// solve overwrites the unknowns of the groups in x, in the plan's order, with
// G⁻¹ times them, one right-hand side; tmp has the length of the largest group.
func (l *leaves) solve(x, tmp []float64) {
	for i := range l.groups {
		g := &l.groups[i]
		n := g.n
		f, e, perm := l.f[g.at:g.at+n*n], l.e[g.first:g.first+n], l.perm[g.first:g.first+n]
		v := x[g.first : g.first+n]
		if n == 1 {
			v[0] /= f[0]
			continue
		}
		t := tmp[:n]
		for i, p := range perm {
			t[i] = v[p]
		}
		for i := 1; i < n; i++ {
			s := t[i]
			for j, w := range f[i*n : i*n+i] {
				s -= w * t[j]
			}
			t[i] = s
		}
		blas.DSolve(n, 1, f, n, e, t, 1)
		for i := n - 1; i > 0; i-- {
			s := t[i]
			for j, w := range f[i*n : i*n+i] {
				t[j] -= w * s
			}
		}
		for i, p := range perm {
			v[p] = t[i]
		}
	}
}
