package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packing generates the kernels that lay strips of a matrix out for the tiles.
// All strides are in bytes.
func packing() {
	packCopy(8)
	packCopy(4)
	packCopy(2)
	packFour(6)
	packFour(8)
	packTrans4()
	packTrans2()
	pause()
}

// packFour generates the copy of k rows of 4w words to four panels. Four at a
// time use whole cache lines of the source.
func packFour(w int) {
	name := fmt.Sprintf("packFour%d", w)
	TEXT(name, NOSPLIT, "func(dst, src *float64, panel, srcStride, k int)")
	Pragma("noescape")
	Doc(
		fmt.Sprintf("%s copies k rows of %d words to four panels, each %d words wide;", name, 4*w, w),
		"the panels are panel bytes apart.")
	dst, src, ps, ss, k, p3 := reg.RDI, reg.RSI, reg.R8, reg.R9, reg.RCX, reg.R10
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("panel"), ps)
	Load(Param("srcStride"), ss)
	Load(Param("k"), k)
	LEAQ(atx(ps, ps, 2, 0), p3)
	at4 := func(i, disp int) Mem {
		return []Mem{at(dst, disp), atx(dst, ps, 1, disp), atx(dst, ps, 2, disp), atx(dst, p3, 1, disp)}[i]
	}
	TESTQ(k, k)
	JZ(LabelRef("done"))
	Label("loop")
	for i := 0; i < 4; i++ {
		a, b := ymm[2*i], ymm[2*i+1]
		VMOVUPD(at(src, 8*w*i), a)
		if w == 6 {
			VMOVUPD(at(src, 8*w*i+32), b.AsX())
		} else {
			VMOVUPD(at(src, 8*w*i+32), b)
		}
	}
	for i := 0; i < 4; i++ {
		a, b := ymm[2*i], ymm[2*i+1]
		VMOVUPD(a, at4(i, 0))
		if w == 6 {
			VMOVUPD(b.AsX(), at4(i, 32))
		} else {
			VMOVUPD(b, at4(i, 32))
		}
	}
	ADDQ(ss, src)
	ADDQ(U8(8*w), dst)
	DECQ(k)
	JNZ(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// pause generates the hint that a loop waits for another processor.
func pause() {
	TEXT("pause", NOSPLIT, "func()")
	Doc("pause waits for a moment and leaves the processor to its other thread.")
	for range 4 {
		PAUSE()
	}
	RET()
}

// packCopy generates the copy of k rows of w words.
func packCopy(w int) {
	name := fmt.Sprintf("packCopy%d", w)
	TEXT(name, NOSPLIT, "func(dst, src *float64, dstStride, srcStride, k int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s copies k rows of %d words; the strides are in bytes.", name, w))
	dst, src, ds, ss, k := reg.RDI, reg.RSI, reg.R8, reg.R9, reg.RCX
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("dstStride"), ds)
	Load(Param("srcStride"), ss)
	Load(Param("k"), k)
	row := func(i int) {
		switch w {
		case 8:
			VMOVUPD(at(src, 0), ymm[2*i])
			VMOVUPD(at(src, 32), ymm[2*i+1])
			VMOVUPD(ymm[2*i], at(dst, 0))
			VMOVUPD(ymm[2*i+1], at(dst, 32))
		case 4:
			VMOVUPD(at(src, 0), ymm[i])
			VMOVUPD(ymm[i], at(dst, 0))
		case 2:
			VMOVUPD(at(src, 0), ymm[i].AsX())
			VMOVUPD(ymm[i].AsX(), at(dst, 0))
		}
		ADDQ(ss, src)
		ADDQ(ds, dst)
	}
	SUBQ(U8(4), k)
	JL(LabelRef("rest"))
	Label("loop")
	for i := 0; i < 4; i++ {
		row(i)
	}
	SUBQ(U8(4), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(U8(4), k)
	JZ(LabelRef("done"))
	Label("one")
	row(0)
	DECQ(k)
	JNZ(LabelRef("one"))
	Label("done")
	VZEROUPPER()
	RET()
}

// packTrans4 generates the transposition of four rows of k words.
func packTrans4() {
	TEXT("packTrans4", NOSPLIT, "func(dst, src *float64, dstStride, srcStride, k int)")
	Pragma("noescape")
	Doc("packTrans4 writes four rows of k words as k rows of four; the strides are in bytes.")
	dst, src, ds, ss, k := reg.RDI, reg.RSI, reg.R8, reg.R9, reg.RCX
	s3, d3 := reg.R10, reg.R11
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("dstStride"), ds)
	Load(Param("srcStride"), ss)
	Load(Param("k"), k)
	LEAQ(atx(ss, ss, 2, 0), s3)
	LEAQ(atx(ds, ds, 2, 0), d3)
	addr := func(base, s, s3 reg.Register, i int) Mem {
		return []Mem{at(base, 0), atx(base, s, 1, 0), atx(base, s, 2, 0), atx(base, s3, 1, 0)}[i]
	}
	SUBQ(U8(4), k)
	JL(LabelRef("rest"))
	Label("loop")
	// Rows a, b, c, d: the halves are paired on loading, the words after it.
	x := func(i int) reg.Register { return ymm[i].AsX() }
	VMOVUPD(addr(src, ss, s3, 0), x(0))
	VMOVUPD(addr(src, ss, s3, 1), x(1))
	load2 := func(i int) Mem { m := addr(src, ss, s3, i); return m }
	VINSERTF128(U8(1), load2(2), ymm[0], ymm[0]) // a0 a1 c0 c1
	VINSERTF128(U8(1), load2(3), ymm[1], ymm[1]) // b0 b1 d0 d1
	hi := func(i int) Mem { m := addr(src, ss, s3, i); m.Disp += 16; return m }
	VMOVUPD(hi(0), x(2))
	VMOVUPD(hi(1), x(3))
	VINSERTF128(U8(1), hi(2), ymm[2], ymm[2]) // a2 a3 c2 c3
	VINSERTF128(U8(1), hi(3), ymm[3], ymm[3]) // b2 b3 d2 d3
	VUNPCKLPD(ymm[1], ymm[0], ymm[4])
	VUNPCKHPD(ymm[1], ymm[0], ymm[5])
	VUNPCKLPD(ymm[3], ymm[2], ymm[6])
	VUNPCKHPD(ymm[3], ymm[2], ymm[7])
	for i := 0; i < 4; i++ {
		VMOVUPD(ymm[4+i], addr(dst, ds, d3, i))
	}
	ADDQ(U8(32), src)
	LEAQ(atx(dst, ds, 4, 0), dst)
	SUBQ(U8(4), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(U8(4), k)
	JZ(LabelRef("done"))
	Label("one")
	VMOVSD(addr(src, ss, s3, 0), x(0))
	VMOVHPD(addr(src, ss, s3, 1), x(0), x(0))
	VMOVSD(addr(src, ss, s3, 2), x(1))
	VMOVHPD(addr(src, ss, s3, 3), x(1), x(1))
	VMOVUPD(x(0), at(dst, 0))
	VMOVUPD(x(1), at(dst, 16))
	ADDQ(U8(8), src)
	ADDQ(ds, dst)
	DECQ(k)
	JNZ(LabelRef("one"))
	Label("done")
	VZEROUPPER()
	RET()
}

// packTrans2 generates the transposition of two rows of k words.
func packTrans2() {
	TEXT("packTrans2", NOSPLIT, "func(dst, src *float64, dstStride, srcStride, k int)")
	Pragma("noescape")
	Doc("packTrans2 writes two rows of k words as k rows of two; the strides are in bytes.")
	dst, src, ds, ss, k := reg.RDI, reg.RSI, reg.R8, reg.R9, reg.RCX
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("dstStride"), ds)
	Load(Param("srcStride"), ss)
	Load(Param("k"), k)
	SUBQ(U8(2), k)
	JL(LabelRef("rest"))
	Label("loop")
	VMOVUPD(at(src, 0), reg.X0)
	VMOVUPD(atx(src, ss, 1, 0), reg.X1)
	VUNPCKLPD(reg.X1, reg.X0, reg.X2)
	VUNPCKHPD(reg.X1, reg.X0, reg.X3)
	VMOVUPD(reg.X2, at(dst, 0))
	VMOVUPD(reg.X3, atx(dst, ds, 1, 0))
	ADDQ(U8(16), src)
	LEAQ(atx(dst, ds, 2, 0), dst)
	SUBQ(U8(2), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(U8(2), k)
	JZ(LabelRef("done"))
	VMOVSD(at(src, 0), reg.X0)
	VMOVHPD(atx(src, ss, 1, 0), reg.X0, reg.X0)
	VMOVUPD(reg.X0, at(dst, 0))
	Label("done")
	VZEROUPPER()
	RET()
}
