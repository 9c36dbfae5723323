package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The kernels of small matrices for AVX-512: vectors of 8 words, the last of which in a row
// is masked.

// lastMask sets k to the mask of the last of wide vectors where r words are left. s and t are
// free.
func lastMask(k reg.Register, r, s, t reg.GPVirtual, wide int) {
	LEAQ(Mem{Base: r, Disp: -8 * (wide - 1)}, s)
	MOVQ(U64(8), t)
	CMPQ(s, t)
	CMOVQGT(t, s)
	MOVQ(I32(-1), t)
	BZHIQ(s, t, s)
	KMOVW(s.As32(), k)
}

// wideTiles goes through the columns in tiles of 3, 2 and 1 vectors, of which r words are
// left: five vectors are 3 and 2, four are 2 and 2. scratch is free.
func wideTiles(label string, r, scratch reg.GPVirtual, tile func(label string, wide int)) {
	Label(label + "next")
	LEAQ(Mem{Base: r, Disp: 7}, scratch)
	SHRQ(U8(3), scratch)
	CMPQ(scratch, U8(4))
	JE(LabelRef(label + "two"))
	CMPQ(scratch, U8(2))
	JE(LabelRef(label + "two"))
	JL(LabelRef(label + "one"))
	tile(label+"w3", 3)
	JG(LabelRef(label + "next"))
	JMP(LabelRef(label + "end"))
	Label(label + "two")
	tile(label+"w2", 2)
	JG(LabelRef(label + "next"))
	JMP(LabelRef(label + "end"))
	Label(label + "one")
	tile(label+"w1", 1)
	Label(label + "end")
}

// mulWide is mulProduct, and with grow mulSmall.
func mulWide(name, verb string, fma func(...Op), add, grow bool) {
	last := "n int, k int)"
	if grow {
		last = "cols int, k int, grow int)"
	}
	TEXT(name, NOSPLIT, "func(c *float64, ldc int, a *float64, row int, inc int, b *float64, ldb int, rows int, "+last)
	Pragma("noescape")
	if grow {
		Doc(fmt.Sprintf("%s %s c, of rows rows of cols vectors of 4 words, the product of a and b;", name, verb),
			"ldc, row, inc and ldb are in bytes. Every 4 rows have grow vectors more than those before.")
	} else {
		Doc(fmt.Sprintf("%s %s c, of rows rows of n words, the product of a and b; ldc, row, inc and ldb", name, verb),
			"are in bytes.")
	}
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	c, ldc, a, row, inc, ldb, rows := load("c"), load("ldc"), load("a"), load("row"), load("inc"), load("ldb"), load("rows")
	row3 := GP64()
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	var n reg.GPVirtual
	if grow {
		n = load("cols")
		SHLQ(U8(2), n)
	} else {
		n = load("n")
	}
	left, off, ap, bp, kk, cp := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	mask := K()
	strip := func(high int) {
		XORQ(off, off)
		MOVQ(n, left)
		wideTiles(fmt.Sprintf("h%d", high), left, kk, func(label string, wide int) {
			// ap, bp and kk are not in use yet: kk holds three strides of c.
			ldc3 := kk
			lastMask(mask, left, ap, bp, wide)
			LEAQ(Mem{Base: c, Index: off, Scale: 1}, cp)
			if add {
				LEAQ(Mem{Base: ldc, Index: ldc, Scale: 2}, ldc3)
			}
			acc := make([][]reg.VecVirtual, high)
			for i := range acc {
				for v := range wide {
					r := ZMM()
					m := stride(cp, ldc, ldc3, i)
					m.Disp = 64 * v
					switch {
					case !add: // by the first product
					case v == wide-1:
						VMOVUPD_Z(m, mask, r)
					default:
						VMOVUPD(m, r)
					}
					acc[i] = append(acc[i], r)
				}
			}
			Load(Param("b"), bp)
			ADDQ(off, bp)
			MOVQ(a, ap)
			Load(Param("k"), kk)
			step := func(fma func(...Op)) {
				x := make([]reg.VecVirtual, wide)
				for v := range x {
					x[v] = ZMM()
					if v == wide-1 {
						VMOVUPD_Z(Mem{Base: bp, Disp: 64 * v}, mask, x[v])
					} else {
						VMOVUPD(Mem{Base: bp, Disp: 64 * v}, x[v])
					}
				}
				for i := range acc {
					f := ZMM()
					VBROADCASTSD(stride(ap, row, row3, i), f)
					for v := range x {
						fma(x[v], f, acc[i][v])
					}
				}
				ADDQ(inc, ap)
				ADDQ(ldb, bp)
			}
			if !add {
				step(VMULPD)
				DECQ(kk)
				JZ(LabelRef(label + "store"))
			}
			Label(label)
			step(fma)
			DECQ(kk)
			JNZ(LabelRef(label))
			Label(label + "store")
			LEAQ(Mem{Base: ldc, Index: ldc, Scale: 2}, ldc3)
			for i := range acc {
				for v := range wide {
					m := stride(cp, ldc, ldc3, i)
					m.Disp = 64 * v
					if v == wide-1 {
						VMOVUPD(acc[i][v], mask, m)
					} else {
						VMOVUPD(acc[i][v], m)
					}
				}
			}
			ADDQ(U32(64*wide), off)
			SUBQ(U8(8*wide), left)
		})
	}
	SUBQ(U8(4), rows)
	JL(LabelRef("rest"))
	Label("group")
	strip(4)
	LEAQ(Mem{Base: c, Index: ldc, Scale: 4}, c)
	LEAQ(Mem{Base: a, Index: row, Scale: 4}, a)
	if grow {
		Load(Param("grow"), kk)
		LEAQ(Mem{Base: n, Index: kk, Scale: 4}, n)
	}
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

// solveWide is solveSmall.
func solveWide() {
	TEXT("solveSmallWide", NOSPLIT, "func(x *float64, ldx int, t *float64, ldt int, groups int, cols int)")
	Pragma("noescape")
	Doc("solveSmallWide solves with the transpose of the unit upper triangle t and the rows of x, both of",
		"groups times 4 rows; those of x have cols vectors of 4 words. ldx and ldt are in bytes.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	x, ldx, ldt, left := load("x"), load("ldx"), load("ldt"), load("cols")
	SHLQ(U8(2), left)
	ldx3 := GP64()
	LEAQ(Mem{Base: ldx, Index: ldx, Scale: 2}, ldx3)
	at, from, tp, td, k, done, groups := GP64(), GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	mask := K()
	wideTiles("", left, k, func(label string, wide int) {
		lastMask(mask, left, k, from, wide)
		fetch := func(m Mem, v int) reg.VecVirtual {
			m.Disp = 64 * v
			r := ZMM()
			if v == wide-1 {
				VMOVUPD_Z(m, mask, r)
			} else {
				VMOVUPD(m, r)
			}
			return r
		}
		Load(Param("groups"), groups)
		Load(Param("t"), td)
		MOVQ(x, at)
		XORQ(done, done)
		// td is the column of t that has the coefficients of the group, from row 0 on.
		Label(label + "group")
		var acc [4][]reg.VecVirtual
		for i := range acc {
			for v := range wide {
				acc[i] = append(acc[i], fetch(stride(at, ldx, ldx3, i), v))
			}
		}
		MOVQ(x, from)
		MOVQ(td, tp)
		MOVQ(done, k)
		TESTQ(k, k)
		JZ(LabelRef(label + "triangle"))
		Label(label + "row")
		b := make([]reg.VecVirtual, wide)
		for v := range b {
			b[v] = fetch(Mem{Base: from}, v)
		}
		for i := range acc {
			f := ZMM()
			VBROADCASTSD(Mem{Base: tp, Disp: 8 * i}, f)
			for v := range b {
				VFNMADD231PD(b[v], f, acc[i][v])
			}
		}
		ADDQ(ldx, from)
		ADDQ(ldt, tp)
		DECQ(k)
		JNZ(LabelRef(label + "row"))
		Label(label + "triangle")
		for j := range 3 {
			for i := j + 1; i < 4; i++ {
				f := ZMM()
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
				m.Disp = 64 * v
				if v == wide-1 {
					VMOVUPD(acc[i][v], mask, m)
				} else {
					VMOVUPD(acc[i][v], m)
				}
			}
		}
		LEAQ(Mem{Base: at, Index: ldx, Scale: 4}, at)
		ADDQ(U8(32), td)
		ADDQ(U8(4), done)
		DECQ(groups)
		JNZ(LabelRef(label + "group"))
		ADDQ(U32(64*wide), x)
		SUBQ(U8(8*wide), left)
	})
	VZEROUPPER()
	RET()
}
