package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// trapezoid goes through tiles of 4 rows and two vectors of columns, of which each takes
// all k products before it is stored. Where the columns of a group of rows are an odd
// number of fours the first tile is four wide, and where they are an odd number of
// vectors of AVX-512 the next is one vector wide.
func trapezoid(name string, wide bool) {
	TEXT(name, NOSPLIT, "func(u *float64, ld int, rows int, cols int, k int, c *float64, ldk int, w *float64)")
	Pragma("noescape")
	Doc(name+" subtracts from the upper trapezoid u, of 4 rows by 4 columns words, the",
		"product of the transpose of c with w, both of k rows; ld and ldk are in bytes.")
	register, bytes := YMM, 32
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	u, ld, rows, cols, c, ldk, w := load("u"), load("ld"), load("rows"), load("cols"), load("c"), load("ldk"), load("w")
	ld3 := GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	p, q, left, s, cc, ww := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	at := func(i, disp int) Mem {
		switch i {
		case 0:
			return Mem{Base: p, Disp: disp}
		case 1:
			return Mem{Base: p, Index: ld, Scale: 1, Disp: disp}
		case 2:
			return Mem{Base: p, Index: ld, Scale: 2, Disp: disp}
		}
		return Mem{Base: p, Index: ld3, Scale: 1, Disp: disp}
	}
	tile := func(name string, vectors int) {
		var acc [4][2]reg.VecVirtual
		for i := range acc {
			for v := range vectors {
				acc[i][v] = register()
				VMOVUPD(at(i, bytes*v), acc[i][v])
			}
		}
		MOVQ(c, cc)
		MOVQ(q, ww)
		Load(Param("k"), s)
		Label(name)
		var x [2]reg.VecVirtual
		for v := range vectors {
			x[v] = register()
			VMOVUPD(Mem{Base: ww, Disp: bytes * v}, x[v])
		}
		for i := range acc {
			f := register()
			VBROADCASTSD(Mem{Base: cc, Disp: 8 * i}, f)
			for v := range vectors {
				VFNMADD231PD(x[v], f, acc[i][v])
			}
		}
		ADDQ(ldk, cc)
		ADDQ(ldk, ww)
		DECQ(s)
		JNZ(LabelRef(name))
		for i := range acc {
			for v := range vectors {
				VMOVUPD(acc[i][v], at(i, bytes*v))
			}
		}
		ADDQ(U8(bytes*vectors), p)
		ADDQ(U8(bytes*vectors), q)
	}
	Label("group")
	MOVQ(u, p)
	MOVQ(w, q)
	MOVQ(cols, left)
	TESTQ(U32(1), left)
	JZ(LabelRef("even"))
	tile("one", 1)
	Label("even")
	SHRQ(U8(1), left)
	JZ(LabelRef("next"))
	if wide {
		register, bytes = ZMM, 64
		TESTQ(U32(1), left)
		JZ(LabelRef("evenWide"))
		tile("oneWide", 1)
		Label("evenWide")
		SHRQ(U8(1), left)
		JZ(LabelRef("next"))
	}
	Label("pair")
	tile("two", 2)
	DECQ(left)
	JNZ(LabelRef("pair"))
	Label("next")
	LEAQ(Mem{Base: u, Index: ld, Scale: 4, Disp: 32}, u)
	ADDQ(U8(32), w)
	ADDQ(U8(32), c)
	DECQ(cols)
	DECQ(rows)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// solve4 solves with a lower triangular matrix of order 4 whose diagonal
// elements are inverted, row by row in f.
func solve4() {
	TEXT("solve4", NOSPLIT, "func(x *float64, ld int, n int, f *float64)")
	Pragma("noescape")
	Doc("solve4 solves with the triangle f of order 4, its diagonal inverted, and the 4 rows x",
		"of n vectors of 4 words; ld is in bytes.")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	ld := Load(Param("ld"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	f := Load(Param("f"), GP64()).(reg.GPVirtual)
	r := newRows(4, x, ld)
	var c [10]reg.VecVirtual
	for i := range c {
		c[i] = YMM()
		VBROADCASTSD(Mem{Base: f, Disp: 8 * i}, c[i])
	}
	Label("loop")
	var v [4]reg.VecVirtual
	for i, k := 0, 0; i < 4; i++ {
		v[i] = YMM()
		VMOVUPD(r.at(i, 0), v[i])
		for j := 0; j < i; j++ {
			VFNMADD231PD(c[k], v[j], v[i])
			k++
		}
		VMULPD(c[k], v[i], v[i])
		k++
		VMOVUPD(v[i], r.at(i, 0))
	}
	r.advance(32)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// peak finds the greatest magnitude first, and then where it is.
func peak() {
	TEXT("peak", NOSPLIT, "func(x *float64, n int) (m float64, at int)")
	Pragma("noescape")
	Doc("peak returns the greatest magnitude m of n words and the first place that has it;",
		"m is NaN if there is one among them, and at is -1 then and if m is zero.")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	start, count := GP64(), GP64()
	MOVQ(x, start)
	MOVQ(n, count)
	mask := YMM()
	VPCMPEQD(mask, mask, mask)
	VPSRLQ(U8(1), mask, mask)
	const unroll = 2
	var acc, nan [unroll]reg.VecVirtual
	for i := range acc {
		acc[i], nan[i] = YMM(), YMM()
		VXORPD(acc[i], acc[i], acc[i])
		VXORPD(nan[i], nan[i], nan[i])
	}
	loops(n, unroll, func(wide bool, count int) {
		if !wide {
			v, w := XMM(), XMM()
			VMOVSD(Mem{Base: x}, v)
			VANDPD(mask.AsX(), v, v)
			VCMPSD(U8(3), v, v, w)
			VORPD(nan[0], w.AsY(), nan[0])
			VMAXPD(acc[0], v.AsY(), acc[0])
			return
		}
		for q := 0; q < count; q++ {
			v, w := YMM(), YMM()
			VANDPD(Mem{Base: x, Disp: 32 * q}, mask, v)
			VCMPPD(U8(3), v, v, w)
			VORPD(w, nan[q], nan[q])
			VMAXPD(acc[q], v, acc[q])
		}
	}, func(bytes int) { ADDQ(U8(bytes), x) })
	VORPD(nan[1], nan[0], nan[0])
	VMAXPD(acc[1], acc[0], acc[0])
	t, h := XMM(), XMM()
	VEXTRACTF128(U8(1), acc[0], t)
	VMAXPD(t, acc[0].AsX(), t)
	VPERMILPD(U8(1), t, h)
	VMAXSD(h, t, t)
	at, bits := GP64(), GP32()
	MOVQ(I32(-1), at)
	VMOVMSKPD(nan[0], bits)
	TESTL(bits, bits)
	JZ(LabelRef("number"))
	VPCMPEQD(t, t, t)
	JMP(LabelRef("return"))
	Label("number")
	VXORPD(h, h, h)
	VUCOMISD(h, t)
	JE(LabelRef("return"))
	m := YMM()
	VBROADCASTSD(t, m)
	XORQ(at, at)
	Label("search")
	SUBQ(U8(4), count)
	JL(LabelRef("words"))
	v := YMM()
	VANDPD(Mem{Base: start, Index: at, Scale: 8}, mask, v)
	VCMPPD(U8(0), m, v, v)
	VMOVMSKPD(v, bits)
	TESTL(bits, bits)
	JNZ(LabelRef("found"))
	ADDQ(U8(4), at)
	JMP(LabelRef("search"))
	Label("found")
	BSFL(bits, bits)
	ADDQ(bits.As64(), at)
	JMP(LabelRef("return"))
	// It must be there.
	Label("words")
	z := XMM()
	VMOVSD(Mem{Base: start, Index: at, Scale: 8}, z)
	VANDPD(mask.AsX(), z, z)
	VUCOMISD(z, t)
	JE(LabelRef("return"))
	INCQ(at)
	JMP(LabelRef("words"))
	Label("return")
	Store(t, Return("m"))
	Store(at, Return("at"))
	VZEROUPPER()
	RET()
}

// transpose4 works on tiles of 4×4 in registers.
func transpose4() {
	TEXT("transpose4", NOSPLIT, "func(dst *float64, ldd int, src *float64, lds int, n int)")
	Pragma("noescape")
	Doc("transpose4 copies 4 rows of n vectors of 4 words to the columns of dst; ldd and lds are in bytes.")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	ldd := Load(Param("ldd"), GP64()).(reg.GPVirtual)
	src := Load(Param("src"), GP64()).(reg.GPVirtual)
	lds := Load(Param("lds"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	from, to := newRows(4, src, lds), newRows(4, dst, ldd)
	Label("loop")
	var v [4]reg.VecVirtual
	for i := range v {
		v[i] = YMM()
		VMOVUPD(from.at(i, 0), v[i])
	}
	for i, t := range transposed(v) {
		VMOVUPD(t, to.at(i, 0))
	}
	ADDQ(U8(32), src)
	LEAQ(Mem{Base: dst, Index: ldd, Scale: 4}, dst)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// transpose8 works on tiles of 8×8 in registers: whole lines of the cache, where both
// matrices begin at one. Of two rows that are four apart the halves that are to stand in
// one register are loaded into it.
func transpose8() {
	index := GLOBL("halves", attr.RODATA|attr.NOPTR)
	for i, v := range []uint64{0, 1, 8, 9, 4, 5, 12, 13, 2, 3, 10, 11, 6, 7, 14, 15} {
		DATA(8*i, U64(v))
	}
	TEXT("transpose8", NOSPLIT, "func(dst *float64, ldd int, src *float64, lds int, n int)")
	Pragma("noescape")
	Doc("transpose8 copies 8 rows of n vectors of 8 words to the columns of dst; ldd and lds are in bytes.")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	ldd := Load(Param("ldd"), GP64()).(reg.GPVirtual)
	src := Load(Param("src"), GP64()).(reg.GPVirtual)
	lds := Load(Param("lds"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	low, high := ZMM(), ZMM()
	VMOVUPD(index, low)
	VMOVUPD(index.Offset(64), high)
	from, to := newRows(8, src, lds), newRows(8, dst, ldd)
	Label("loop")
	for half := range 2 {
		var v, p [4]reg.VecVirtual
		for i := range v {
			v[i], p[i] = ZMM(), ZMM()
			VMOVUPD(from.at(i, 32*half), v[i].AsY())
			VINSERTF64X4(U8(1), from.at(i+4, 32*half), v[i], v[i])
		}
		VUNPCKLPD(v[1], v[0], p[0]) // 00 10 02 12 40 50 42 52
		VUNPCKHPD(v[1], v[0], p[1]) // 01 11 03 13 41 51 43 53
		VUNPCKLPD(v[3], v[2], p[2])
		VUNPCKHPD(v[3], v[2], p[3])
		for i := range 2 {
			t := ZMM()
			VMOVAPD(p[i], t)
			VPERMT2PD(p[i+2], low, t)
			VMOVUPD(t, to.at(4*half+i, 0))
			VPERMT2PD(p[i+2], high, p[i])
			VMOVUPD(p[i], to.at(4*half+i+2, 0))
		}
	}
	ADDQ(U8(64), src)
	ADDQ(U8(64), from.base[1])
	for _, b := range to.base {
		LEAQ(Mem{Base: b, Index: ldd, Scale: 8}, b)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// transposed is the transpose of a tile of 4×4 in registers.
func transposed(v [4]reg.VecVirtual) (t [4]reg.VecVirtual) {
	var p [4]reg.VecVirtual
	for i := range t {
		p[i], t[i] = YMM(), YMM()
	}
	VUNPCKLPD(v[1], v[0], p[0]) // 00 10 02 12
	VUNPCKHPD(v[1], v[0], p[1]) // 01 11 03 13
	VUNPCKLPD(v[3], v[2], p[2])
	VUNPCKHPD(v[3], v[2], p[3])
	VPERM2F128(U8(0x20), p[2], p[0], t[0])
	VPERM2F128(U8(0x20), p[3], p[1], t[1])
	VPERM2F128(U8(0x31), p[2], p[0], t[2])
	VPERM2F128(U8(0x31), p[3], p[1], t[3])
	return t
}

// laneMasks are vectors of zeros in the first lanes words and ones in the others.
var laneMasks Mem

func masks() Mem {
	if laneMasks.Symbol.Name == "" {
		laneMasks = GLOBL("masks", attr.RODATA|attr.NOPTR)
		for lanes := 0; lanes < 4; lanes++ {
			for i := 0; i < 4; i++ {
				v := uint64(1<<64 - 1)
				if i < lanes {
					v = 0
				}
				DATA(32*lanes+8*i, U64(v))
			}
		}
	}
	return laneMasks
}

// solveUnit takes four rows at a time: what is known times the rows, and then the
// triangle on the diagonal.
func solveUnit() {
	m := masks()
	TEXT("solveUnit", NOSPLIT, "func(x *float64, a *float64, ld int, groups int)")
	Pragma("noescape")
	Doc("solveUnit solves with the unit lower triangle a, of groups times 4 rows, and the vector x; ld is",
		"in bytes.")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	a := Load(Param("a"), GP64()).(reg.GPVirtual)
	ld := Load(Param("ld"), GP64()).(reg.GPVirtual)
	groups := Load(Param("groups"), GP64()).(reg.GPVirtual)
	ld3, at, p, left, known := GP64(), GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	LEAQ(m, at)
	XORQ(known, known) // vectors of x
	Label("group")
	var acc [4]reg.VecVirtual
	for i := range acc {
		acc[i] = YMM()
		VXORPD(acc[i], acc[i], acc[i])
	}
	from := GP64()
	MOVQ(a, p)
	MOVQ(x, from)
	MOVQ(known, left)
	TESTQ(left, left)
	JZ(LabelRef("triangle"))
	Label("row")
	v := YMM()
	VMOVUPD(Mem{Base: from}, v)
	for i := range acc {
		VFMADD231PD(stride(p, ld, ld3, i), v, acc[i])
	}
	ADDQ(U8(32), from)
	ADDQ(U8(32), p)
	DECQ(left)
	JNZ(LabelRef("row"))
	Label("triangle")
	r := YMM()
	VMOVUPD(Mem{Base: from}, r)
	VSUBPD(foldRows(acc), r, r)
	var rows [4]reg.VecVirtual
	for i := range rows {
		rows[i] = YMM()
		VMOVUPD(stride(p, ld, ld3, i), rows[i])
	}
	for j, c := range transposed(rows) {
		if j == 3 {
			break
		}
		y := YMM()
		VANDPD(Mem{Base: at, Disp: 32 * (j + 1)}, c, c)
		VPERMPD(U8(0x55*j), r, y)
		VFNMADD231PD(y, c, r)
	}
	VMOVUPD(r, Mem{Base: from})
	LEAQ(Mem{Base: a, Index: ld, Scale: 4}, a)
	INCQ(known)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// solveUnitTrans takes four rows at a time from the last ones on: the triangle on the
// diagonal, and then the rows times what is known from what is not.
func solveUnitTrans() {
	m := masks()
	TEXT("solveUnitTrans", NOSPLIT, "func(x *float64, a *float64, ld int, groups int)")
	Pragma("noescape")
	Doc("solveUnitTrans solves with the transpose of the unit lower triangle a, of groups times 4 rows,",
		"and the vector x; ld is in bytes.")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	a := Load(Param("a"), GP64()).(reg.GPVirtual)
	ld := Load(Param("ld"), GP64()).(reg.GPVirtual)
	groups := Load(Param("groups"), GP64()).(reg.GPVirtual)
	ld3, ld4, at, p, to, off := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	LEAQ(m, at)
	MOVQ(ld, ld4)
	SHLQ(U8(2), ld4)
	// a is the last four rows, off where their triangle begins.
	MOVQ(groups, off)
	DECQ(off)
	MOVQ(off, p)
	IMULQ(ld4, p)
	ADDQ(p, a)
	SHLQ(U8(5), off)
	Label("group")
	r := YMM()
	VMOVUPD(Mem{Base: x, Index: off, Scale: 1}, r)
	LEAQ(Mem{Base: a, Index: off, Scale: 1}, p)
	for j := 3; j > 0; j-- {
		c, y, mask := YMM(), YMM(), YMM()
		VMOVUPD(Mem{Base: at, Disp: 32 * j}, mask)
		VANDNPD(stride(p, ld, ld3, j), mask, c)
		VPERMPD(U8(0x55*j), r, y)
		VFNMADD231PD(y, c, r)
	}
	VMOVUPD(r, Mem{Base: x, Index: off, Scale: 1})
	TESTQ(off, off)
	JZ(LabelRef("done"))
	var y [4]reg.VecVirtual
	for j := range y {
		y[j] = YMM()
		VPERMPD(U8(0x55*j), r, y[j])
	}
	// Vectors from the last one on, which is needed first.
	MOVQ(off, to)
	Label("row")
	SUBQ(U8(32), to)
	LEAQ(Mem{Base: a, Index: to, Scale: 1}, p)
	v, w := YMM(), YMM()
	VMOVUPD(Mem{Base: x, Index: to, Scale: 1}, v)
	VMULPD(stride(p, ld, ld3, 2), y[2], w)
	VFNMADD231PD(stride(p, ld, ld3, 0), y[0], v)
	VFMADD231PD(stride(p, ld, ld3, 3), y[3], w)
	VFNMADD231PD(stride(p, ld, ld3, 1), y[1], v)
	VSUBPD(w, v, v)
	VMOVUPD(v, Mem{Base: x, Index: to, Scale: 1})
	TESTQ(to, to)
	JNZ(LabelRef("row"))
	SUBQ(ld4, a)
	SUBQ(U8(32), off)
	JMP(LabelRef("group"))
	Label("done")
	VZEROUPPER()
	RET()
}

// eliminate is scale and trapezoid for one row, or pivot2 and trapezoid for two,
// whose coefficients stay in registers for a group of rows.
func eliminate() {
	eliminateRun(masks())
	eliminateRows(1, masks())
	eliminateRows(2, masks())
}

func eliminateRows(n int, masks Mem) {
	if n == 1 {
		TEXT("eliminate", NOSPLIT, "func(u *float64, ld int, rows int, cols int, c *float64, w *float64, lanes int, f float64)")
		Doc("eliminate copies c, of 4 cols words, to w and multiplies it by f, with zeros in the first",
			"lanes words of both, and subtracts their outer product from the upper trapezoid u, of",
			"4 rows by 4 columns words; ld is in bytes.")
	} else {
		TEXT("eliminate2", NOSPLIT, "func(u *float64, ld int, rows int, cols int, c *float64, w *float64, lanes int, f *float64)")
		Doc("eliminate2 is eliminate for two rows c and w, which are ld bytes apart, and the",
			"symmetric matrix f of order 2, given by three words.")
	}
	Pragma("noescape")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	u, ld, rows, cols, c, w, lanes := load("u"), load("ld"), load("rows"), load("cols"), load("c"), load("w"), load("lanes")
	f := make([]reg.VecVirtual, 2*n-1)
	if n == 1 {
		f[0] = YMM()
		VBROADCASTSD(Load(Param("f"), XMM()).(reg.VecVirtual), f[0])
	} else {
		from := load("f")
		for i := range f {
			f[i] = YMM()
			VBROADCASTSD(Mem{Base: from, Disp: 8 * i}, f[i])
		}
	}
	p, q, left := GP64(), GP64(), GP64()
	MOVQ(c, p)
	MOVQ(w, q)
	MOVQ(cols, left)
	SHLQ(U8(5), lanes)
	at := GP64()
	LEAQ(masks, at)
	mask, ones := YMM(), YMM()
	VMOVUPD(Mem{Base: at, Index: lanes, Scale: 1}, mask)
	VPCMPEQD(ones, ones, ones)
	row := func(base reg.GPVirtual, i, disp int) Mem {
		if i == 0 {
			return Mem{Base: base, Disp: disp}
		}
		return Mem{Base: base, Index: ld, Scale: 1, Disp: disp}
	}
	Label("scale")
	var v, s [2]reg.VecVirtual
	for i := range n {
		v[i], s[i] = YMM(), YMM()
		VANDPD(row(p, i, 0), mask, v[i])
	}
	for i := range n {
		VMULPD(f[i], v[0], s[i])
		if n == 2 {
			VFMADD231PD(f[i+1], v[1], s[i])
		}
		// What is masked may not become NaN.
		VANDPD(s[i], mask, s[i])
		VMOVUPD(v[i], row(q, i, 0))
		VMOVUPD(s[i], row(p, i, 0))
	}
	VMOVAPD(ones, mask)
	ADDQ(U8(32), p)
	ADDQ(U8(32), q)
	DECQ(left)
	JNZ(LabelRef("scale"))
	TESTQ(rows, rows)
	JZ(LabelRef("done"))
	ld3 := GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	to := func(i, disp int) Mem {
		switch i {
		case 0:
			return Mem{Base: p, Disp: disp}
		case 1:
			return Mem{Base: p, Index: ld, Scale: 1, Disp: disp}
		case 2:
			return Mem{Base: p, Index: ld, Scale: 2, Disp: disp}
		}
		return Mem{Base: p, Index: ld3, Scale: 1, Disp: disp}
	}
	var coef [2][4]reg.VecVirtual
	tile := func(wide int) {
		for d := range wide {
			var x [2]reg.VecVirtual
			for r := range n {
				x[r] = YMM()
				VMOVUPD(row(q, r, 32*d), x[r])
			}
			for i := range 4 {
				acc := YMM()
				VMOVUPD(to(i, 32*d), acc)
				for r := range n {
					VFNMADD231PD(x[r], coef[r][i], acc)
				}
				VMOVUPD(acc, to(i, 32*d))
			}
		}
		ADDQ(U8(32*wide), p)
		ADDQ(U8(32*wide), q)
	}
	Label("group")
	MOVQ(u, p)
	MOVQ(w, q)
	MOVQ(cols, left)
	for r := range n {
		for i := range 4 {
			coef[r][i] = YMM()
			VBROADCASTSD(row(c, r, 8*i), coef[r][i])
		}
	}
	TESTQ(U32(1), left)
	JZ(LabelRef("even"))
	tile(1)
	Label("even")
	SHRQ(U8(1), left)
	JZ(LabelRef("next"))
	Label("pair")
	tile(2)
	DECQ(left)
	JNZ(LabelRef("pair"))
	Label("next")
	LEAQ(Mem{Base: u, Index: ld, Scale: 4, Disp: 32}, u)
	ADDQ(U8(32), w)
	ADDQ(U8(32), c)
	DECQ(cols)
	DECQ(rows)
	JNZ(LabelRef("group"))
	Label("done")
	VZEROUPPER()
	RET()
}
