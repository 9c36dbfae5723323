package main

// elementwise writes the kernels that work on each word by itself.
func (s *source) elementwise() {
	s.pivot2()
	s.scale()
	s.mulAdd()
	s.mul()
	s.mulMost()
	s.scaleSym()
	s.scaleLower()
	s.scaleRows()
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

// scaleLower goes through the tiles of 4×4 of the lower triangle and stores each twice.
func (s *source) scaleLower() {
	f := s.function("scaleLower")
	dst, ldd, src, lds, d, tiles := f.arg("dst"), f.arg("ldd"), f.arg("src"), f.arg("lds"), f.arg("d"), f.arg("tiles")
	to, low, left, before, di, dj, column := f.gp(), f.gp(), f.gp(), f.gp(), f.gp(), f.gp(), f.gp()
	var from [4]R
	for i := range from {
		from[i] = f.gp()
	}
	v := [4][]V{f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2)}
	t := [4][]V{f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2)}
	heads, c, x := f.vecs(2), f.vecs(2), f.vecs(2)
	f.op("MOVD", d, di)
	f.op("MOVD", dst, column)
	f.op("MOVD", 0, before)
	// scaled are four rows, the pointers of which move on.
	scaled := func() {
		f.loadRowNext(c, dj)
		for i, p := range from {
			f.loadRowNext(x, p)
			for h := range 2 {
				f.lane("fmul", wordFmulLane, v[i][h], c[h], heads[i/2], i%2)
				f.mul(2, v[i][h], v[i][h], x[h])
			}
		}
	}
	transposed := func() {
		for j := range 4 {
			zip := []string{"VZIP1", "VZIP2"}[j%2]
			for h := range 2 {
				f.op(zip, v[2*h+1][j/2].words(), v[2*h][j/2].words(), t[j][h].words())
			}
		}
	}
	storeNext := func(v [4][]V, p R) {
		for i := range v {
			f.storeRow(v[i], p, 0)
			f.op("ADD", ldd, p)
		}
	}
	f.label("row")
	f.op("MOVD", src, from[0])
	for i := 1; i < 4; i++ {
		f.op("ADD", lds, from[i-1], from[i])
	}
	f.loadRowNext(heads, di)
	f.op("MOVD", d, dj)
	f.op("MOVD", column, to)
	f.op("MOVD", dst, left)
	f.op("ADD", before.String()+"<<5", dst, low) // the end of the row of tiles
	f.label("tile")
	f.op("CMP", low, left)
	f.op("BEQ", "diagonal")
	scaled()
	transposed()
	for i := range v {
		f.storeRow(v[i], left, 0)
		f.op("ADD", ldd, left)
	}
	f.op("SUB", ldd.String()+"<<2", left)
	f.op("ADD", 32, left)
	storeNext(t, to)
	f.op("B", "tile")
	f.label("diagonal")
	scaled()
	transposed()
	// Columns up to i are those of the tile itself.
	f.op("VMOV", t[0][0].word(1), v[0][0].word(1))
	f.copy(v[0][1], t[0][1])
	f.copy(v[1][1], t[1][1])
	f.op("VMOV", t[2][1].word(1), v[2][1].word(1))
	storeNext(v, to)
	f.op("ADD", lds.String()+"<<2", src)
	f.op("ADD", ldd.String()+"<<2", dst)
	f.op("ADD", 32, column)
	f.op("ADD", 1, before)
	f.op("CMP", tiles, before)
	f.op("BLT", "row")
	f.op("RET")
}

// scaleRows goes row by row, four words at a time.
func (s *source) scaleRows() {
	f := s.function("scaleRows")
	x, ldx, by, u, ldu, rows, cols := f.arg("x"), f.arg("ldx"), f.arg("f"), f.arg("u"), f.arg("ldu"), f.arg("rows"), f.arg("cols")
	to, from, left := f.gp(), f.gp(), f.gp()
	c, v := f.vec(), f.vecs(2)
	f.label("row")
	f.loadNext(1, c, by)
	f.op("MOVD", x, to)
	f.op("MOVD", u, from)
	f.op("MOVD", cols, left)
	f.label("vector")
	f.loadRowNext(v, from)
	for _, r := range v {
		f.mulBy(2, r, r, c)
	}
	f.storeRowNext(v, to)
	f.op("SUBS", 1, left)
	f.op("BNE", "vector")
	f.op("ADD", ldx, x)
	f.op("ADD", ldu, u)
	f.op("SUBS", 1, rows)
	f.op("BNE", "row")
	f.op("RET")
}
