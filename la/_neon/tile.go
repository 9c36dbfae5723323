package main

import "fmt"

// Offsets of the fields of the Go type tile; a test of package gemm compares them with
// unsafe.Offsetof.
const (
	offA     = 0
	offB     = 8
	offC     = 16
	offK     = 24
	offRows  = 32
	offArs   = 40
	offAcs   = 48
	offBrs   = 56
	offCrs   = 64
	offArow  = 72
	offApan  = 80
	offAlpha = 96
	offBeta  = 104
)

// A tile has 6×8 words, as with AVX2: 24 of the 32 registers.
const (
	tileRows    = 6
	tileVectors = 4 // in a row
)

// A kern writes one function: a column of tiles, nv vectors wide; the last vector is
// one word if odd.
type kern struct {
	*function
	nv  int
	odd bool

	t, rows, a, c      R
	row                [tileRows]R // of the tile in A
	ars, acs, brs, crs R
	off                R // of the present column in the rows of A
	b, k, tmp, cp      R
	acc                []V
	bv, av             []V // a row of B; elements of A, used in turn
}

func (s *source) newKern(name string, nv int, odd bool) *kern {
	k := &kern{function: s.function(name), nv: nv, odd: odd}
	for _, r := range []*R{&k.rows, &k.a, &k.c, &k.ars, &k.acs, &k.brs, &k.crs, &k.off, &k.b, &k.k, &k.tmp, &k.cp} {
		*r = k.gp()
	}
	for i := range k.row {
		k.row[i] = k.gp()
	}
	k.acc = k.vecs(tileRows * nv)
	k.bv, k.av = k.vecs(nv), k.vecs(4)
	k.t = k.arg("t")
	k.get(offRows, k.rows)
	k.get(offA, k.a)
	k.get(offC, k.c)
	k.get(offArs, k.ars)
	k.get(offAcs, k.acs)
	return k
}

// get loads a field of the tile.
func (k *kern) get(off int, r R) { k.op("MOVD", at(k.t, off), r) }

func (s *source) tile(nv int, odd bool) {
	name, wide := fmt.Sprintf("tileNEONx%d", 2*nv), 2*nv
	if odd {
		name, wide = fmt.Sprintf("tileNEONx%d", 2*nv-1), 2*nv-1
	}
	err := s.declare(fmt.Sprintf(`
// %s computes t.rows rows of C = alpha A B + beta C, %d at a time;
// C is %d columns wide.
//
//go:noescape
func %s(t *byte)
`, name, tileRows, wide, name))
	if err != nil {
		panic(err)
	}
	k := s.newKern(name, nv, odd)
	k.get(offBrs, k.brs)
	k.get(offCrs, k.crs)
	k.dispatch()
	for i := tileRows; i >= 1; i-- {
		k.body(i)
	}
}

// dispatch chooses the height of the next tile, as tileRows of package gemm does, and
// returns after the last.
func (k *kern) dispatch() {
	name := func(i int) string { return fmt.Sprintf("mr%d", i) }
	k.label("rows")
	k.op("CMP", 2*tileRows-2, k.rows)
	k.op("BGT", name(tileRows))
	k.op("CMP", tileRows, k.rows)
	k.op("BEQ", name(tileRows))
	k.op("MOVD", k.rows, k.tmp)
	k.op("BLT", "dispatch")
	k.op("ADD", 1, k.tmp)
	k.op("LSR", 1, k.tmp)
	k.label("dispatch")
	for i := tileRows - 1; i >= 1; i-- {
		k.op("CMP", i, k.tmp)
		k.op("BEQ", name(i))
	}
	k.op("RET")
}

// at is the accumulator of row i and vector j.
func (k *kern) at(i, j int) V { return k.acc[i*k.nv+j] }

// tileRow has the accumulators of row i.
func (k *kern) tileRow(i int) []V { return k.acc[i*k.nv : (i+1)*k.nv] }

// loadTile loads a row of the tile's width, and storeTile stores one.
func (k *kern) loadTile(v []V, base R, off int) {
	if !k.odd {
		k.loadRow(v, base, off)
		return
	}
	k.loadRow(v[:k.nv-1], base, off)
	k.load(1, v[k.nv-1], base, off+16*(k.nv-1))
}

func (k *kern) storeTile(v []V, base R, off int) {
	if !k.odd {
		k.storeRow(v, base, off)
		return
	}
	k.storeRow(v[:k.nv-1], base, off)
	k.store(1, v[k.nv-1], base, off+16*(k.nv-1))
}

// rowPointers points to the rows of a tile in A.
func (k *kern) rowPointers(mr int) {
	k.op("MOVD", k.a, k.row[0])
	for i := 1; i < mr; i++ {
		k.op("ADD", k.ars, k.row[i-1], k.row[i])
	}
	k.op("MOVD", 0, k.off)
}

// element loads the element of row i in the present column of A.
func (k *kern) element(i int) V {
	v := k.av[i%len(k.av)]
	k.op("FMOVD", fmt.Sprintf("(%v)(%v)", k.row[i], k.off), v)
	return v
}

// body is the code of a tile of mr rows.
func (k *kern) body(mr int) {
	p := fmt.Sprintf("mr%d", mr)
	k.label(p)
	for _, v := range k.acc[:mr*k.nv] {
		k.clear(v)
	}
	k.get(offB, k.b)
	k.get(offK, k.k)
	k.rowPointers(mr)
	k.comment("Ask for the rows of C early where the sum is long.")
	k.op("CMP", 32, k.k)
	k.op("BLT", p+"sum")
	k.op("MOVD", k.c, k.cp)
	for i := range mr {
		k.op("PRFM", at(k.cp, 0), "PLDL1KEEP")
		if i < mr-1 {
			k.op("ADD", k.crs, k.cp)
		}
	}
	k.label(p + "sum")
	k.loadTile(k.bv, k.b, 0)
	k.op("ADD", k.brs, k.b)
	for i := range mr {
		a := k.element(i)
		for j := range k.nv {
			k.fmaBy(2, k.at(i, j), k.bv[j], a)
		}
	}
	k.op("ADD", k.acs, k.off)
	k.op("SUBS", 1, k.k)
	k.op("BNE", p+"sum")

	alpha, beta, old := k.av[0], k.av[1], k.bv
	k.load(1, alpha, k.t, offAlpha)
	for _, v := range k.acc[:mr*k.nv] {
		k.mulBy(2, v, v, alpha)
	}
	k.comment("With beta = 0 (of either sign) C is not read.")
	k.get(offBeta, k.tmp)
	k.op("LSL", 1, k.tmp)
	k.op("CBZ", k.tmp, p+"store")
	k.load(1, beta, k.t, offBeta)
	k.op("MOVD", k.c, k.cp)
	for i := range mr {
		k.loadTile(old, k.cp, 0)
		for j := range k.nv {
			k.fmaBy(2, k.at(i, j), old[j], beta)
		}
		if i < mr-1 {
			k.op("ADD", k.crs, k.cp)
		}
	}
	k.label(p + "store")
	for i := range mr {
		k.storeTile(k.tileRow(i), k.c, 0)
		k.op("ADD", k.crs, k.c)
	}
	k.comment("The next rows of A.")
	k.get(offArow, k.tmp)
	k.op("MOVD", mr, k.k)
	k.op("MADD", k.k, k.a, k.tmp, k.a)
	k.get(offApan, k.tmp)
	k.op("ADD", k.tmp, k.a)
	k.op("SUB", mr, k.rows)
	k.op("B", "rows")
}

// solve writes the solution of a triangular system for one panel of right-hand sides,
// eight columns wide and stored row after row:
//
//	rows above (solved)  X0        k rows
//	a tile               X1        mr rows:  T11 X1 = B1 - T10 X0
func (s *source) solve() {
	k := s.newKern("solveNEON", tileVectors, false)
	solved, inv := k.brs, k.crs // rows, and the reciprocals of those that come
	k.get(offB, inv)
	k.op("MOVD", 0, solved)
	k.dispatch()
	for i := tileRows; i >= 1; i-- {
		k.panel(i, solved, inv)
	}
}

func (k *kern) panel(mr int, solved, inv R) {
	p := fmt.Sprintf("mr%d", mr)
	k.label(p)
	for i := range mr {
		k.loadRow(k.tileRow(i), k.c, 64*i)
	}
	k.get(offC, k.b)
	k.rowPointers(mr)
	k.op("MOVD", solved, k.k)
	k.op("CBZ", k.k, p+"solve")
	k.label(p + "loop")
	k.loadRowNext(k.bv, k.b)
	for i := range mr {
		a := k.element(i)
		for j := range k.nv {
			k.lane("fmls", wordFmlsLane, k.at(i, j), k.bv[j], a, 0)
		}
	}
	k.op("ADD", k.acs, k.off)
	k.op("SUBS", 1, k.k)
	k.op("BNE", p+"loop")
	k.label(p + "solve")
	k.op("CBZ", inv, p+"unit")
	k.triangle(mr, inv)
	k.op("ADD", 8*mr, inv)
	k.op("B", p+"store")
	k.label(p + "unit")
	if mr > 1 {
		k.triangle(mr, -1)
	}
	k.label(p + "store")
	for i := range mr {
		k.storeRowNext(k.tileRow(i), k.c)
	}
	k.op("MOVD", mr, k.tmp)
	k.op("MADD", k.tmp, k.a, k.ars, k.a)
	k.op("ADD", mr, solved)
	k.op("SUB", mr, k.rows)
	k.op("B", "rows")
}

// triangle solves with the mr×mr triangle at the present column of A; inv is negative
// for a unit diagonal.
func (k *kern) triangle(mr int, inv R) {
	for q := range mr {
		if inv >= 0 {
			k.load(1, k.bv[0], inv, 8*q)
			for _, v := range k.tileRow(q) {
				k.mulBy(2, v, v, k.bv[0])
			}
		}
		for i := q + 1; i < mr; i++ {
			a := k.element(i)
			for j := range k.nv {
				k.lane("fmls", wordFmlsLane, k.at(i, j), k.at(q, j), a, 0)
			}
		}
		if q < mr-2 {
			k.op("ADD", k.acs, k.off)
		}
	}
}
