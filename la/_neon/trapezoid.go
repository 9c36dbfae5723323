package main

// trapezoid goes through tiles of 4 rows and 8 columns, of which each takes all k
// products before it is stored. Where the columns of a group of rows are an odd number
// of fours the first tile is four wide.
func (s *source) trapezoid() {
	f := s.function("trapezoid")
	u, ld, rows, cols, c, ldk, w := f.arg("u"), f.arg("ld"), f.arg("rows"), f.arg("cols"), f.arg("c"), f.arg("ldk"), f.arg("w")
	q, left, k, cc, ww := f.gp(), f.gp(), f.gp(), f.gp(), f.gp()
	var p [4]R
	for i := range p {
		p[i] = f.gp()
	}
	all, x, by := f.vecs(16), f.vecs(4), f.vecs(2)
	tile := func(name string, vectors int) {
		acc := func(i int) []V { return all[4*i : 4*i+vectors] }
		for i := range p {
			f.loadRow(acc(i), p[i], 0)
		}
		f.op("MOVD", c, cc)
		f.op("MOVD", q, ww)
		f.op("MOVD", f.slot("k"), k)
		f.label(name)
		f.loadRow(x[:vectors], ww, 0)
		f.loadRow(by, cc, 0)
		for i := range p {
			for v, r := range acc(i) {
				f.fmlsLane(r, x[v], by, i)
			}
		}
		f.op("ADD", ldk, cc)
		f.op("ADD", ldk, ww)
		f.op("SUBS", 1, k)
		f.op("BNE", name)
		for i := range p {
			f.storeRowNext(acc(i), p[i])
		}
		f.op("ADD", 16*vectors, q)
	}
	f.label("group")
	f.startGroup(p[:], u, ld)
	f.op("MOVD", w, q)
	f.op("MOVD", cols, left)
	f.op("TBZ", 0, left, "even")
	tile("one", 2)
	f.label("even")
	f.op("LSR", 1, left)
	f.op("CBZ", left, "next")
	f.label("pair")
	tile("two", 4)
	f.op("SUBS", 1, left)
	f.op("BNE", "pair")
	f.label("next")
	f.nextGroup(u, ld, w, c)
	f.op("SUB", 1, cols)
	f.op("SUBS", 1, rows)
	f.op("BNE", "group")
	f.op("RET")
}

// startGroup points p to four rows from u on.
func (f *function) startGroup(p []R, u, ld R) {
	f.op("MOVD", u, p[0])
	for i := 1; i < len(p); i++ {
		f.op("ADD", ld, p[i-1], p[i])
	}
}

// nextGroup moves on by four rows and columns.
func (f *function) nextGroup(u, ld, w, c R) {
	f.op("ADD", ld.String()+"<<2", u)
	f.op("ADD", 32, u)
	f.op("ADD", 32, w)
	f.op("ADD", 32, c)
}

// solve4 solves with a lower triangular matrix of order 4 whose diagonal elements are
// inverted, row by row in f.
func (s *source) solve4() {
	f := s.function("solve4")
	x, ld, n, from := f.arg("x"), f.arg("ld"), f.arg("n"), f.arg("f")
	rows := f.rows(4, x, ld)
	c := f.vecs(5)
	f.loadRow(c, from, 0)
	v := [4][]V{f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2)}
	f.label("loop")
	for i, k := 0, 0; i < 4; i++ {
		f.loadRow(v[i], rows[i], 0)
		for j := range i {
			for q := range 2 {
				f.fmlsLane(v[i][q], v[j][q], c, k)
			}
			k++
		}
		for q := range 2 {
			f.lane("fmul", wordFmulLane, v[i][q], v[i][q], c[k/2], k%2)
		}
		k++
		f.storeRowNext(v[i], rows[i])
	}
	f.op("SUBS", 1, n)
	f.op("BNE", "loop")
	f.op("RET")
}

// solveUnit takes four rows at a time: what is known times the rows, and then the
// triangle on the diagonal.
func (s *source) solveUnit() {
	f := s.function("solveUnit")
	x, a, ld, groups := f.arg("x"), f.arg("a"), f.arg("ld"), f.arg("groups")
	rows := f.rows(4, a, ld)
	from, known, left, back := f.gp(), f.gp(), f.gp(), f.gp()
	acc, v, w, r := f.vecs(4), f.vecs(2), f.vecs(2), f.vecs(4)
	f.op("MOVD", 0, known)
	f.label("group")
	for _, c := range acc {
		f.clear(c)
	}
	f.op("MOVD", x, from)
	f.op("MOVD", known, left)
	f.op("CBZ", left, "triangle")
	f.label("row")
	f.loadRowNext(v, from)
	for i, p := range rows {
		f.loadRowNext(w, p)
		for h := range v {
			f.fma(2, acc[i], w[h], v[h])
		}
	}
	f.op("SUBS", 1, left)
	f.op("BNE", "row")
	f.label("triangle")
	for i, p := range rows {
		f.fold("faddp", wordFaddp, acc[i], acc[i])
		f.load(1, r[i], from, 8*i)
		f.sub(1, r[i], r[i], acc[i])
		for j := range i {
			f.load(1, v[0], p, 8*j)
			f.fms(1, r[i], v[0], r[j])
		}
		f.store(1, r[i], from, 8*i)
	}
	// The pointers are 8·4·known bytes into their rows.
	f.op("LSL", 5, known, back)
	for _, p := range rows {
		f.op("SUB", back, p)
		f.op("ADD", ld.String()+"<<2", p)
	}
	f.op("ADD", 1, known)
	f.op("SUBS", 1, groups)
	f.op("BNE", "group")
	f.op("RET")
}

// solveUnitTrans takes four rows at a time from the last ones on: the triangle on the
// diagonal, and then the rows times what is known from what is not.
func (s *source) solveUnitTrans() {
	f := s.function("solveUnitTrans")
	x, a, ld, groups := f.arg("x"), f.arg("a"), f.arg("ld"), f.arg("groups")
	off, to, left, p := f.gp(), f.gp(), f.gp(), f.gp()
	rows := []R{f.gp(), f.gp(), f.gp(), f.gp()}
	r, c, v, w := f.vecs(4), f.vec(), f.vecs(2), f.vecs(2)
	f.label("group")
	f.op("SUB", 1, groups)
	f.op("LSL", 5, groups, off)
	f.op("LSL", 2, groups, left)
	f.op("MUL", ld, left, left)
	f.op("ADD", left, a, rows[0])
	for i := 1; i < 4; i++ {
		f.op("ADD", ld, rows[i-1], rows[i])
	}
	f.op("ADD", off, x, to)
	for j := range r {
		f.load(1, r[j], to, 8*j)
	}
	for j := 3; j > 0; j-- {
		f.op("ADD", off, rows[j], p)
		for i := range j {
			f.load(1, c, p, 8*i)
			f.fms(1, r[i], c, r[j])
		}
	}
	for j := range r {
		f.store(1, r[j], to, 8*j)
	}
	f.op("CBZ", groups, "return")
	f.op("MOVD", groups, left)
	f.op("MOVD", x, to)
	f.label("row")
	f.loadRow(v, to, 0)
	for j, p := range rows {
		f.loadRowNext(w, p)
		for h := range v {
			f.lane("fmls", wordFmlsLane, v[h], w[h], r[j], 0)
		}
	}
	f.storeRowNext(v, to)
	f.op("SUBS", 1, left)
	f.op("BNE", "row")
	f.op("B", "group")
	f.label("return")
	f.op("RET")
}

// transpose4 works on tiles of 4×4 in registers.
func (s *source) transpose4() {
	f := s.function("transpose4")
	dst, ldd, src, lds, n := f.arg("dst"), f.arg("ldd"), f.arg("src"), f.arg("lds"), f.arg("n")
	from := f.rows(4, src, lds)
	v := [4][]V{f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2)}
	t := f.vecs(2)
	f.label("loop")
	for i, p := range from {
		f.loadRowNext(v[i], p)
	}
	for j := range 4 {
		zip := []string{"VZIP1", "VZIP2"}[j%2]
		for h := range t {
			f.op(zip, v[2*h+1][j/2].words(), v[2*h][j/2].words(), t[h].words())
		}
		f.storeRow(t, dst, 0)
		f.op("ADD", ldd, dst)
	}
	f.op("SUBS", 1, n)
	f.op("BNE", "loop")
	f.op("RET")
}
