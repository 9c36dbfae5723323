package main

import "fmt"

const ones = 1<<64 - 1

// elimination writes eliminate, which is scale and trapezoid for one row, eliminate2,
// which is pivot2 and trapezoid for two, and eliminateRun, which is eliminate for one
// row after another.
func (s *source) elimination() {
	// For the first lanes words of a tile that are to become zero.
	var masks []uint64
	for lanes := range 4 {
		for i := range 4 {
			if i < lanes {
				masks = append(masks, 0)
			} else {
				masks = append(masks, ones)
			}
		}
	}
	s.data("masks", masks)
	s.eliminateRun()
	s.eliminate("eliminate", 1)
	s.eliminate("eliminate2", 2)
}

// mask loads that for so many words.
func (f *function) mask(to []V, lanes, tmp R) {
	f.op("MOVD", "$masks<>(SB)", tmp)
	f.op("ADD", lanes.String()+"<<5", tmp)
	f.loadRow(to, tmp, 0)
}

func (s *source) eliminate(name string, n int) {
	f := s.function(name)
	u, ld, rows, cols, w, lanes := f.arg("u"), f.arg("ld"), f.arg("rows"), f.arg("cols"), f.arg("w"), f.arg("lanes")
	// The rows of c and w, and moving pointers to them.
	c := []R{f.arg("c")}
	wr := []R{w}
	if n == 2 {
		c, wr = f.rows(2, c[0], ld), f.rows(2, w, ld)
	}
	var p, q []R
	for range n {
		p, q = append(p, f.gp()), append(q, f.gp())
	}
	start := func() {
		for r := range n {
			f.op("MOVD", c[r], p[r])
			f.op("MOVD", wr[r], q[r])
		}
	}
	left := f.gp()
	by := []V{}
	if n == 1 {
		by = append(by, f.argF("f"))
	} else {
		by = f.vecs(3)
		from := f.arg("f")
		for i, v := range by {
			f.load(1, v, from, 8*i)
		}
		f.doneR(from)
	}
	var v, t [2][]V
	for r := range n {
		v[r], t[r] = f.vecs(2), f.vecs(2)
	}
	// step copies four words of the rows and multiplies them.
	step := func(mask []V) {
		for r := range n {
			f.loadRow(v[r], p[r], 0)
			if mask != nil {
				f.and(v[r][0], v[r][0], mask[0])
				f.and(v[r][1], v[r][1], mask[1])
			}
		}
		for r := range n {
			for i := range 2 {
				f.mulBy(2, t[r][i], v[0][i], by[r])
				if n == 2 {
					f.fmaBy(2, t[r][i], v[1][i], by[r+1])
				}
				if mask != nil { // what is masked may not become NaN
					f.and(t[r][i], t[r][i], mask[i])
				}
			}
			f.storeRowNext(v[r], q[r])
			f.storeRowNext(t[r], p[r])
		}
	}
	start()
	mask := f.vecs(2)
	f.mask(mask, lanes, left)
	step(mask)
	f.op("SUBS", 1, cols, left)
	f.op("BEQ", "scaled")
	f.label("scale")
	step(nil)
	f.op("SUBS", 1, left)
	f.op("BNE", "scale")
	f.label("scaled")
	f.op("CBZ", rows, "done")
	f.done(mask...)
	f.outer(u, ld, rows, cols, c, wr)
	f.label("done")
	f.op("RET")
}

// outer subtracts the outer products of the rows c and w from a trapezoid of rows by
// cols tiles of 4×4 from u on; it moves the pointers on.
func (f *function) outer(u, ld, rows, cols R, c, w []R) {
	var p [4]R
	for i := range p {
		p[i] = f.gp()
	}
	left := f.gp()
	q := make([]R, len(w))
	by, x := make([][]V, len(c)), make([][]V, len(c))
	for r := range c {
		q[r] = f.gp()
		by[r], x[r] = f.vecs(2), f.vecs(2)
	}
	acc := f.vecs(8)
	f.label("group")
	f.startGroup(p[:], u, ld)
	for r := range c {
		f.op("MOVD", w[r], q[r])
		f.loadRow(by[r], c[r], 0)
	}
	f.op("MOVD", cols, left)
	f.label("tile")
	for r := range c {
		f.loadRowNext(x[r], q[r])
	}
	for i := range p {
		a := acc[2*i : 2*i+2]
		f.loadRow(a, p[i], 0)
		for r := range c {
			f.fmlsLane(a[0], x[r][0], by[r], i)
			f.fmlsLane(a[1], x[r][1], by[r], i)
		}
		f.storeRowNext(a, p[i])
	}
	f.op("SUBS", 1, left)
	f.op("BNE", "tile")
	f.op("ADD", ld.String()+"<<2", u)
	f.op("ADD", 32, u)
	for r := range c {
		f.op("ADD", 32, w[r])
		f.op("ADD", 32, c[r])
	}
	f.op("SUB", 1, cols)
	f.op("SUBS", 1, rows)
	f.op("BNE", "group")
}

func (s *source) eliminateRun() {
	f := s.function("eliminateRun")
	t, ld, k, alpha := f.arg("t"), f.arg("ld"), f.arg("k"), f.argF("alpha")
	c, u, w, p, q := f.gp(), f.gp(), f.gp(), f.gp(), f.gp()
	left, count := f.gp(), f.gp()
	least, most, one := f.vec(), f.vec(), f.vec()
	constant := func(v V, bits string) {
		f.op("MOVD", "$"+bits, p)
		f.op("FMOVD", p, v)
	}
	constant(least, "0x0170000000000000") // 2^-1000
	constant(most, "0x7e70000000000000")  // 2^1000
	constant(one, "0x3ff0000000000000")
	zero, d, m, h := f.vec(), f.vec(), f.vec(), f.vec()
	f.clear(zero)
	mask, v, odd, big, scaled := f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2)

	f.label("pivot")
	f.comment("c is the row of k from column g = 4⌊(k+1)/4⌋ on, u that of g.")
	f.op("MADD", ld, t, k, c)
	f.op("FMOVD", fmt.Sprintf("(%v)(%v<<3)", c, k), d)
	g := q
	f.op("ADD", 1, k, p)
	f.op("AND", "$~3", p, g)
	f.op("SUB", g, p)
	f.mask(mask, p, count)
	f.op("ADD", g.String()+"<<3", c)
	f.op("MADD", ld, t, g, u)
	f.op("ADD", g.String()+"<<3", u)
	f.comment("left is how many fours of the row there are.")
	f.op("LSR", 5, ld, left)
	f.op("SUBS", g.String()+">>2", left)
	f.clear(h)
	f.op("BEQ", "compare")

	f.comment("The greatest magnitude; a sum of zeros tells of what is not finite.")
	f.op("MOVD", c, p)
	f.loadRowNext(v, p)
	for i := range 2 {
		f.and(v[i], v[i], mask[i])
		f.mul(2, odd[i], v[i], zero)
		f.abs(big[i], v[i])
	}
	f.op("SUBS", 1, left, count)
	f.op("BEQ", "searched")
	f.label("search")
	f.loadRowNext(v, p)
	for i := range 2 {
		f.fma(2, odd[i], v[i], zero)
		f.abs(v[i], v[i])
		f.three("fmax", wordFmax, big[i], big[i], v[i])
	}
	f.op("SUBS", 1, count)
	f.op("BNE", "search")
	f.label("searched")
	f.add(2, odd[0], odd[0], odd[1])
	f.fold("faddp", wordFaddp, odd[0], odd[0])
	f.op("FCMPD", odd[0], odd[0])
	f.op("BVS", "done") // a NaN
	f.three("fmax", wordFmax, big[0], big[0], big[1])
	f.fold("fmaxp", wordFmaxp, h, big[0])
	f.mul(1, h, h, alpha)

	f.label("compare")
	f.comment("All of these hold for a NaN.")
	f.op("FABSD", d, m)
	f.op("FCMPD", h, m)
	f.op("BLT", "done")
	f.op("FCMPD", least, m)
	f.op("BLE", "done")
	f.op("FCMPD", most, m)
	f.op("BHS", "done")
	f.op("MOVD", f.slot("d"), p)
	f.op("FMOVD", d, fmt.Sprintf("(%v)(%v<<3)", p, k))
	f.op("CBZ", left, "last")

	f.op("FDIVD", d, one, d)
	f.op("MOVD", f.slot("w"), w)
	f.op("MOVD", c, p)
	f.op("MOVD", w, q)
	step := func() {
		for i := range 2 {
			f.mulBy(2, scaled[i], v[i], d)
		}
		f.storeRowNext(v, q)
		f.storeRowNext(scaled, p)
	}
	f.loadRow(v, p, 0)
	for i := range 2 {
		f.and(v[i], v[i], mask[i])
	}
	step()
	f.op("SUBS", 1, left, count)
	f.op("BEQ", "last")
	f.label("scale")
	f.loadRow(v, p, 0)
	step()
	f.op("SUBS", 1, count)
	f.op("BNE", "scale")

	f.label("last")
	f.op("ADD", 1, k)
	f.op("MOVD", f.slot("n"), p)
	f.op("CMP", p, k)
	f.op("BGE", "done")
	f.comment("Groups of 4 rows of what is left, from the tile on the diagonal on.")
	rows := count
	f.op("ADD", 3, p)
	f.op("LSR", 2, p, rows)
	f.op("SUB", k.String()+">>2", rows)
	f.doneR(p, q)
	f.outer(u, ld, rows, left, []R{c}, []R{w})
	f.op("B", "pivot")
	f.label("done")
	f.op("MOVD", k, f.slot("ret"))
	f.op("RET")
}
