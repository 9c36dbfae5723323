package main

import "fmt"

// combine adds k rows times a coefficient each.
func (s *source) combine(k int) {
	f := s.function(fmt.Sprintf("combine%d", k))
	y, n, w, ld, c := f.arg("y"), f.arg("n"), f.arg("w"), f.arg("ld"), f.arg("c")
	coef := f.vecs(k)
	for j, v := range coef {
		f.load(1, v, c, 8*j)
	}
	rows := f.rows(k, w, ld)
	const unroll = 4
	acc, x := f.vecs(unroll), f.vecs(unroll)
	f.loops(n, unroll, func(w lanes, count int) {
		if w == 1 {
			f.load(1, acc[0], y, 0)
			for j, p := range rows {
				f.load(1, x[0], p, 0)
				f.fma(1, acc[0], x[0], coef[j])
			}
			f.store(1, acc[0], y, 0)
			return
		}
		f.loadRow(acc[:count], y, 0)
		for j, p := range rows {
			f.loadRowNext(x[:count], p)
			for v := range count {
				f.fmaBy(2, acc[v], x[v], coef[j])
			}
		}
		f.storeRowNext(acc[:count], y)
	})
	f.op("RET")
}

// dot takes the products of k rows with x at once.
func (s *source) dot(k int) {
	f := s.function(fmt.Sprintf("dot%d", k))
	to, n, w, ld, x := f.arg("s"), f.arg("n"), f.arg("w"), f.arg("ld"), f.arg("x")
	rows := f.rows(k, w, ld)
	unroll := 4
	if k == 1 {
		unroll = 8
	}
	acc, last := f.vecs(k*unroll), f.vecs(k)
	for _, v := range acc {
		f.clear(v)
	}
	for _, v := range last {
		f.clear(v)
	}
	u, v := f.vecs(min(unroll, 4)), f.vecs(min(unroll, 4))
	f.loops(n, unroll, func(w lanes, count int) {
		if w == 1 {
			f.load(1, u[0], x, 0)
			for j, p := range rows {
				f.load(1, v[0], p, 0)
				f.fma(1, last[j], u[0], v[0])
			}
			return
		}
		for done := 0; done < count; {
			part := min(len(u), count-done)
			f.loadRowNext(u[:part], x)
			for j, p := range rows {
				f.loadRowNext(v[:part], p)
				for q := range part {
					f.fma(2, acc[j*unroll+done+q], u[q], v[q])
				}
			}
			done += part
		}
	})
	for j := range k {
		a := acc[j*unroll : (j+1)*unroll]
		for len(a) > 1 {
			h := len(a) / 2
			for i := range h {
				f.add(2, a[i], a[i], a[h+i])
			}
			a = a[:h]
		}
		f.fold("faddp", wordFaddp, a[0], a[0])
		f.add(1, a[0], a[0], last[j])
		f.store(1, a[0], to, 8*j)
	}
	f.op("RET")
}
