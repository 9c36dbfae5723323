package factor

import "costate/la/blas"

// update eliminates the groups of host k: it subtracts their part from D_k in
// dst, unless that is nil, and keeps what belongs to S_k and D_{k+1}.
func (l *leaves) update(k int, dst []float64, ld int) {
	kept := &l.kept[k%2]
	q, p := l.first[k+1]-l.first[k], 0
	if l.cross[k] {
		p = l.first[k+2] - l.first[k+1]
		kept.k = k
		clear(kept.sub[:p*q])
		clear(kept.next[:p*p])
	}
	count := !l.done[k+1]
	for i := l.ptr[k+1]; i < l.ptr[k+2]; i++ {
		b := &l.bundles[i]
		major, _, flip := l.groups[b.from].sides()
		for _, r := range b.runs {
			l.gather(b, r, count)
			_, minor, _ := l.groups[r.from].sides()
			if len(minor) == 0 {
				continue
			}
			l.couple(b, r, major, minor, flip, kept.sub, q)
			if flip && dst != nil {
				l.subtract(minor, r.n, &l.minor, dst, ld)
			} else if !flip {
				l.subtract(minor, r.n, &l.minor, kept.next, p)
			}
		}
		if flip {
			l.subtract(major, b.n, &l.major, kept.next, p)
		} else if dst != nil {
			l.subtract(major, b.n, &l.major, dst, ld)
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
		n := g.n
		major, minor, flip := g.sides()
		x, y := 0, len(major)*n // where they start
		if flip {
			x, y = len(minor)*n, 0
		}
		for j := range major {
			copy(l.major[0][j*b.n+off:][:n], l.x[x+j*n:])
			copy(l.major[1][j*b.n+off:][:n], l.xd[x+j*n:])
		}
		for j := range minor {
			copy(l.minor[0][j*r.n+at:][:n], l.x[y+j*n:])
			copy(l.minor[1][j*r.n+at:][:n], l.xd[y+j*n:])
		}
		off, at = off+n, at+n
	}
}

// couple subtracts a run's part from what is kept for S_k, with q columns.
func (l *leaves) couple(b *bundle, r leafRun, major, minor []int32, flip bool, sub []float64, q int) {
	if flip {
		m, in := len(major), len(minor)
		u := l.u[:m*in]
		l.backend.Gemm(blas.NoTrans, blas.Trans, m, in, r.n, -1, l.major[0][r.off:], b.n, l.minor[1], r.n, 0, u, in)
		scatterAdd(sub, q, major, minor, u)
		return
	}
	m, in := len(minor), len(major)
	u := l.u[:m*in]
	l.backend.Gemm(blas.NoTrans, blas.Trans, m, in, r.n, -1, l.minor[1], r.n, l.major[0][r.off:], b.n, 0, u, in)
	scatterAdd(sub, q, minor, major, u)
}

// scatterAdd adds u to the elements of dst in the given rows and columns.
func scatterAdd(dst []float64, ld int, rows, cols []int32, u []float64) {
	n := len(cols)
	for i, row := range rows {
		d, u := dst[int(row)*ld:][:ld], u[i*n:][:n]
		for j, col := range cols {
			d[col] += u[j]
		}
	}
}

// subtract subtracts X D⁻¹ Xᵀ, of n unknowns, from the lower triangle of dst in the
// given rows and columns.
func (l *leaves) subtract(rows []int32, n int, x *[2][]float64, dst []float64, ld int) {
	q := len(rows)
	if q == 0 {
		return
	}
	if lo := int(rows[0]); int(rows[q-1])-lo == q-1 {
		l.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, q, n, -1, x[1], n, x[0], n, 1, dst[lo*ld+lo:], ld)
		return
	}
	u := l.u[:q*q]
	l.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, q, n, -1, x[1], n, x[0], n, 0, u, q)
	for i, row := range rows {
		d := dst[int(row)*ld:]
		for j, col := range rows[:i+1] {
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
