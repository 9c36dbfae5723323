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
