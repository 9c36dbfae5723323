package main

// elementwise writes the kernels that work on each word by itself.
func (s *source) elementwise() {
	s.pivot2()
	s.scale()
	s.mulAdd()
	s.mul()
	s.mulMost()
	s.scaleSym()
}

// pivot2 applies the inverse of a 2×2 pivot to two columns.
func (s *source) pivot2() {
	f := s.function("pivot2")
	x, y, u, v, n, from := f.arg("x"), f.arg("y"), f.arg("u"), f.arg("v"), f.arg("n"), f.arg("f")
	c := f.vecs(3)
	for i := range c {
		f.load(1, c[i], from, 8*i)
	}
	p, q, a, b := f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2)
	f.loops(n, 2, func(w lanes, count int) {
		for d := range count {
			f.loadNext(w, p[d], u)
			f.loadNext(w, q[d], v)
			f.mulBy(w, a[d], q[d], c[1])
			f.mulBy(w, b[d], q[d], c[2])
			f.fmaBy(w, a[d], p[d], c[0])
			f.fmaBy(w, b[d], p[d], c[1])
			f.storeNext(w, a[d], x)
			f.storeNext(w, b[d], y)
		}
	})
	f.op("RET")
}

// scale multiplies by a number.
func (s *source) scale() {
	f := s.function("scale")
	x, u, n, c := f.arg("x"), f.arg("u"), f.arg("n"), f.argF("f")
	v := f.vecs(4)
	f.loops(n, 4, func(w lanes, count int) {
		if w == 1 {
			f.load(1, v[0], u, 0)
			f.mul(1, v[0], v[0], c)
			f.store(1, v[0], x, 0)
			return
		}
		f.loadRowNext(v[:count], u)
		for _, r := range v[:count] {
			f.mulBy(2, r, r, c)
		}
		f.storeRowNext(v[:count], x)
	})
	f.op("RET")
}

func (s *source) mulAdd() {
	f := s.function("mulAdd")
	y, u, v, n := f.arg("y"), f.arg("u"), f.arg("v"), f.arg("n")
	a, p, q := f.vecs(4), f.vecs(4), f.vecs(4)
	f.loops(n, 4, func(w lanes, count int) {
		for d := range count {
			f.load(w, a[d], y, 8*int(w)*d)
			f.loadNext(w, p[d], u)
			f.loadNext(w, q[d], v)
		}
		for d := range count {
			f.fma(w, a[d], p[d], q[d])
			f.storeNext(w, a[d], y)
		}
	})
	f.op("RET")
}

func (s *source) mul() {
	f := s.function("mul")
	z, u, v, n := f.arg("z"), f.arg("u"), f.arg("v"), f.arg("n")
	p, q := f.vecs(4), f.vecs(4)
	f.loops(n, 4, func(w lanes, count int) {
		for d := range count {
			f.loadNext(w, p[d], u)
			f.loadNext(w, q[d], v)
		}
		for d := range count {
			f.mul(w, p[d], p[d], q[d])
			f.storeNext(w, p[d], z)
		}
	})
	f.op("RET")
}

// mulMost compares magnitudes as integers, for which infinities and NaN come last.
func (s *source) mulMost() {
	f := s.function("mulMost")
	z, u, v, m, n := f.arg("z"), f.arg("u"), f.arg("v"), f.arg("m"), f.arg("n")
	p, q, most, more := f.vecs(2), f.vecs(2), f.vecs(2), f.vec()
	f.loops(n, 2, func(w lanes, count int) {
		for d := range count {
			f.loadNext(w, p[d], u)
			f.loadNext(w, q[d], v)
			f.mul(w, p[d], p[d], q[d])
			f.load(w, most[d], m, 0)
			f.storeNext(w, p[d], z)
			f.abs(p[d], p[d])
			f.three("cmgt", wordCmgt, more, p[d], most[d])
			f.insert(most[d], p[d], more)
			f.storeNext(w, most[d], m)
		}
	})
	f.op("RET")
}

// scaleSym goes row by row, four words at a time.
func (s *source) scaleSym() {
	f := s.function("scaleSym")
	dst, ldd, src, lds, d, n, cols := f.arg("dst"), f.arg("ldd"), f.arg("src"), f.arg("lds"), f.arg("d"), f.arg("n"), f.arg("cols")
	head, to, from, all, left := f.gp(), f.gp(), f.gp(), f.gp(), f.gp()
	c, v, x := f.vec(), f.vecs(2), f.vecs(2)
	f.op("MOVD", d, head)
	f.label("row")
	f.loadNext(1, c, head)
	f.op("MOVD", dst, to)
	f.op("MOVD", src, from)
	f.op("MOVD", d, all)
	f.op("MOVD", cols, left)
	f.label("vector")
	f.loadRowNext(v, all)
	f.loadRowNext(x, from)
	for i := range v {
		f.mulBy(2, v[i], v[i], c)
		f.mul(2, v[i], v[i], x[i])
	}
	f.storeRowNext(v, to)
	f.op("SUBS", 1, left)
	f.op("BNE", "vector")
	f.op("ADD", ldd, dst)
	f.op("ADD", lds, src)
	f.op("SUBS", 1, n)
	f.op("BNE", "row")
	f.op("RET")
}
