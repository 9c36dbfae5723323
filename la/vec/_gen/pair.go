package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A width is how many words the operations on vectors of twice the working
// precision take at a time.
type width int // 4, 2 or 1

func (n width) reg() reg.VecVirtual {
	if n == 4 {
		return YMM()
	}
	return XMM()
}

// do picks the scalar form for one word.
func (n width) do(packed, scalar func(...Op), ops ...Op) {
	if n == 1 {
		scalar(ops...)
	} else {
		packed(ops...)
	}
}

func (n width) move(from, to Op) { n.do(VMOVUPD, VMOVSD, from, to) }
func (n width) add(b, a, to Op)  { n.do(VADDPD, VADDSD, b, a, to) }
func (n width) sub(b, a, to Op)  { n.do(VSUBPD, VSUBSD, b, a, to) } // to = a − b
func (n width) mul(b, a, to Op)  { n.do(VMULPD, VMULSD, b, a, to) }
func (n width) fma(b, a, to Op)  { n.do(VFMADD231PD, VFMADD231SD, b, a, to) }
func (n width) fms(c, a, to Op)  { n.do(VFMSUB213PD, VFMSUB213SD, c, a, to) } // to = a·to − c
func (n width) copyTo(a, to Op)  { VMOVAPD(a, to) }
func (n width) broadcast(m Mem) reg.VecVirtual {
	c := n.reg()
	switch n {
	case 4:
		VBROADCASTSD(m, c)
	case 2:
		VMOVDDUP(m, c)
	default:
		VMOVSD(m, c)
	}
	return c
}

// sum adds p to h without error and the error, with e, to l; e may be nil. It
// spoils p and e.
func (n width) sum(h, l, p reg.VecVirtual, e reg.VecVirtual) {
	s, b, d := n.reg(), n.reg(), n.reg()
	n.add(p, h, s)
	n.sub(h, s, b)
	n.sub(b, s, d)
	n.sub(d, h, h)
	n.sub(b, p, b)
	n.add(b, h, h)
	if e != nil {
		n.add(e, h, h)
	}
	n.add(h, l, l)
	n.copyTo(s, h)
}

// product adds a·b to (h, l). It spoils b.
func (n width) product(h, l reg.VecVirtual, a Op, b reg.VecVirtual) {
	p := n.reg()
	n.mul(a, b, p)
	n.fms(p, a, b)
	n.sum(h, l, p, b)
}

// combinePair adds rows of w to the rows of y in twice the working precision;
// coefLow and rowLow say whether the coefficients or the rows have low parts, too.
func combinePair(name string, coefLow, rowLow bool) {
	extra, doc := "", ""
	if coefLow {
		extra, doc = "cl *float64, ", " (c, cl)"
	} else {
		doc = " c"
	}
	if rowLow {
		extra = "wl *float64, "
	}
	TEXT(name, NOSPLIT, "func(yh, yl *float64, m, n int, c, w *float64, "+extra+"row, inc, ld, k int)")
	Pragma("noescape")
	rows := "w"
	if rowLow {
		rows = "(w, wl)"
	}
	Doc(fmt.Sprintf("%s adds to each of the m > 0 rows of (yh, yl), of n words, element j of%s times", name, doc),
		fmt.Sprintf("row j of %s, for k > 0 rows; those of the next row of y are row bytes on. inc and ld", rows),
		"are in bytes.")
	yh := Load(Param("yh"), GP64()).(reg.GPVirtual)
	yl := Load(Param("yl"), GP64()).(reg.GPVirtual)
	m := Load(Param("m"), GP64()).(reg.GPVirtual)
	c := Load(Param("c"), GP64()).(reg.GPVirtual)
	n, w := GP64(), GP64()
	inc := Load(Param("inc"), GP64()).(reg.GPVirtual)
	ld := Load(Param("ld"), GP64()).(reg.GPVirtual)
	var cl, wl reg.GPVirtual // as distances from c and w
	if coefLow {
		cl = Load(Param("cl"), GP64()).(reg.GPVirtual)
		SUBQ(c, cl)
	}
	Load(Param("w"), w)
	if rowLow {
		wl = Load(Param("wl"), GP64()).(reg.GPVirtual)
		SUBQ(w, wl)
	}
	cp, wp, count := GP64(), GP64(), GP64()
	last, lowLast := GP64(), GP64() // where the last vector of a tile is, and its low part from wp on
	// columns takes all products of a tile of vectors. The last vector may reach back over
	// those before: what it has in common with them comes out the same.
	columns := func(lanes width, vectors int) {
		words := int(lanes) * vectors
		name := fmt.Sprintf("columns%d", words)
		place := func(p reg.Register, v int) Mem {
			if v == vectors-1 && v > 0 {
				return Mem{Base: p, Index: last, Scale: 1}
			}
			return Mem{Base: p, Disp: 8 * int(lanes) * v}
		}
		if vectors > 1 {
			LEAQ(Mem{Base: n, Index: n, Scale: 1}, last)
			SHLQ(U8(2), last)
			SUBQ(U8(32), last)
			MOVQ(U64(32*(vectors-1)), count)
			CMPQ(last, count)
			CMOVQGT(count, last)
			if rowLow {
				LEAQ(Mem{Base: wl, Index: last, Scale: 1}, lowLast)
			}
		}
		low := func(v int) Mem {
			if v == vectors-1 && v > 0 {
				return Mem{Base: wp, Index: lowLast, Scale: 1}
			}
			return Mem{Base: wp, Index: wl, Scale: 1, Disp: 8 * int(lanes) * v}
		}
		h, l := make([]reg.VecVirtual, vectors), make([]reg.VecVirtual, vectors)
		for v := range h {
			h[v], l[v] = lanes.reg(), lanes.reg()
			lanes.move(place(yh, v), h[v])
			lanes.move(place(yl, v), l[v])
		}
		MOVQ(c, cp)
		MOVQ(w, wp)
		Load(Param("k"), count)
		Label(name)
		a := lanes.broadcast(Mem{Base: cp})
		var al reg.VecVirtual
		if coefLow {
			al = lanes.broadcast(Mem{Base: cp, Index: cl, Scale: 1})
		}
		for v := range h {
			b := lanes.reg()
			lanes.move(place(wp, v), b)
			if coefLow {
				lanes.fma(al, b, l[v])
			}
			if rowLow {
				lanes.fma(low(v), a, l[v])
			}
			lanes.product(h[v], l[v], a, b)
		}
		ADDQ(inc, cp)
		ADDQ(ld, wp)
		DECQ(count)
		JNZ(LabelRef(name))
		for v := range h {
			lanes.move(h[v], place(yh, v))
			lanes.move(l[v], place(yl, v))
		}
		for _, p := range []reg.GPVirtual{yh, yl, w} {
			ADDQ(U8(8*words), p)
		}
		SUBQ(U8(words), n)
	}
	Label("rows")
	Load(Param("n"), n)
	Load(Param("w"), w)
	CMPQ(n, U8(4))
	JL(LabelRef("narrow"))
	// Five vectors are 3 and 2, four are 2 and 2.
	Label("next")
	LEAQ(Mem{Base: n, Disp: 3}, count)
	SHRQ(U8(2), count)
	CMPQ(count, U8(4))
	JE(LabelRef("two"))
	CMPQ(count, U8(2))
	JE(LabelRef("two"))
	JL(LabelRef("one"))
	columns(4, 3)
	JG(LabelRef("next"))
	JMP(LabelRef("end"))
	Label("two")
	columns(4, 2)
	JG(LabelRef("next"))
	JMP(LabelRef("end"))
	Label("one")
	columns(4, 1)
	Label("end")
	// n is minus the words that the last tile went too far.
	LEAQ(Mem{Base: yh, Index: n, Scale: 8}, yh)
	LEAQ(Mem{Base: yl, Index: n, Scale: 8}, yl)
	Label("row")
	Load(Param("row"), cp)
	ADDQ(cp, c)
	DECQ(m)
	JNZ(LabelRef("rows"))
	VZEROUPPER()
	RET()
	Label("narrow")
	TESTQ(U32(2), n)
	JZ(LabelRef("word"))
	columns(2, 1)
	Label("word")
	TESTQ(U32(1), n)
	JZ(LabelRef("row"))
	columns(1, 1)
	JMP(LabelRef("row"))
}

// dotPair takes the product of a row with x in twice the working precision; low
// says whether x has low parts.
func dotPair(name string, low bool) {
	extra, doc := "", "x"
	if low {
		extra, doc = ", xl", "(x, xl)"
	}
	TEXT(name, NOSPLIT, "func(s *[2]float64, w, x"+extra+" *float64, n int)")
	Pragma("noescape")
	Doc(name + " sets s to the high and low part of the product of w with " + doc + ", of n words.")
	w := Load(Param("w"), GP64()).(reg.GPVirtual)
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	var xl reg.GPVirtual
	if low {
		xl = Load(Param("xl"), GP64()).(reg.GPVirtual)
	}
	zero := func(v reg.VecVirtual) reg.VecVirtual { VXORPD(v, v, v); return v }
	const unroll = 2
	var h, l [unroll]reg.VecVirtual
	for q := range h {
		h[q], l[q] = zero(YMM()), zero(YMM())
	}
	hw, lw := zero(XMM()), zero(XMM())
	step := func(lanes width, h, l reg.VecVirtual, disp int) {
		b, a := lanes.reg(), lanes.reg()
		lanes.move(Mem{Base: w, Disp: disp}, b)
		if low {
			lanes.fma(Mem{Base: xl, Disp: disp}, b, l)
		}
		lanes.move(Mem{Base: x, Disp: disp}, a)
		lanes.product(h, l, a, b)
	}
	loops(n, unroll, func(wide bool, count int) {
		if !wide {
			step(1, hw, lw, 0)
			return
		}
		for q := 0; q < count; q++ {
			step(4, h[q], l[q], 32*q)
		}
	}, func(bytes int) {
		ADDQ(U8(bytes), w)
		ADDQ(U8(bytes), x)
		if low {
			ADDQ(U8(bytes), xl)
		}
	})
	width(4).sum(h[0], l[0], h[1], l[1])
	a, b := XMM(), XMM()
	VEXTRACTF128(U8(1), h[0], a)
	VEXTRACTF128(U8(1), l[0], b)
	hx, lx := XMM(), XMM()
	VMOVAPD(h[0].AsX(), hx)
	VMOVAPD(l[0].AsX(), lx)
	width(2).sum(hx, lx, a, b)
	c, d := XMM(), XMM()
	VPERMILPD(U8(1), hx, c)
	VPERMILPD(U8(1), lx, d)
	width(1).sum(hx, lx, c, d)
	width(1).sum(hx, lx, hw, lw)
	s := Load(Param("s"), GP64()).(reg.GPVirtual)
	VMOVSD(hx, Mem{Base: s})
	VMOVSD(lx, Mem{Base: s, Disp: 8})
	VZEROUPPER()
	RET()
}

// mulAddPair adds products element by element.
func mulAddPair() {
	TEXT("mulAddPair", NOSPLIT, "func(yh, yl, d, xh, xl *float64, n int)")
	Pragma("noescape")
	Doc("mulAddPair adds d[i] times word i of (xh, xl) to that of (yh, yl), for n words.")
	var p [5]reg.GPVirtual
	for i, name := range []string{"yh", "yl", "d", "xh", "xl"} {
		p[i] = Load(Param(name), GP64()).(reg.GPVirtual)
	}
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	step := func(w width, disp int) {
		h, l, a, b := w.reg(), w.reg(), w.reg(), w.reg()
		w.move(Mem{Base: p[0], Disp: disp}, h)
		w.move(Mem{Base: p[1], Disp: disp}, l)
		w.move(Mem{Base: p[2], Disp: disp}, a)
		w.move(Mem{Base: p[3], Disp: disp}, b)
		// The low part first, as in combinePair.
		w.fma(Mem{Base: p[4], Disp: disp}, a, l)
		w.product(h, l, a, b)
		w.move(h, Mem{Base: p[0], Disp: disp})
		w.move(l, Mem{Base: p[1], Disp: disp})
	}
	loops(n, 2, func(wide bool, count int) {
		if !wide {
			step(1, 0)
			return
		}
		for q := range count {
			step(4, 32*q)
		}
	}, func(bytes int) {
		for _, q := range p {
			ADDQ(U8(bytes), q)
		}
	})
	VZEROUPPER()
	RET()
}

// subtractPair takes a pair and a product from b.
func subtractPair() {
	TEXT("subtractPair", NOSPLIT, "func(r, b, hh, hl, x *float64, n int, f, e float64)")
	Pragma("noescape")
	Doc("subtractPair sets r = b − f (hh, hl) − e x, rounded once, for n words and a power of two f.")
	var p [5]reg.GPVirtual
	for i, name := range []string{"r", "b", "hh", "hl", "x"} {
		p[i] = Load(Param(name), GP64()).(reg.GPVirtual)
	}
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	factor := func(name string) reg.VecVirtual {
		a, err := Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		to := YMM()
		VBROADCASTSD(a.Addr, to)
		return to
	}
	f, e := factor("f"), factor("e")
	// twoDiff leaves a − b in s and its error in a; it spoils b.
	twoDiff := func(w width, a, b reg.VecVirtual) (s reg.VecVirtual) {
		s = w.reg()
		t, d := w.reg(), w.reg()
		w.sub(b, a, s)
		w.sub(a, s, t)
		w.sub(t, s, d)
		w.sub(d, a, a)
		w.add(t, b, b)
		w.sub(b, a, a)
		return s
	}
	step := func(w width) {
		f, e := reg.Register(f), reg.Register(e)
		if w == 1 {
			f, e = f.(reg.VecVirtual).AsX(), e.(reg.VecVirtual).AsX()
		}
		b, h, x, q := w.reg(), w.reg(), w.reg(), w.reg()
		w.move(Mem{Base: p[1]}, b)
		w.mul(Mem{Base: p[2]}, f, h)
		w.move(Mem{Base: p[4]}, x)
		w.mul(x, e, q)
		s := twoDiff(w, b, h)
		w.fms(q, e, x) // the error of q
		v := twoDiff(w, s, q)
		w.add(s, b, b)
		l := w.reg()
		w.mul(Mem{Base: p[3]}, f, l)
		w.sub(l, b, b)
		w.sub(x, b, b)
		w.add(b, v, v)
		w.move(v, Mem{Base: p[0]})
	}
	loops(n, 1, func(wide bool, count int) {
		if wide {
			step(4)
		} else {
			step(1)
		}
	}, func(bytes int) {
		for _, q := range p {
			ADDQ(U8(bytes), q)
		}
	})
	VZEROUPPER()
	RET()
}
