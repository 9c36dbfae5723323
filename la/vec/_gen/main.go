// Command _gen writes the assembly of package vec with avo. It is a module of
// its own, so that users of the kernels never download the generator:
//
//	go run . -out ../vec_amd64.s -stubs ../vec_amd64.go -pkg vec
//	go run . -wide -out ../wide_amd64.s -stubs ../wide_amd64.go -pkg vec
//
// All kernels run over vectors of n words in four lanes, several vectors at a
// time, then word by word; the sums of a word are taken in one order whichever
// way it goes.
package main

import (
	"flag"
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	wide := flag.Bool("wide", false, "the kernels for AVX-512, in place of those for AVX2")
	flag.Parse()
	ConstraintExpr("!noasm")
	if *wide {
		trapezoid("trapezoidWide", true)
		transpose8()
		for _, grow := range []bool{false, true} {
			kind := map[bool]string{false: "ProductWide", true: "SmallWide"}[grow]
			mulWide("set"+kind, "sets", VFMADD231PD, false, grow)
			mulWide("add"+kind, "adds to", VFMADD231PD, true, grow)
			mulWide("sub"+kind, "subtracts from", VFNMADD231PD, true, grow)
		}
		solveWide()
		Generate()
		return
	}
	combine(8)
	combine(4)
	combine(2)
	combine(1)
	dot(4)
	dot(1)
	maxAbs("maxAbs", false)
	maxAbs("maxMagnitude", true)
	pivot2()
	scale()
	mulAdd()
	mul()
	mulMost()
	combinePair("combinePair", false, false)
	combinePair("combinePairCoef", true, false)
	combinePair("combinePairRows", false, true)
	subtractPair()
	dotPair("dotPair", false)
	dotPair("dotPairLow", true)
	mulAddPair()
	trapezoid("trapezoid", false)
	solve4()
	solveUnit()
	solveUnitTrans()
	peak()
	transpose4()
	eliminate()
	small()
	tanh("tanh", false)
	tanh("tanhExp", true)
	Generate()
}

// rows addresses word i (a byte offset in a register) of rows rows that are a
// stride apart.
type rows struct {
	base []reg.GPVirtual // every fourth row
	ld   reg.GPVirtual
	ld3  reg.GPVirtual
}

func newRows(n int, base, ld reg.GPVirtual) rows {
	r := rows{base: []reg.GPVirtual{base}, ld: ld}
	if n > 3 {
		r.ld3 = GP64()
		LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, r.ld3)
	}
	if n > 4 {
		b := GP64()
		LEAQ(Mem{Base: base, Index: ld, Scale: 4}, b)
		r.base = append(r.base, b)
	}
	return r
}

// at is the word disp bytes after the present one in row j.
func (r rows) at(j, disp int) Mem {
	b := r.base[j/4]
	switch j % 4 {
	case 0:
		return Mem{Base: b, Disp: disp}
	case 1:
		return Mem{Base: b, Index: r.ld, Scale: 1, Disp: disp}
	case 2:
		return Mem{Base: b, Index: r.ld, Scale: 2, Disp: disp}
	}
	return Mem{Base: b, Index: r.ld3, Scale: 1, Disp: disp}
}

func (r rows) advance(bytes int) {
	for _, b := range r.base {
		ADDQ(U8(bytes), b)
	}
}

// loops emits a loop over vectors of 4*unroll words and one over words.
// body(lanes, disp) does the work at disp bytes; advance moves on by bytes.
func loops(n reg.GPVirtual, unroll int, body func(wide bool, count int), advance func(bytes int)) {
	for _, count := range []int{unroll, 1} {
		name := fmt.Sprintf("wide%d", count)
		SUBQ(U8(4*count), n)
		JL(LabelRef(name + "end"))
		Label(name)
		body(true, count)
		advance(32 * count)
		SUBQ(U8(4*count), n)
		JGE(LabelRef(name))
		Label(name + "end")
		ADDQ(U8(4*count), n)
		if unroll == 1 {
			break
		}
	}
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("word")
	body(false, 1)
	advance(8)
	DECQ(n)
	JNZ(LabelRef("word"))
	Label("done")
}

func combine(k int) {
	name := fmt.Sprintf("combine%d", k)
	TEXT(name, NOSPLIT, "func(y *float64, n int, w *float64, ld int, c *float64)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds to y, of n words, c[j] times row j of w for %d rows; ld is in bytes.", name, k))
	y := Load(Param("y"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	w := Load(Param("w"), GP64()).(reg.GPVirtual)
	ld := Load(Param("ld"), GP64()).(reg.GPVirtual)
	c := Load(Param("c"), GP64()).(reg.GPVirtual)
	r := newRows(k, w, ld)
	var coef []reg.VecVirtual
	for j := 0; j < k; j++ {
		coef = append(coef, YMM())
		VBROADCASTSD(Mem{Base: c, Disp: 8 * j}, coef[j])
	}
	loops(n, 4, func(wide bool, count int) {
		if !wide {
			acc := XMM()
			VMOVSD(Mem{Base: y}, acc)
			for j := range coef {
				VFMADD231SD(r.at(j, 0), coef[j].AsX(), acc)
			}
			VMOVSD(acc, Mem{Base: y})
			return
		}
		acc := make([]reg.VecVirtual, count)
		for v := range acc {
			acc[v] = YMM()
			VMOVUPD(Mem{Base: y, Disp: 32 * v}, acc[v])
		}
		for j := range coef {
			for v := range acc {
				VFMADD231PD(r.at(j, 32*v), coef[j], acc[v])
			}
		}
		for v := range acc {
			VMOVUPD(acc[v], Mem{Base: y, Disp: 32 * v})
		}
	}, func(bytes int) { ADDQ(U8(bytes), y); r.advance(bytes) })
	VZEROUPPER()
	RET()
}

// dot takes the products of k rows with x at once.
func dot(k int) {
	name := fmt.Sprintf("dot%d", k)
	TEXT(name, NOSPLIT, "func(s *float64, n int, w *float64, ld int, x *float64)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s sets s[j] to the product of row j of w with x, of n words, for %d rows; ld is in bytes.", name, k))
	s := Load(Param("s"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	w := Load(Param("w"), GP64()).(reg.GPVirtual)
	ld := Load(Param("ld"), GP64()).(reg.GPVirtual)
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	r := newRows(k, w, ld)
	unroll := 2
	if k == 1 {
		unroll = 4
	}
	acc := make([]reg.VecVirtual, k*unroll)
	for i := range acc {
		acc[i] = YMM()
		VXORPD(acc[i], acc[i], acc[i])
	}
	last := make([]reg.VecVirtual, k)
	for j := range last {
		last[j] = XMM()
		VXORPD(last[j], last[j], last[j])
	}
	loops(n, unroll, func(wide bool, count int) {
		if !wide {
			v := XMM()
			VMOVSD(Mem{Base: x}, v)
			for j := range last {
				VFMADD231SD(r.at(j, 0), v, last[j])
			}
			return
		}
		for q := 0; q < count; q++ {
			v := YMM()
			VMOVUPD(Mem{Base: x, Disp: 32 * q}, v)
			for j := 0; j < k; j++ {
				VFMADD231PD(r.at(j, 32*q), v, acc[j*unroll+q])
			}
		}
	}, func(bytes int) { ADDQ(U8(bytes), x); r.advance(bytes) })
	for j := 0; j < k; j++ {
		a := acc[j*unroll : (j+1)*unroll]
		for len(a) > 1 {
			h := len(a) / 2
			for i := 0; i < h; i++ {
				VADDPD(a[h+i], a[i], a[i])
			}
			a = a[:h]
		}
		t := XMM()
		VEXTRACTF128(U8(1), a[0], t)
		VADDPD(t, a[0].AsX(), t)
		VHADDPD(t, t, t)
		VADDSD(last[j], t, t)
		VMOVSD(t, Mem{Base: s, Disp: 8 * j})
	}
	VZEROUPPER()
	RET()
}

// maxAbs is for words NaN apart; with nan one of them makes the result a NaN.
func maxAbs(name string, nan bool) {
	TEXT(name, NOSPLIT, "func(x *float64, n int) float64")
	Pragma("noescape")
	if nan {
		Doc(name + " returns the greatest magnitude of n words, NaN if there is one among them; 0 for none.")
	} else {
		Doc(name + " returns the greatest magnitude of n words, NaN apart; 0 for none.")
	}
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	mask := YMM()
	VPCMPEQD(mask, mask, mask)
	VPSRLQ(U8(1), mask, mask)
	const unroll = 4
	acc := make([]reg.VecVirtual, unroll)
	for i := range acc {
		acc[i] = YMM()
		VXORPD(acc[i], acc[i], acc[i])
	}
	last := XMM()
	VXORPD(last, last, last)
	// odd has bits where a word was a NaN.
	odd := []reg.VecVirtual{YMM(), YMM()}
	if nan {
		VXORPD(odd[0], odd[0], odd[0])
		VXORPD(odd[1], odd[1], odd[1])
	}
	const unordered = 3
	loops(n, unroll, func(wide bool, count int) {
		// The maximum of two words is the second one if either is a NaN: the
		// one so far must come second.
		if !wide {
			v, o := XMM(), XMM()
			VMOVSD(Mem{Base: x}, v)
			if nan {
				VCMPPD(U8(unordered), v, v, o)
				VORPD(odd[1], o.AsY(), odd[1])
			}
			VANDPD(mask.AsX(), v, v)
			VMAXSD(last, v, last)
			return
		}
		for q := 0; q < count; q++ {
			v, o := YMM(), YMM()
			if nan {
				VMOVUPD(Mem{Base: x, Disp: 32 * q}, v)
				VCMPPD(U8(unordered), v, v, o)
				VORPD(odd[q%2], o, odd[q%2])
				VANDPD(v, mask, v)
			} else {
				VANDPD(Mem{Base: x, Disp: 32 * q}, mask, v)
			}
			VMAXPD(acc[q], v, acc[q])
		}
	}, func(bytes int) { ADDQ(U8(bytes), x) })
	VMAXPD(acc[1], acc[0], acc[0])
	VMAXPD(acc[3], acc[2], acc[2])
	VMAXPD(acc[2], acc[0], acc[0])
	t := XMM()
	VEXTRACTF128(U8(1), acc[0], t)
	VMAXPD(t, acc[0].AsX(), t)
	VMAXSD(last, t, t)
	h := XMM()
	VPERMILPD(U8(1), t, h)
	VMAXSD(h, t, t)
	if nan { // all bits are one
		VORPD(odd[1], odd[0], odd[0])
		VEXTRACTF128(U8(1), odd[0], h)
		VORPD(h, odd[0].AsX(), h)
		VORPD(h, t, t)
		VPERMILPD(U8(1), h, h)
		VORPD(h, t, t)
	}
	Store(t, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// pivot2 applies the inverse of a 2×2 pivot to two columns.
func pivot2() {
	TEXT("pivot2", NOSPLIT, "func(x, y, u, v *float64, n int, f *float64)")
	Pragma("noescape")
	Doc("pivot2 sets x = f[0] u + f[1] v and y = f[1] u + f[2] v, all of n words.")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	y := Load(Param("y"), GP64()).(reg.GPVirtual)
	u := Load(Param("u"), GP64()).(reg.GPVirtual)
	v := Load(Param("v"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	f := Load(Param("f"), GP64()).(reg.GPVirtual)
	var c [3]reg.VecVirtual
	for i := range c {
		c[i] = YMM()
		VBROADCASTSD(Mem{Base: f, Disp: 8 * i}, c[i])
	}
	loops(n, 2, func(wide bool, count int) {
		if !wide {
			p, q, s, t := XMM(), XMM(), XMM(), XMM()
			VMOVSD(Mem{Base: u}, p)
			VMOVSD(Mem{Base: v}, q)
			VMULSD(c[1].AsX(), q, s)
			VMULSD(c[2].AsX(), q, t)
			VFMADD231SD(c[0].AsX(), p, s)
			VFMADD231SD(c[1].AsX(), p, t)
			VMOVSD(s, Mem{Base: x})
			VMOVSD(t, Mem{Base: y})
			return
		}
		for d := 0; d < count; d++ {
			p, q, s, t := YMM(), YMM(), YMM(), YMM()
			VMOVUPD(Mem{Base: u, Disp: 32 * d}, p)
			VMOVUPD(Mem{Base: v, Disp: 32 * d}, q)
			VMULPD(c[1], q, s)
			VMULPD(c[2], q, t)
			VFMADD231PD(c[0], p, s)
			VFMADD231PD(c[1], p, t)
			VMOVUPD(s, Mem{Base: x, Disp: 32 * d})
			VMOVUPD(t, Mem{Base: y, Disp: 32 * d})
		}
	}, func(bytes int) {
		for _, p := range []reg.GPVirtual{x, y, u, v} {
			ADDQ(U8(bytes), p)
		}
	})
	VZEROUPPER()
	RET()
}

func scale() {
	TEXT("scale", NOSPLIT, "func(x, u *float64, n int, f float64)")
	Pragma("noescape")
	Doc("scale sets x = f u, of n words.")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	u := Load(Param("u"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	f := Load(Param("f"), XMM()).(reg.VecVirtual)
	c := YMM()
	VBROADCASTSD(f, c)
	loops(n, 4, func(wide bool, count int) {
		if !wide {
			v := XMM()
			VMULSD(Mem{Base: u}, c.AsX(), v)
			VMOVSD(v, Mem{Base: x})
			return
		}
		for d := 0; d < count; d++ {
			v := YMM()
			VMULPD(Mem{Base: u, Disp: 32 * d}, c, v)
			VMOVUPD(v, Mem{Base: x, Disp: 32 * d})
		}
	}, func(bytes int) { ADDQ(U8(bytes), x); ADDQ(U8(bytes), u) })
	VZEROUPPER()
	RET()
}

func mulAdd() {
	TEXT("mulAdd", NOSPLIT, "func(y, u, v *float64, n int)")
	Pragma("noescape")
	Doc("mulAdd adds u[i] v[i] to y[i], for n words.")
	y := Load(Param("y"), GP64()).(reg.GPVirtual)
	u := Load(Param("u"), GP64()).(reg.GPVirtual)
	v := Load(Param("v"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	loops(n, 4, func(wide bool, count int) {
		if !wide {
			a, p := XMM(), XMM()
			VMOVSD(Mem{Base: y}, a)
			VMOVSD(Mem{Base: u}, p)
			VFMADD231SD(Mem{Base: v}, p, a)
			VMOVSD(a, Mem{Base: y})
			return
		}
		for d := 0; d < count; d++ {
			a, p := YMM(), YMM()
			VMOVUPD(Mem{Base: y, Disp: 32 * d}, a)
			VMOVUPD(Mem{Base: u, Disp: 32 * d}, p)
			VFMADD231PD(Mem{Base: v, Disp: 32 * d}, p, a)
			VMOVUPD(a, Mem{Base: y, Disp: 32 * d})
		}
	}, func(bytes int) {
		for _, p := range []reg.GPVirtual{y, u, v} {
			ADDQ(U8(bytes), p)
		}
	})
	VZEROUPPER()
	RET()
}

func mul() {
	TEXT("mul", NOSPLIT, "func(z, u, v *float64, n int)")
	Pragma("noescape")
	Doc("mul sets z[i] = u[i] v[i], for n words.")
	z := Load(Param("z"), GP64()).(reg.GPVirtual)
	u := Load(Param("u"), GP64()).(reg.GPVirtual)
	v := Load(Param("v"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	loops(n, 4, func(wide bool, count int) {
		if !wide {
			p := XMM()
			VMOVSD(Mem{Base: u}, p)
			VMULSD(Mem{Base: v}, p, p)
			VMOVSD(p, Mem{Base: z})
			return
		}
		for d := 0; d < count; d++ {
			p := YMM()
			VMOVUPD(Mem{Base: u, Disp: 32 * d}, p)
			VMULPD(Mem{Base: v, Disp: 32 * d}, p, p)
			VMOVUPD(p, Mem{Base: z, Disp: 32 * d})
		}
	}, func(bytes int) {
		for _, p := range []reg.GPVirtual{z, u, v} {
			ADDQ(U8(bytes), p)
		}
	})
	VZEROUPPER()
	RET()
}

// mulMost compares magnitudes as integers, for which infinities and NaN come
// last.
func mulMost() {
	TEXT("mulMost", NOSPLIT, "func(z, u, v *float64, m *uint64, n int)")
	Pragma("noescape")
	Doc("mulMost sets z[i] = u[i] v[i] and m[i] to the greater of m[i] and the bits of |z[i]|, for n words.")
	z := Load(Param("z"), GP64()).(reg.GPVirtual)
	u := Load(Param("u"), GP64()).(reg.GPVirtual)
	v := Load(Param("v"), GP64()).(reg.GPVirtual)
	m := Load(Param("m"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	mask := YMM()
	VPCMPEQD(mask, mask, mask)
	VPSRLQ(U8(1), mask, mask)
	loops(n, 2, func(wide bool, count int) {
		if !wide {
			p, q, t := XMM(), XMM(), XMM()
			VMOVSD(Mem{Base: u}, p)
			VMULSD(Mem{Base: v}, p, p)
			VMOVSD(p, Mem{Base: z})
			VANDPD(mask.AsX(), p, p)
			VMOVSD(Mem{Base: m}, q)
			VPCMPGTQ(q, p, t)
			VBLENDVPD(t, p, q, q)
			VMOVSD(q, Mem{Base: m})
			return
		}
		for d := 0; d < count; d++ {
			p, q, t := YMM(), YMM(), YMM()
			VMOVUPD(Mem{Base: u, Disp: 32 * d}, p)
			VMULPD(Mem{Base: v, Disp: 32 * d}, p, p)
			VMOVUPD(p, Mem{Base: z, Disp: 32 * d})
			VANDPD(mask, p, p)
			VMOVUPD(Mem{Base: m, Disp: 32 * d}, q)
			VPCMPGTQ(q, p, t)
			VBLENDVPD(t, p, q, q)
			VMOVUPD(q, Mem{Base: m, Disp: 32 * d})
		}
	}, func(bytes int) {
		for _, p := range []reg.GPVirtual{z, u, v, m} {
			ADDQ(U8(bytes), p)
		}
	})
	VZEROUPPER()
	RET()
}

// tanhTable makes the constants of tanh, each four times over, and returns what
// addresses one by its name.
func tanhTable() func(name string) Mem {
	g := GLOBL("tanhTable", attr.RODATA|attr.NOPTR)
	at := map[string]int{}
	size := 0
	add := func(name string, bits uint64) {
		at[name] = size
		for i := 0; i < 4; i++ {
			DATA(size, U64(bits))
			size += 8
		}
	}
	float := func(name string, v float64) { add(name, math.Float64bits(v)) }
	add("magnitude", 1<<63-1)
	add("sign", 1<<63)
	add("bias", 1023)
	float("far", 354)
	float("-2", -2)
	float("1", 1)
	float("2", 2)
	float("log2e", math.Log2E)
	float("magic", 3<<51)
	// ln 2 in two parts, the first with trailing zeros.
	float("ln2high", math.Float64frombits(0x3fe62e42fee00000))
	float("ln2low", math.Float64frombits(0x3dea39ef35793c76))
	factorial := 1.0
	for k := 2; k <= tanhDegree; k++ {
		factorial *= float64(k)
		float(fmt.Sprintf("c%d", k), 1/factorial)
	}
	return func(name string) Mem { return g.Offset(at[name]) }
}

// tanhDegree is the degree of the polynomial for exp(r) − 1, |r| ≤ ½ ln 2: its error
// is below a tenth of the rounding of the result.
const tanhDegree = 13

var tanhConstant func(name string) Mem

// tanh computes, with x = −2|u| = k ln 2 + r and p = exp(r) − 1,
//
//	e = exp(x) − 1 = 2ᵏp + (2ᵏ−1)      tanh|u| = −e/(2+e)      t = exp(x) = 2ᵏp + 2ᵏ
//
// The words are a multiple of four.
func tanh(name string, exp bool) {
	if tanhConstant == nil {
		tanhConstant = tanhTable()
	}
	c := tanhConstant
	args := "f, u *float64, n int"
	doc := "sets f = tanh u, of n words, a multiple of four."
	if exp {
		args = "f, t, u *float64, n int"
		doc = "sets f = tanh u and t = exp(−2|u|), of n words, a multiple of four."
	}
	TEXT(name, NOSPLIT, "func("+args+")")
	Pragma("noescape")
	Doc(name + " " + doc)
	f := Load(Param("f"), GP64()).(reg.GPVirtual)
	var t reg.GPVirtual
	if exp {
		t = Load(Param("t"), GP64()).(reg.GPVirtual)
	}
	u := Load(Param("u"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	JMP(LabelRef("test"))
	Label("loop")
	v, a, x, k, s, r, p := YMM(), YMM(), YMM(), YMM(), YMM(), YMM(), YMM()
	VMOVUPD(Mem{Base: u}, v)
	VANDPD(c("magnitude"), v, a)
	// The minimum is its second source if one is a NaN.
	VMOVUPD(c("far"), x)
	VMINPD(a, x, x)
	VMULPD(c("-2"), x, x)
	VMOVUPD(c("magic"), k)
	VMOVAPD(k, s)
	VFMADD231PD(c("log2e"), x, s)
	VSUBPD(k, s, k)
	VPADDQ(c("bias"), s, s)
	VPSLLQ(U8(52), s, s)
	VMOVAPD(x, r)
	VFNMADD231PD(c("ln2high"), k, r)
	VFNMADD231PD(c("ln2low"), k, r)
	VMOVUPD(c(fmt.Sprintf("c%d", tanhDegree)), p)
	for d := tanhDegree - 1; d >= 2; d-- {
		VFMADD213PD(c(fmt.Sprintf("c%d", d)), r, p)
	}
	VMULPD(r, p, p)
	VFMADD213PD(r, r, p) // r + r²q
	e, b := YMM(), YMM()
	VSUBPD(c("1"), s, e)
	VFMADD231PD(p, s, e)
	VADDPD(c("2"), e, b)
	VDIVPD(b, e, e)
	VANDPD(c("magnitude"), e, e)
	VANDPD(c("sign"), v, v)
	VORPD(v, e, e)
	VMOVUPD(e, Mem{Base: f})
	if exp {
		// Beyond far it is less than any normal number.
		VFMADD213PD(s, s, p)
		VCMPPD(U8(30), c("far"), a, a) // greater; not so for a NaN
		VANDNPD(p, a, p)
		VMOVUPD(p, Mem{Base: t})
		ADDQ(U8(32), t)
	}
	ADDQ(U8(32), f)
	ADDQ(U8(32), u)
	Label("test")
	SUBQ(U8(4), n)
	JGE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
