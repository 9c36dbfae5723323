package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The kernels of small matrices that stay in the first cache.

func small() {
	mulSmall("setSmall", VFMADD231PD, false)
	mulSmall("addSmall", VFMADD231PD, true)
	mulSmall("subSmall", VFNMADD231PD, true)
	mulProduct("setProduct", VFMADD231PD, false)
	mulProduct("addProduct", VFMADD231PD, true)
	mulProduct("subProduct", VFNMADD231PD, true)
	mulTrans("setProductTrans", nil)
	mulTrans("addProductTrans", VADDPD)
	mulTrans("subProductTrans", VSUBPD)
	copyRows()
	solveSmall()
	scaleSym()
	scaleLower()
	scaleRows()
}

// stride addresses rows 0 to 3 of a stride apart; ld3 is three strides.
func stride(base, ld, ld3 reg.Register, i int) Mem {
	switch i {
	case 0:
		return Mem{Base: base}
	case 1:
		return Mem{Base: base, Index: ld, Scale: 1}
	case 2:
		return Mem{Base: base, Index: ld, Scale: 2}
	}
	return Mem{Base: base, Index: ld3, Scale: 1}
}

// mulSmall goes through tiles of 4 rows and 3 vectors, each of which takes all
// products in registers. What is left of the rows makes tiles of 2 and of 1; five
// vectors are 3 and 2, four are 2 and 2.
func mulSmall(name string, fma func(...Op), add bool) {
	TEXT(name, NOSPLIT, "func(c *float64, ldc int, a *float64, row int, inc int, b *float64, ldb int, rows int, cols int, k int, grow int)")
	Pragma("noescape")
	verb := map[string]string{"setSmall": "sets", "addSmall": "adds to", "subSmall": "subtracts from"}[name]
	Doc(fmt.Sprintf("%s %s c, of rows rows of cols vectors of 4 words, the product of a and b;", name, verb),
		"ldc, row, inc and ldb are in bytes. Every 4 rows have grow vectors more than those before.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	c, ldc, a, row, inc, ldb, rows, cols := load("c"), load("ldc"), load("a"), load("row"), load("inc"), load("ldb"), load("rows"), load("cols")
	row3 := GP64()
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	left, off, ap, bp, kk, cp := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	tile := func(label string, high, wide int) {
		acc := make([][]reg.VecVirtual, high)
		// kk is not in use yet: it holds three strides of c.
		ldc3 := kk
		LEAQ(Mem{Base: c, Index: off, Scale: 1}, cp)
		if add {
			LEAQ(Mem{Base: ldc, Index: ldc, Scale: 2}, ldc3)
		}
		for i := range acc {
			for v := range wide {
				r := YMM()
				if add {
					m := stride(cp, ldc, ldc3, i)
					m.Disp = 32 * v
					VMOVUPD(m, r)
				} else {
					VXORPD(r, r, r)
				}
				acc[i] = append(acc[i], r)
			}
		}
		Load(Param("b"), bp)
		ADDQ(off, bp)
		MOVQ(a, ap)
		Load(Param("k"), kk)
		Label(label)
		x := make([]reg.VecVirtual, wide)
		for v := range x {
			x[v] = YMM()
			VMOVUPD(Mem{Base: bp, Disp: 32 * v}, x[v])
		}
		for i := range acc {
			f := YMM()
			VBROADCASTSD(stride(ap, row, row3, i), f)
			for v := range x {
				fma(x[v], f, acc[i][v])
			}
		}
		ADDQ(inc, ap)
		ADDQ(ldb, bp)
		DECQ(kk)
		JNZ(LabelRef(label))
		LEAQ(Mem{Base: ldc, Index: ldc, Scale: 2}, ldc3)
		for i := range acc {
			for v := range wide {
				m := stride(cp, ldc, ldc3, i)
				m.Disp = 32 * v
				VMOVUPD(acc[i][v], m)
			}
		}
		ADDQ(U8(32*wide), off)
		SUBQ(U8(wide), left)
	}
	// strip is one group of rows.
	strip := func(high int) {
		p := fmt.Sprintf("h%d", high)
		XORQ(off, off)
		MOVQ(cols, left)
		Label(p + "next")
		CMPQ(left, U8(4))
		JE(LabelRef(p + "two"))
		CMPQ(left, U8(2))
		JE(LabelRef(p + "two"))
		JL(LabelRef(p + "one"))
		tile(p+"w3", high, 3)
		JNZ(LabelRef(p + "next"))
		JMP(LabelRef(p + "end"))
		Label(p + "two")
		tile(p+"w2", high, 2)
		JNZ(LabelRef(p + "next"))
		JMP(LabelRef(p + "end"))
		Label(p + "one")
		tile(p+"w1", high, 1)
		Label(p + "end")
	}
	SUBQ(U8(4), rows)
	JL(LabelRef("rest"))
	Label("group")
	strip(4)
	LEAQ(Mem{Base: c, Index: ldc, Scale: 4}, c)
	LEAQ(Mem{Base: a, Index: row, Scale: 4}, a)
	Load(Param("grow"), kk)
	ADDQ(kk, cols)
	SUBQ(U8(4), rows)
	JGE(LabelRef("group"))
	Label("rest")
	TESTQ(U32(2), rows)
	JZ(LabelRef("last"))
	strip(2)
	LEAQ(Mem{Base: c, Index: ldc, Scale: 2}, c)
	LEAQ(Mem{Base: a, Index: row, Scale: 2}, a)
	Label("last")
	TESTQ(U32(1), rows)
	JZ(LabelRef("done"))
	strip(1)
	Label("done")
	VZEROUPPER()
	RET()
}

// mulProduct is mulSmall for rows of n ≥ 4 words: the last vector of a row reaches back
// to its end. It stands in one tile with the one before, and takes the same products.
func mulProduct(name string, fma func(...Op), add bool) {
	TEXT(name, NOSPLIT, "func(c *float64, ldc int, a *float64, row int, inc int, b *float64, ldb int, rows int, n int, k int)")
	Pragma("noescape")
	verb := map[string]string{"setProduct": "sets", "addProduct": "adds to", "subProduct": "subtracts from"}[name]
	Doc(fmt.Sprintf("%s %s c, of rows rows of n words, at least 4, the product of a and b;", name, verb),
		"ldc, row, inc and ldb are in bytes.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	c, ldc, a, row, inc, ldb, rows := load("c"), load("ldc"), load("a"), load("row"), load("inc"), load("ldb"), load("rows")
	row3 := GP64()
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	left, off, ap, bp, kk, cp := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	last := GP64() // where the last vector of a tile is, from off on
	tile := func(label string, high, wide int) {
		Load(Param("n"), last)
		LEAQ(Mem{Base: last, Index: last, Scale: 1}, last)
		SHLQ(U8(2), last)
		SUBQ(off, last)
		SUBQ(U8(32), last)
		MOVQ(U64(32*(wide-1)), kk)
		CMPQ(last, kk)
		CMOVQGT(kk, last)
		acc := make([][]reg.VecVirtual, high)
		// ap and kk are not in use yet: they hold the address of the last vector and
		// three strides of c.
		ldc3, end := kk, ap
		place := func(i, v int) Mem {
			if v == wide-1 {
				return stride(end, ldc, ldc3, i)
			}
			m := stride(cp, ldc, ldc3, i)
			m.Disp = 32 * v
			return m
		}
		LEAQ(Mem{Base: c, Index: off, Scale: 1}, cp)
		if add {
			LEAQ(Mem{Base: ldc, Index: ldc, Scale: 2}, ldc3)
			LEAQ(Mem{Base: cp, Index: last, Scale: 1}, end)
		}
		for i := range acc {
			for v := range wide {
				r := YMM()
				if add {
					VMOVUPD(place(i, v), r)
				} else {
					VXORPD(r, r, r)
				}
				acc[i] = append(acc[i], r)
			}
		}
		Load(Param("b"), bp)
		ADDQ(off, bp)
		MOVQ(a, ap)
		Load(Param("k"), kk)
		Label(label)
		x := make([]reg.VecVirtual, wide)
		for v := range x {
			x[v] = YMM()
			if v == wide-1 {
				VMOVUPD(Mem{Base: bp, Index: last, Scale: 1}, x[v])
			} else {
				VMOVUPD(Mem{Base: bp, Disp: 32 * v}, x[v])
			}
		}
		for i := range acc {
			f := YMM()
			VBROADCASTSD(stride(ap, row, row3, i), f)
			for v := range x {
				fma(x[v], f, acc[i][v])
			}
		}
		ADDQ(inc, ap)
		ADDQ(ldb, bp)
		DECQ(kk)
		JNZ(LabelRef(label))
		LEAQ(Mem{Base: ldc, Index: ldc, Scale: 2}, ldc3)
		LEAQ(Mem{Base: cp, Index: last, Scale: 1}, end)
		for i := range acc {
			for v := range wide {
				VMOVUPD(acc[i][v], place(i, v))
			}
		}
		ADDQ(U8(32*wide), off)
		SUBQ(U8(wide), left)
	}
	// strip is one group of rows.
	strip := func(high int) {
		p := fmt.Sprintf("h%d", high)
		XORQ(off, off)
		Load(Param("n"), left)
		ADDQ(U8(3), left)
		SHRQ(U8(2), left)
		Label(p + "next")
		CMPQ(left, U8(4))
		JE(LabelRef(p + "two"))
		CMPQ(left, U8(2))
		JE(LabelRef(p + "two"))
		JL(LabelRef(p + "one"))
		tile(p+"w3", high, 3)
		JNZ(LabelRef(p + "next"))
		JMP(LabelRef(p + "end"))
		Label(p + "two")
		tile(p+"w2", high, 2)
		JNZ(LabelRef(p + "next"))
		JMP(LabelRef(p + "end"))
		Label(p + "one")
		tile(p+"w1", high, 1)
		Label(p + "end")
	}
	SUBQ(U8(4), rows)
	JL(LabelRef("rest"))
	Label("group")
	strip(4)
	LEAQ(Mem{Base: c, Index: ldc, Scale: 4}, c)
	LEAQ(Mem{Base: a, Index: row, Scale: 4}, a)
	SUBQ(U8(4), rows)
	JGE(LabelRef("group"))
	Label("rest")
	TESTQ(U32(2), rows)
	JZ(LabelRef("last"))
	strip(2)
	LEAQ(Mem{Base: c, Index: ldc, Scale: 2}, c)
	LEAQ(Mem{Base: a, Index: row, Scale: 2}, a)
	Label("last")
	TESTQ(U32(1), rows)
	JZ(LabelRef("done"))
	strip(1)
	Label("done")
	VZEROUPPER()
	RET()
}

// mulTrans takes the products of 4 rows of b with 2 rows of a at a time. The last 4 rows of b
// reach back over those before, and so do the last four words of a row; what was taken
// before is masked.
func mulTrans(name string, join func(...Op)) {
	m := masks()
	TEXT(name, NOSPLIT, "func(c *float64, ldc int, a *float64, lda int, b *float64, ldb int, rows int, n int, k int)")
	Pragma("noescape")
	verb := map[string]string{"setProductTrans": "sets", "addProductTrans": "adds to", "subProductTrans": "subtracts from"}[name]
	Doc(fmt.Sprintf("%s %s c, of rows rows of n words, the product of a and the transpose of b, whose", name, verb),
		"rows have k words; n and k are at least 4. ldc, lda and ldb are in bytes.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	c, ldc, a, lda, b, ldb := load("c"), load("ldc"), load("a"), load("lda"), load("b"), load("ldb")
	left := load("n")
	ldb3, at := GP64(), GP64()
	LEAQ(Mem{Base: ldb, Index: ldb, Scale: 2}, ldb3)
	LEAQ(m, at)
	ap, cp, rows, pa, pb, kk := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	mask := YMM()
	// block is one or two rows of a.
	block := func(high int) {
		label := fmt.Sprintf("h%d", high)
		var acc [2][4]reg.VecVirtual
		for i := range high {
			for j := range 4 {
				acc[i][j] = YMM()
				VXORPD(acc[i][j], acc[i][j], acc[i][j])
			}
		}
		row := func(i int) Mem {
			if i == 0 {
				return Mem{Base: pa}
			}
			return Mem{Base: pa, Index: lda, Scale: 1}
		}
		step := func(low reg.VecVirtual) {
			x := [2]reg.VecVirtual{YMM(), YMM()}
			for i := range high {
				if low != nil {
					VANDPD(row(i), low, x[i])
				} else {
					VMOVUPD(row(i), x[i])
				}
			}
			for j := range 4 {
				y := YMM()
				VMOVUPD(stride(pb, ldb, ldb3, j), y)
				for i := range high {
					VFMADD231PD(y, x[i], acc[i][j])
				}
			}
		}
		MOVQ(ap, pa)
		MOVQ(b, pb)
		Load(Param("k"), kk)
		SHRQ(U8(2), kk)
		Label(label)
		step(nil)
		ADDQ(U8(32), pa)
		ADDQ(U8(32), pb)
		DECQ(kk)
		JNZ(LabelRef(label))
		Load(Param("k"), kk)
		ANDQ(U8(3), kk)
		JZ(LabelRef(label + "sum"))
		// back by 4 − k mod 4 words, which are masked
		SUBQ(U8(4), kk)
		LEAQ(Mem{Base: pa, Index: kk, Scale: 8}, pa)
		LEAQ(Mem{Base: pb, Index: kk, Scale: 8}, pb)
		NEGQ(kk)
		SHLQ(U8(5), kk)
		low := YMM()
		VMOVUPD(Mem{Base: at, Index: kk, Scale: 1}, low)
		step(low)
		Label(label + "sum")
		for i := range high {
			to := Mem{Base: cp}
			if i > 0 {
				to = Mem{Base: cp, Index: ldc, Scale: 1}
			}
			s := foldRows(acc[i])
			if join != nil {
				VANDPD(mask, s, s)
				v := YMM()
				VMOVUPD(to, v)
				join(s, v, s)
			}
			VMOVUPD(s, to)
		}
	}
	Label("next")
	VMOVUPD(Mem{Base: at}, mask)
	CMPQ(left, U8(4))
	JGE(LabelRef("group"))
	// back by 4 − left rows
	SUBQ(U8(4), left)
	LEAQ(Mem{Base: c, Index: left, Scale: 8}, c)
	MOVQ(left, kk)
	IMULQ(ldb, kk)
	ADDQ(kk, b)
	NEGQ(left)
	SHLQ(U8(5), left)
	VMOVUPD(Mem{Base: at, Index: left, Scale: 1}, mask)
	MOVQ(U64(4), left)
	Label("group")
	MOVQ(a, ap)
	MOVQ(c, cp)
	Load(Param("rows"), rows)
	SUBQ(U8(2), rows)
	JL(LabelRef("one"))
	Label("two")
	block(2)
	LEAQ(Mem{Base: ap, Index: lda, Scale: 2}, ap)
	LEAQ(Mem{Base: cp, Index: ldc, Scale: 2}, cp)
	SUBQ(U8(2), rows)
	JGE(LabelRef("two"))
	Label("one")
	TESTQ(U32(1), rows)
	JZ(LabelRef("columns"))
	block(1)
	Label("columns")
	ADDQ(U8(32), c)
	LEAQ(Mem{Base: b, Index: ldb, Scale: 4}, b)
	SUBQ(U8(4), left)
	JG(LabelRef("next"))
	VZEROUPPER()
	RET()
}

// foldRows adds up each of four vectors, to the words of one.
func foldRows(v [4]reg.VecVirtual) reg.VecVirtual {
	s, t, u := YMM(), YMM(), YMM()
	VHADDPD(v[1], v[0], s)
	VHADDPD(v[3], v[2], t)
	VPERM2F128(U8(0x21), t, s, u) // the upper half of s, the lower one of t
	VBLENDPD(U8(0xc), t, s, s)
	VADDPD(u, s, s)
	return s
}

// copyRows copies rows of at least 4 words, the last vector of which reaches back.
func copyRows() {
	TEXT("copyRows", NOSPLIT, "func(dst *float64, ldd int, src *float64, lds int, rows int, n int)")
	Pragma("noescape")
	Doc("copyRows copies rows rows of n words, at least 4; ldd and lds are in bytes.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	dst, ldd, src, lds, rows, n := load("dst"), load("ldd"), load("src"), load("lds"), load("rows"), load("n")
	off := GP64()
	SHLQ(U8(3), n)
	SUBQ(U8(32), n)
	v := YMM()
	Label("row")
	XORQ(off, off)
	JMP(LabelRef("test"))
	Label("vector")
	VMOVUPD(Mem{Base: src, Index: off, Scale: 1}, v)
	VMOVUPD(v, Mem{Base: dst, Index: off, Scale: 1})
	ADDQ(U8(32), off)
	Label("test")
	CMPQ(off, n)
	JL(LabelRef("vector"))
	VMOVUPD(Mem{Base: src, Index: n, Scale: 1}, v)
	VMOVUPD(v, Mem{Base: dst, Index: n, Scale: 1})
	ADDQ(ldd, dst)
	ADDQ(lds, src)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// solveSmall goes through tiles of 4 rows and 3 vectors, of the columns of which it
// takes all rows before the next ones. Five vectors are 3 and 2, four are 2 and 2.
func solveSmall() {
	TEXT("solveSmall", NOSPLIT, "func(x *float64, ldx int, t *float64, ldt int, groups int, cols int)")
	Pragma("noescape")
	Doc("solveSmall solves with the transpose of the unit upper triangle t and the rows of x, both of",
		"groups times 4 rows; those of x have cols vectors of 4 words. ldx and ldt are in bytes.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	x, ldx, ldt, cols := load("x"), load("ldx"), load("ldt"), load("cols")
	ldx3 := GP64()
	LEAQ(Mem{Base: ldx, Index: ldx, Scale: 2}, ldx3)
	at, from, tp, td, k, done, groups := GP64(), GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	columns := func(wide int) {
		name := fmt.Sprintf("w%d", wide)
		Load(Param("groups"), groups)
		Load(Param("t"), td)
		MOVQ(x, at)
		XORQ(done, done)
		// td is the column of t that has the coefficients of the group, from row 0 on.
		Label(name + "group")
		var acc [4][]reg.VecVirtual
		for i := range acc {
			for v := range wide {
				r := YMM()
				m := stride(at, ldx, ldx3, i)
				m.Disp = 32 * v
				VMOVUPD(m, r)
				acc[i] = append(acc[i], r)
			}
		}
		MOVQ(x, from)
		MOVQ(td, tp)
		MOVQ(done, k)
		TESTQ(k, k)
		JZ(LabelRef(name + "triangle"))
		Label(name + "row")
		b := make([]reg.VecVirtual, wide)
		for v := range b {
			b[v] = YMM()
			VMOVUPD(Mem{Base: from, Disp: 32 * v}, b[v])
		}
		for i := range acc {
			f := YMM()
			VBROADCASTSD(Mem{Base: tp, Disp: 8 * i}, f)
			for v := range b {
				VFNMADD231PD(b[v], f, acc[i][v])
			}
		}
		ADDQ(ldx, from)
		ADDQ(ldt, tp)
		DECQ(k)
		JNZ(LabelRef(name + "row"))
		Label(name + "triangle")
		for j := range 3 {
			for i := j + 1; i < 4; i++ {
				f := YMM()
				VBROADCASTSD(Mem{Base: tp, Disp: 8 * i}, f)
				for v := range wide {
					VFNMADD231PD(acc[j][v], f, acc[i][v])
				}
			}
			ADDQ(ldt, tp)
		}
		for i := range acc {
			for v := range wide {
				m := stride(at, ldx, ldx3, i)
				m.Disp = 32 * v
				VMOVUPD(acc[i][v], m)
			}
		}
		LEAQ(Mem{Base: at, Index: ldx, Scale: 4}, at)
		ADDQ(U8(32), td)
		ADDQ(U8(4), done)
		DECQ(groups)
		JNZ(LabelRef(name + "group"))
		ADDQ(U8(32*wide), x)
		SUBQ(U8(wide), cols)
	}
	Label("next")
	CMPQ(cols, U8(4))
	JE(LabelRef("two"))
	CMPQ(cols, U8(2))
	JE(LabelRef("two"))
	JL(LabelRef("one"))
	columns(3)
	JNZ(LabelRef("next"))
	JMP(LabelRef("done"))
	Label("two")
	columns(2)
	JNZ(LabelRef("next"))
	JMP(LabelRef("done"))
	Label("one")
	columns(1)
	Label("done")
	VZEROUPPER()
	RET()
}

// scaleLower goes through the tiles of 4×4 of the lower triangle and stores each twice.
func scaleLower() {
	TEXT("scaleLower", NOSPLIT, "func(dst *float64, ldd int, src *float64, lds int, d *float64, tiles int)")
	Pragma("noescape")
	Doc("scaleLower sets the elements of the symmetric matrix dst of tiles times 4 rows to d[i]*d[j]",
		"times those of the lower triangle of src; ldd and lds are in bytes.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	dst, ldd, src, lds, d := load("dst"), load("ldd"), load("src"), load("lds"), load("d")
	ldd3, lds3 := GP64(), GP64()
	LEAQ(Mem{Base: ldd, Index: ldd, Scale: 2}, ldd3)
	LEAQ(Mem{Base: lds, Index: lds, Scale: 2}, lds3)
	off, before, left, di, column := GP64(), GP64(), GP64(), GP64(), GP64()
	// dst and src are the first tile of a row of tiles, column the first one of a column.
	to, low := GP64(), GP64()
	MOVQ(d, di)
	MOVQ(dst, column)
	XORQ(before, before)
	// scaled are four rows at off.
	scaled := func() (v [4]reg.VecVirtual) {
		dj := YMM()
		VMOVUPD(Mem{Base: d, Index: off, Scale: 1}, dj)
		for i := range v {
			v[i] = YMM()
			VBROADCASTSD(Mem{Base: di, Disp: 8 * i}, v[i])
			VMULPD(dj, v[i], v[i])
			LEAQ(stride(src, lds, lds3, i), low)
			VMULPD(Mem{Base: low, Index: off, Scale: 1}, v[i], v[i])
		}
		return v
	}
	Label("row")
	MOVQ(column, to)
	XORQ(off, off)
	MOVQ(before, left)
	TESTQ(left, left)
	JZ(LabelRef("diagonal"))
	Label("tile")
	v := scaled()
	LEAQ(Mem{Base: dst, Index: off, Scale: 1}, low)
	for i := range v {
		VMOVUPD(v[i], stride(low, ldd, ldd3, i))
	}
	for i, t := range transposed(v) {
		VMOVUPD(t, stride(to, ldd, ldd3, i))
	}
	LEAQ(Mem{Base: to, Index: ldd, Scale: 4}, to)
	ADDQ(U8(32), off)
	DECQ(left)
	JNZ(LabelRef("tile"))
	Label("diagonal")
	v = scaled()
	t := transposed(v)
	for i := range v {
		// Columns up to i are those of the tile itself.
		VBLENDPD(U8(0xf&^(1<<(i+1)-1)), t[i], v[i], v[i])
		VMOVUPD(v[i], stride(to, ldd, ldd3, i))
	}
	LEAQ(Mem{Base: dst, Index: ldd, Scale: 4}, dst)
	LEAQ(Mem{Base: src, Index: lds, Scale: 4}, src)
	ADDQ(U8(32), column)
	ADDQ(U8(32), di)
	INCQ(before)
	Load(Param("tiles"), left)
	CMPQ(before, left)
	JL(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// scaleRows goes row by row, vector by vector.
func scaleRows() {
	TEXT("scaleRows", NOSPLIT, "func(x *float64, ldx int, f *float64, u *float64, ldu int, rows int, cols int)")
	Pragma("noescape")
	Doc("scaleRows sets each of the rows rows of cols vectors of 4 words of x to its number of f times",
		"that of u; ldx and ldu are in bytes.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	x, ldx, f, u, ldu, rows, cols := load("x"), load("ldx"), load("f"), load("u"), load("ldu"), load("rows"), load("cols")
	at, left := GP64(), GP64()
	Label("row")
	c := YMM()
	VBROADCASTSD(Mem{Base: f}, c)
	XORQ(at, at)
	MOVQ(cols, left)
	Label("vector")
	v := YMM()
	VMULPD(Mem{Base: u, Index: at, Scale: 1}, c, v)
	VMOVUPD(v, Mem{Base: x, Index: at, Scale: 1})
	ADDQ(U8(32), at)
	DECQ(left)
	JNZ(LabelRef("vector"))
	ADDQ(ldx, x)
	ADDQ(ldu, u)
	ADDQ(U8(8), f)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// scaleSym goes row by row, vector by vector.
func scaleSym() {
	TEXT("scaleSym", NOSPLIT, "func(dst *float64, ldd int, src *float64, lds int, d *float64, n int, cols int)")
	Pragma("noescape")
	Doc("scaleSym sets the elements of n rows of cols vectors of 4 words to d[i]*d[j] times those of",
		"src; ldd and lds are in bytes.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	dst, ldd, src, lds, d, n, cols := load("dst"), load("ldd"), load("src"), load("lds"), load("d"), load("n"), load("cols")
	head, at, left := GP64(), GP64(), GP64()
	MOVQ(d, head)
	Label("row")
	f := YMM()
	VBROADCASTSD(Mem{Base: head}, f)
	XORQ(at, at)
	MOVQ(cols, left)
	Label("vector")
	v := YMM()
	VMULPD(Mem{Base: d, Index: at, Scale: 1}, f, v)
	VMULPD(Mem{Base: src, Index: at, Scale: 1}, v, v)
	VMOVUPD(v, Mem{Base: dst, Index: at, Scale: 1})
	ADDQ(U8(32), at)
	DECQ(left)
	JNZ(LabelRef("vector"))
	ADDQ(ldd, dst)
	ADDQ(lds, src)
	ADDQ(U8(8), head)
	DECQ(n)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// eliminateRun is eliminate for one column after another while the pivot on the
// diagonal will do.
func eliminateRun(masks Mem) {
	const magnitude, least, most = 128, 136, 144
	DATA(magnitude, U64(1<<63-1))
	DATA(least, U64(0x0170000000000000)) // 2^-1000
	DATA(most, U64(0x7e70000000000000))  // 2^1000

	TEXT("eliminateRun", NOSPLIT, "func(t *float64, ld int, k int, n int, alpha float64, d *float64, w *float64) int")
	Pragma("noescape")
	Doc("eliminateRun eliminates columns k, k+1, … of n from the symmetric matrix t as long as the",
		"pivot on the diagonal is as large as alpha times the others in its column, and of a",
		"size that can be inverted; it returns the first column that is left. ld is in bytes.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	t, ld, k := load("t"), load("ld"), load("k")
	at := GP64()
	LEAQ(masks, at)
	// An instruction without VEX among those with it would cost.
	alpha := Load(Param("alpha"), XMM()).(reg.VecVirtual)
	abs, zero := YMM(), YMM()
	VBROADCASTSD(Mem{Base: at, Disp: magnitude}, abs)
	VXORPD(zero, zero, zero)
	c, u, off, left, p, w := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()

	Label("pivot")
	// c is the row of k from column g = 4⌊(k+1)/4⌋ on, u that of g.
	g := off
	LEAQ(Mem{Base: k, Disp: 1}, g)
	ANDQ(I8(-4), g)
	MOVQ(k, c)
	IMULQ(ld, c)
	ADDQ(t, c)
	d := XMM()
	VMOVSD(Mem{Base: c, Index: k, Scale: 8}, d)
	LEAQ(Mem{Base: c, Index: g, Scale: 8}, c)
	// The mask leaves out what is left of the column after k.
	mask := YMM()
	LEAQ(Mem{Base: k, Disp: 1}, p)
	SUBQ(g, p)
	SHLQ(U8(5), p)
	LEAQ(masks, at)
	VMOVUPD(Mem{Base: at, Index: p, Scale: 1}, mask)
	MOVQ(g, u)
	IMULQ(ld, u)
	LEAQ(Mem{Base: u, Index: g, Scale: 8}, u)
	ADDQ(t, u)
	// left is how many vectors of the row there are.
	MOVQ(ld, left)
	SHRQ(U8(5), left)
	SHRQ(U8(2), g)
	SUBQ(g, left)
	JZ(LabelRef("alone"))

	// The greatest magnitude; a sum of zeros tells of what is not finite.
	big, odd := YMM(), YMM()
	v := YMM()
	VANDPD(Mem{Base: c}, mask, v)
	VMULPD(v, zero, odd)
	VANDPD(v, abs, big)
	MOVQ(left, p)
	XORQ(off, off)
	JMP(LabelRef("searched"))
	Label("search")
	ADDQ(U8(32), off)
	VMOVUPD(Mem{Base: c, Index: off, Scale: 1}, v)
	VFMADD231PD(v, zero, odd)
	VANDPD(v, abs, v)
	VMAXPD(v, big, big)
	Label("searched")
	DECQ(p)
	JNZ(LabelRef("search"))
	bits := GP32()
	VCMPPD(U8(4), zero, odd, odd) // not equal, or not a number
	VMOVMSKPD(odd, bits)
	TESTL(bits, bits)
	JNZ(LabelRef("done"))
	h := XMM()
	VEXTRACTF128(U8(1), big, h)
	VMAXPD(h, big.AsX(), h)
	l := XMM()
	VPERMILPD(U8(1), h, l)
	VMAXSD(l, h, h)
	VMULSD(alpha, h, h)
	JMP(LabelRef("compare"))
	Label("alone")
	VXORPD(h, h, h)
	Label("compare")
	m := XMM()
	VANDPD(abs.AsX(), d, m)
	VUCOMISD(h, m) // |d| with what it must not be below
	JB(LabelRef("done"))
	VUCOMISD(Mem{Base: at, Disp: least}, m)
	JBE(LabelRef("done"))
	VUCOMISD(Mem{Base: at, Disp: most}, m)
	JAE(LabelRef("done"))
	Load(Param("d"), p)
	VMOVSD(d, Mem{Base: p, Index: k, Scale: 8})
	TESTQ(left, left)
	JZ(LabelRef("last"))

	one := XMM()
	MOVQ(U64(0x3ff0000000000000), p)
	VMOVQ(p, one)
	f := YMM()
	VDIVSD(d, one, one)
	VBROADCASTSD(one, f)
	Load(Param("w"), w)
	XORQ(off, off)
	MOVQ(left, p)
	Label("scale")
	s := YMM()
	VANDPD(Mem{Base: c, Index: off, Scale: 1}, mask, v)
	VMULPD(f, v, s)
	VMOVUPD(v, Mem{Base: w, Index: off, Scale: 1})
	VMOVUPD(s, Mem{Base: c, Index: off, Scale: 1})
	VPCMPEQD(mask, mask, mask)
	ADDQ(U8(32), off)
	DECQ(p)
	JNZ(LabelRef("scale"))

	Label("last")
	INCQ(k)
	Load(Param("n"), p)
	CMPQ(k, p)
	JGE(LabelRef("done"))
	// Groups of 4 rows of what is left, from the tile on the diagonal on.
	rows, ld3, q := GP64(), GP64(), GP64()
	LEAQ(Mem{Base: p, Disp: 3}, rows)
	SHRQ(U8(2), rows)
	MOVQ(k, q)
	SHRQ(U8(2), q)
	SUBQ(q, rows)
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	Label("group")
	MOVQ(u, p)
	XORQ(off, off)
	MOVQ(left, q)
	coef := make([]reg.VecVirtual, 4)
	for i := range coef {
		coef[i] = YMM()
		VBROADCASTSD(Mem{Base: c, Disp: 8 * i}, coef[i])
	}
	tile := func(wide int) {
		for v := range wide {
			x := YMM()
			VMOVUPD(Mem{Base: w, Index: off, Scale: 1, Disp: 32 * v}, x)
			for i := range coef {
				acc := YMM()
				at := stride(p, ld, ld3, i)
				at.Disp = 32 * v
				VMOVUPD(at, acc)
				VFNMADD231PD(x, coef[i], acc)
				VMOVUPD(acc, at)
			}
		}
		ADDQ(U8(32*wide), p)
		ADDQ(U8(32*wide), off)
	}
	TESTQ(U32(1), q)
	JZ(LabelRef("even"))
	tile(1)
	Label("even")
	SHRQ(U8(1), q)
	JZ(LabelRef("next"))
	Label("pair")
	tile(2)
	DECQ(q)
	JNZ(LabelRef("pair"))
	Label("next")
	LEAQ(Mem{Base: u, Index: ld, Scale: 4, Disp: 32}, u)
	ADDQ(U8(32), w)
	ADDQ(U8(32), c)
	DECQ(left)
	DECQ(rows)
	JNZ(LabelRef("group"))
	JMP(LabelRef("pivot"))
	Label("done")
	Store(k, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
