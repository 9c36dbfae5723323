package main

import (
	"fmt"
	"math"
)

// tanhDegree is the degree of the polynomial for exp(r) − 1, |r| ≤ ½ ln 2: its error
// is below a tenth of the rounding of the result.
const tanhDegree = 13

// tanhs writes tanh and tanhExp, with the operations of the kernels for AVX2 in their
// order.
func (s *source) tanhs() {
	place := map[string]int{}
	var table []uint64
	add := func(name string, bits uint64) {
		place[name] = 8 * len(table)
		table = append(table, bits, bits)
	}
	float := func(name string, v float64) { add(name, math.Float64bits(v)) }
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
	s.data("tanhTable", table)
	s.tanh("tanh", false, place)
	s.tanh("tanhExp", true, place)
}

// tanh computes, with x = −2|u| = k ln 2 + r and p = exp(r) − 1,
//
//	e = exp(x) − 1 = 2ᵏp + (2ᵏ−1)      tanh|u| = −e/(2+e)      t = exp(x) = 2ᵏp + 2ᵏ
//
// for four words at a time; the words are a multiple of four.
func (s *source) tanh(name string, exp bool, place map[string]int) {
	f := s.function(name)
	to, u, n, table := f.arg("f"), f.arg("u"), f.arg("n"), f.gp()
	var t R
	if exp {
		t = f.arg("t")
	}
	f.op("MOVD", "$tanhTable<>(SB)", table)
	load := func(name string, v V) { f.load(2, v, table, place[name]) }
	constant := func(name string) V {
		v := f.vec()
		load(name, v)
		return v
	}
	sign, bias, far, minus2, one, two := constant("sign"), constant("bias"), constant("far"), constant("-2"), constant("1"), constant("2")
	log2e, magic, high, low := constant("log2e"), constant("magic"), constant("ln2high"), constant("ln2low")
	v, a, x, k, p, q := f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2), f.vecs(2)
	e, b := f.vecs(2), f.vecs(2)
	both := func(step func(i int)) { step(0); step(1) }
	f.op("B", "test")
	f.label("loop")
	f.loadRowNext(v, u)
	sum := b // of x log₂e and magic, whose last bits are those of k
	both(func(i int) {
		f.abs(a[i], v[i])
		f.three("fmin", wordFmin, x[i], a[i], far) // a NaN stays one
		f.mul(2, x[i], x[i], minus2)
		f.copy(sum[i], magic)
		f.fma(2, sum[i], x[i], log2e)
		f.sub(2, k[i], sum[i], magic)
		f.op("VADD", bias.words(), sum[i].words(), sum[i].words())
		f.op("VSHL", 52, sum[i].words(), sum[i].words()) // 2ᵏ
	})
	r := x
	both(func(i int) {
		f.fms(2, r[i], k[i], high)
		f.fms(2, r[i], k[i], low)
	})
	// By turns p and q: a multiply-add adds to its result.
	load(fmt.Sprintf("c%d", tanhDegree), p[0])
	f.copy(p[1], p[0])
	for d := tanhDegree - 1; d >= 2; d-- {
		load(fmt.Sprintf("c%d", d), q[0])
		f.copy(q[1], q[0])
		both(func(i int) { f.fma(2, q[i], r[i], p[i]) })
		p, q = q, p
	}
	both(func(i int) {
		f.mul(2, p[i], p[i], r[i])
		f.fma(2, r[i], r[i], p[i]) // r + r²q
	})
	p, scale := r, sum
	both(func(i int) {
		f.sub(2, e[i], scale[i], one)
		f.fma(2, e[i], scale[i], p[i])
		f.add(2, k[i], e[i], two)
		f.three("fdiv", wordFdiv, e[i], e[i], k[i])
		f.abs(e[i], e[i])
		f.insert(e[i], v[i], sign)
	})
	f.storeRowNext(e, to)
	if exp {
		both(func(i int) {
			// Beyond far it is less than any normal number.
			f.copy(e[i], scale[i])
			f.fma(2, e[i], scale[i], p[i])
			f.three("fcmgt", wordFcmgt, a[i], a[i], far) // not so for a NaN
			f.word(wordBic, int(e[i]), int(e[i]), int(a[i]), "bic v%d.16b, v%d.16b, v%d.16b", int(e[i]), int(e[i]), int(a[i]))
		})
		f.storeRowNext(e, t)
	}
	f.label("test")
	f.op("SUBS", 4, n)
	f.op("BGE", "loop")
	f.op("RET")
}
