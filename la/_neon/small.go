package main

import "fmt"

// small writes the products of small matrices that stay in the first cache.
func (s *source) small() {
	s.mulSmall("setSmall", "fmla", wordFmlaLane, false)
	s.mulSmall("addSmall", "fmla", wordFmlaLane, true)
	s.mulSmall("subSmall", "fmls", wordFmlsLane, true)
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
