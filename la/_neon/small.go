package main

import "fmt"

// small writes the products of small matrices that stay in the first cache.
func (s *source) small() {
	s.mulSmall("setSmall", "fmla", wordFmlaLane, false)
	s.mulSmall("addSmall", "fmla", wordFmlaLane, true)
	s.mulSmall("subSmall", "fmls", wordFmlsLane, true)
	s.mulProduct("setProduct", "fmla", wordFmlaLane, false)
	s.mulProduct("addProduct", "fmla", wordFmlaLane, true)
	s.mulProduct("subProduct", "fmls", wordFmlsLane, true)
	s.mulTrans("setProductTrans", nil)
	s.mulTrans("addProductTrans", (*function).add)
	s.mulTrans("subProductTrans", (*function).sub)
	s.copyRows()
	s.solveSmall()
}

// mulSmall goes through tiles of 4 rows and 12 columns, each of which takes all
// products in registers. What is left of the rows makes tiles of 2 and of 1; twenty
// columns are 12 and 8, sixteen are 8 and 8.
func (s *source) mulSmall(name, fma string, code int, add bool) {
	f := s.function(name)
	c, ldc, a, row, inc, ldb, rows, cols := f.arg("c"), f.arg("ldc"), f.arg("a"), f.arg("row"), f.arg("inc"), f.arg("ldb"), f.arg("rows"), f.arg("cols")
	left, off, bp, k := f.gp(), f.gp(), f.gp(), f.gp()
	at := f.gp() // the present column in the rows of a
	var cp, ap [4]R
	for i := range cp {
		cp[i], ap[i] = f.gp(), f.gp()
	}
	all, x, by := f.vecs(24), f.vecs(6), f.vecs(2)
	tile := func(label string, high, wide int) {
		acc := func(i int) []V { return all[6*i : 6*i+2*wide] }
		f.op("ADD", off, c, cp[0])
		for i := 1; i < high; i++ {
			f.op("ADD", ldc, cp[i-1], cp[i])
		}
		for i := range high {
			if add {
				f.loadRow(acc(i), cp[i], 0)
				continue
			}
			for _, v := range acc(i) {
				f.clear(v)
			}
		}
		f.op("MOVD", f.slot("b"), bp)
		f.op("ADD", off, bp)
		f.op("MOVD", f.slot("k"), k)
		f.op("MOVD", 0, at)
		f.label(label)
		f.loadRow(x[:2*wide], bp, 0)
		for i := range high {
			b := by[i%2]
			f.op("FMOVD", fmt.Sprintf("(%v)(%v)", ap[i], at), b)
			for v, r := range acc(i) {
				f.lane(fma, code, r, x[v], b, 0)
			}
		}
		f.op("ADD", inc, at)
		f.op("ADD", ldb, bp)
		f.op("SUBS", 1, k)
		f.op("BNE", label)
		for i := range high {
			f.storeRow(acc(i), cp[i], 0)
		}
		f.op("ADD", 32*wide, off)
		f.op("SUBS", wide, left)
	}
	// strip is one group of rows.
	strip := func(high int) {
		p := fmt.Sprintf("h%d", high)
		f.op("MOVD", 0, off)
		f.op("MOVD", cols, left)
		f.op("MOVD", a, ap[0])
		for i := 1; i < high; i++ {
			f.op("ADD", row, ap[i-1], ap[i])
		}
		f.label(p + "next")
		f.op("CMP", 4, left)
		f.op("BEQ", p+"two")
		f.op("CMP", 2, left)
		f.op("BEQ", p+"two")
		f.op("BLT", p+"one")
		tile(p+"w3", high, 3)
		f.op("BNE", p+"next")
		f.op("B", p+"end")
		f.label(p + "two")
		tile(p+"w2", high, 2)
		f.op("BNE", p+"next")
		f.op("B", p+"end")
		f.label(p + "one")
		tile(p+"w1", high, 1)
		f.label(p + "end")
	}
	next := func(log int) {
		f.op("ADD", fmt.Sprintf("%v<<%d", ldc, log), c)
		f.op("ADD", fmt.Sprintf("%v<<%d", row, log), a)
	}
	f.op("SUBS", 4, rows)
	f.op("BLT", "rest")
	f.label("group")
	strip(4)
	next(2)
	f.op("MOVD", f.slot("grow"), k)
	f.op("ADD", k, cols)
	f.op("SUBS", 4, rows)
	f.op("BGE", "group")
	f.label("rest")
	f.op("TBZ", 1, rows, "last")
	strip(2)
	next(1)
	f.label("last")
	f.op("TBZ", 0, rows, "done")
	strip(1)
	f.label("done")
	f.op("RET")
}

// mulProduct is mulSmall for rows of n ≥ 4 words: the last four words of a row reach back
// to its end. They stand in one tile with those before, and take the same products.
func (s *source) mulProduct(name, fma string, code int, add bool) {
	f := s.function(name)
	c, ldc, a, row, inc, ldb, rows, n := f.arg("c"), f.arg("ldc"), f.arg("a"), f.arg("row"), f.arg("inc"), f.arg("ldb"), f.arg("rows"), f.arg("n")
	left, off, bp, end, k := f.gp(), f.gp(), f.gp(), f.gp(), f.gp()
	at, last := f.gp(), f.gp() // the present column in the rows of a; where the last words are, from off on
	var cp, ap [4]R
	for i := range cp {
		cp[i], ap[i] = f.gp(), f.gp()
	}
	all, x, by := f.vecs(24), f.vecs(6), f.vecs(2)
	tile := func(label string, high, wide int) {
		acc := func(i int) []V { return all[6*i : 6*i+2*wide] }
		f.op("LSL", 3, n, last)
		f.op("SUB", off, last)
		f.op("SUB", 32, last)
		f.op("MOVD", 32*(wide-1), k)
		f.op("CMP", k, last)
		f.op("CSEL", "GT", k, last, last)
		f.op("ADD", off, c, cp[0])
		for i := 1; i < high; i++ {
			f.op("ADD", ldc, cp[i-1], cp[i])
		}
		for i := range high {
			if add {
				f.loadRow(acc(i)[:2*wide-2], cp[i], 0)
				f.op("ADD", last, cp[i], end)
				f.loadRow(acc(i)[2*wide-2:], end, 0)
				continue
			}
			for _, v := range acc(i) {
				f.clear(v)
			}
		}
		f.op("MOVD", f.slot("b"), bp)
		f.op("ADD", off, bp)
		f.op("ADD", last, bp, end)
		f.op("MOVD", f.slot("k"), k)
		f.op("MOVD", 0, at)
		f.label(label)
		f.loadRow(x[:2*wide-2], bp, 0)
		f.loadRow(x[2*wide-2:2*wide], end, 0)
		for i := range high {
			b := by[i%2]
			f.op("FMOVD", fmt.Sprintf("(%v)(%v)", ap[i], at), b)
			for v, r := range acc(i) {
				f.lane(fma, code, r, x[v], b, 0)
			}
		}
		f.op("ADD", inc, at)
		f.op("ADD", ldb, bp)
		f.op("ADD", ldb, end)
		f.op("SUBS", 1, k)
		f.op("BNE", label)
		for i := range high {
			f.storeRow(acc(i)[:2*wide-2], cp[i], 0)
			f.op("ADD", last, cp[i], end)
			f.storeRow(acc(i)[2*wide-2:], end, 0)
		}
		f.op("ADD", 32*wide, off)
		f.op("SUBS", wide, left)
	}
	// strip is one group of rows.
	strip := func(high int) {
		p := fmt.Sprintf("h%d", high)
		f.op("MOVD", 0, off)
		f.op("ADD", 3, n, left)
		f.op("LSR", 2, left)
		f.op("MOVD", a, ap[0])
		for i := 1; i < high; i++ {
			f.op("ADD", row, ap[i-1], ap[i])
		}
		f.label(p + "next")
		f.op("CMP", 4, left)
		f.op("BEQ", p+"two")
		f.op("CMP", 2, left)
		f.op("BEQ", p+"two")
		f.op("BLT", p+"one")
		tile(p+"w3", high, 3)
		f.op("BNE", p+"next")
		f.op("B", p+"end")
		f.label(p + "two")
		tile(p+"w2", high, 2)
		f.op("BNE", p+"next")
		f.op("B", p+"end")
		f.label(p + "one")
		tile(p+"w1", high, 1)
		f.label(p + "end")
	}
	next := func(log int) {
		f.op("ADD", fmt.Sprintf("%v<<%d", ldc, log), c)
		f.op("ADD", fmt.Sprintf("%v<<%d", row, log), a)
	}
	f.op("SUBS", 4, rows)
	f.op("BLT", "rest")
	f.label("group")
	strip(4)
	next(2)
	f.op("SUBS", 4, rows)
	f.op("BGE", "group")
	f.label("rest")
	f.op("TBZ", 1, rows, "last")
	strip(2)
	next(1)
	f.label("last")
	f.op("TBZ", 0, rows, "done")
	strip(1)
	f.label("done")
	f.op("RET")
}

// solveSmall goes through tiles of 4 rows and 12 columns, of the columns of which it
// takes all rows before the next ones.
func (s *source) solveSmall() {
	f := s.function("solveSmall")
	x, ldx, ldt, cols := f.arg("x"), f.arg("ldx"), f.arg("ldt"), f.arg("cols")
	from, tp, td, k, done, groups := f.gp(), f.gp(), f.gp(), f.gp(), f.gp(), f.gp()
	var at [4]R
	for i := range at {
		at[i] = f.gp()
	}
	all, b, c := f.vecs(24), f.vecs(6), f.vecs(2)
	columns := func(wide int) {
		name := fmt.Sprintf("w%d", wide)
		acc := func(i int) []V { return all[6*i : 6*i+2*wide] }
		f.op("MOVD", f.slot("groups"), groups)
		f.op("MOVD", f.slot("t"), td)
		f.op("MOVD", x, at[0])
		f.op("MOVD", 0, done)
		// td is the column of t that has the coefficients of the group, from row 0 on.
		f.label(name + "group")
		for i := 1; i < 4; i++ {
			f.op("ADD", ldx, at[i-1], at[i])
		}
		for i, p := range at {
			f.loadRow(acc(i), p, 0)
		}
		f.op("MOVD", x, from)
		f.op("MOVD", td, tp)
		f.op("MOVD", done, k)
		f.op("CBZ", k, name+"triangle")
		f.label(name + "row")
		f.loadRow(b[:2*wide], from, 0)
		f.loadRow(c, tp, 0)
		for i := range at {
			for v, r := range acc(i) {
				f.fmlsLane(r, b[v], c, i)
			}
		}
		f.op("ADD", ldx, from)
		f.op("ADD", ldt, tp)
		f.op("SUBS", 1, k)
		f.op("BNE", name+"row")
		f.label(name + "triangle")
		for j := range 3 {
			f.loadRow(c, tp, 0)
			for i := j + 1; i < 4; i++ {
				for v, r := range acc(i) {
					f.fmlsLane(r, acc(j)[v], c, i)
				}
			}
			f.op("ADD", ldt, tp)
		}
		for i, p := range at {
			f.storeRow(acc(i), p, 0)
		}
		f.op("ADD", ldx, at[3], at[0])
		f.op("ADD", 32, td)
		f.op("ADD", 4, done)
		f.op("SUBS", 1, groups)
		f.op("BNE", name+"group")
		f.op("ADD", 32*wide, x)
		f.op("SUBS", wide, cols)
	}
	f.label("next")
	f.op("CMP", 4, cols)
	f.op("BEQ", "two")
	f.op("CMP", 2, cols)
	f.op("BEQ", "two")
	f.op("BLT", "one")
	columns(3)
	f.op("BNE", "next")
	f.op("B", "done")
	f.label("two")
	columns(2)
	f.op("BNE", "next")
	f.op("B", "done")
	f.label("one")
	columns(1)
	f.label("done")
	f.op("RET")
}

// mulTrans takes the products of 4 rows of b with one row of a at a time, and of what is
// left of b row by row.
func (s *source) mulTrans(name string, join func(f *function, w lanes, d, n, m V)) {
	f := s.function(name)
	c, ldc, a, lda, b, ldb, rows := f.arg("c"), f.arg("ldc"), f.arg("a"), f.arg("lda"), f.arg("b"), f.arg("ldb"), f.arg("rows")
	left, pa, pb, cp, k := f.gp(), f.gp(), f.gp(), f.gp(), f.gp()
	var at [4]R
	for i := range at {
		at[i] = f.gp()
	}
	acc, x, y, v := f.vecs(4), f.vec(), f.vec(), f.vec()
	block := func(wide int) {
		label := fmt.Sprintf("w%d", wide)
		f.op("MOVD", pb, at[0])
		for j := 1; j < wide; j++ {
			f.op("ADD", ldb, at[j-1], at[j])
		}
		for _, s := range acc[:wide] {
			f.clear(s)
		}
		f.op("MOVD", a, pa)
		f.op("MOVD", f.slot("k"), k)
		f.op("SUBS", 2, k)
		f.label(label)
		f.loadNext(2, x, pa)
		for j, p := range at[:wide] {
			f.loadNext(2, y, p)
			f.fma(2, acc[j], x, y)
		}
		f.op("SUBS", 2, k)
		f.op("BGE", label)
		f.op("TBZ", 0, k, label+"sum")
		f.load(1, x, pa, 0)
		for j, p := range at[:wide] {
			f.load(1, y, p, 0) // and a zero
			f.fma(2, acc[j], x, y)
		}
		f.label(label + "sum")
		for j, s := range acc[:wide] {
			f.fold("faddp", wordFaddp, s, s)
			if join != nil {
				f.load(1, v, cp, 8*j)
				join(f, 1, s, v, s)
			}
			f.store(1, s, cp, 8*j)
		}
		f.op("ADD", 8*wide, cp)
		f.op("MOVD", wide, k)
		f.op("MUL", ldb, k, k)
		f.op("ADD", k, pb)
	}
	f.label("row")
	f.op("MOVD", b, pb)
	f.op("MOVD", c, cp)
	f.op("MOVD", f.slot("n"), left)
	f.op("SUBS", 4, left)
	f.label("group")
	block(4)
	f.op("SUBS", 4, left)
	f.op("BGE", "group")
	f.op("ADDS", 4, left)
	f.op("BEQ", "next")
	f.label("single")
	block(1)
	f.op("SUBS", 1, left)
	f.op("BNE", "single")
	f.label("next")
	f.op("ADD", lda, a)
	f.op("ADD", ldc, c)
	f.op("SUBS", 1, rows)
	f.op("BNE", "row")
	f.op("RET")
}

// copyRows copies rows of at least 4 words, the last two pairs of which reach back.
func (s *source) copyRows() {
	f := s.function("copyRows")
	dst, ldd, src, lds, rows, n := f.arg("dst"), f.arg("ldd"), f.arg("src"), f.arg("lds"), f.arg("rows"), f.arg("n")
	to, from, left := f.gp(), f.gp(), f.gp()
	v := f.vecs(2)
	f.op("LSL", 3, n)
	f.op("SUB", 32, n)
	f.label("row")
	f.op("MOVD", src, from)
	f.op("MOVD", dst, to)
	f.op("MOVD", n, left)
	f.op("CBZ", left, "last")
	f.label("vector")
	f.loadRowNext(v, from)
	f.storeRowNext(v, to)
	f.op("SUBS", 32, left)
	f.op("BGT", "vector")
	f.label("last")
	f.op("ADD", n, src, from)
	f.op("ADD", n, dst, to)
	f.loadRow(v, from, 0)
	f.storeRow(v, to, 0)
	f.op("ADD", ldd, dst)
	f.op("ADD", lds, src)
	f.op("SUBS", 1, rows)
	f.op("BNE", "row")
	f.op("RET")
}
