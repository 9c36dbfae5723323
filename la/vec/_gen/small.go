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
	scaleSym()
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
