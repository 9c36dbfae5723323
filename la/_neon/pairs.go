package main

import "fmt"

// pairs writes the kernels in twice the working precision.
func (s *source) pairs() {
	s.combinePair("combinePair", false, false)
	s.combinePair("combinePairCoef", true, false)
	s.combinePair("combinePairRows", false, true)
	s.subtractPair()
	s.dotPair("dotPair", false)
	s.dotPair("dotPairLow", true)
	s.mulAddPair()
}

// sum adds p to h without error and the error, with e, to l; e may be negative for
// none. It spoils p.
func (f *function) sum(w lanes, h, l, p, e V) {
	s, b, d := f.vec(), f.vec(), f.vec()
	f.add(w, s, h, p)
	f.sub(w, b, s, h)
	f.sub(w, d, s, b)
	f.sub(w, h, h, d)
	f.sub(w, b, p, b)
	f.add(w, h, h, b)
	if e >= 0 {
		f.add(w, h, h, e)
	}
	f.add(w, l, l, h)
	f.copy(h, s)
	f.done(s, b, d)
}

// product adds a·b to (h, l).
func (f *function) product(w lanes, h, l, a, b V) {
	p, e := f.vec(), f.vec()
	f.mul(w, p, a, b)
	f.neg(w, e, p)
	f.fma(w, e, a, b)
	f.sum(w, h, l, p, e)
	f.done(p, e)
}

// combinePair adds rows of w to the rows of y; coefLow and rowLow say whether the
// coefficients or the rows have low parts, too.
func (s *source) combinePair(name string, coefLow, rowLow bool) {
	f := s.function(name)
	yh, yl, m, c, inc, ld := f.arg("yh"), f.arg("yl"), f.arg("m"), f.arg("c"), f.arg("inc"), f.arg("ld")
	n, w, cp, wp, count := f.gp(), f.gp(), f.gp(), f.gp(), f.gp()
	var cl, wl, clp, wlp R
	if coefLow {
		cl, clp = f.arg("cl"), f.gp()
	}
	if rowLow {
		wl, wlp = f.gp(), f.gp()
	}
	a, al := f.vec(), f.vec()
	columns := func(wide lanes, vectors int) {
		words := int(wide) * vectors
		name := fmt.Sprintf("columns%d", words)
		h, l, b := f.vecs(vectors), f.vecs(vectors), f.vecs(vectors)
		f.op("SUBS", words, n)
		f.op("BLT", name+"end")
		f.label(name)
		for v := range h {
			f.load(wide, h[v], yh, 8*int(wide)*v)
			f.load(wide, l[v], yl, 8*int(wide)*v)
		}
		f.op("MOVD", c, cp)
		f.op("MOVD", w, wp)
		f.op("MOVD", f.slot("k"), count)
		if coefLow {
			f.op("MOVD", cl, clp)
		}
		if rowLow {
			f.op("MOVD", wl, wlp)
		}
		f.label(name + "row")
		coefficient := func(v V, p R) {
			f.load(1, v, p, 0)
			if wide == 2 {
				f.spread(v, v)
			}
			f.op("ADD", inc, p)
		}
		coefficient(a, cp)
		if coefLow {
			coefficient(al, clp)
		}
		for v := range h {
			f.load(wide, b[v], wp, 8*int(wide)*v)
			if coefLow {
				f.fma(wide, l[v], b[v], al)
			}
			if rowLow {
				f.load(wide, al, wlp, 8*int(wide)*v)
				f.fma(wide, l[v], al, a)
			}
			f.product(wide, h[v], l[v], a, b[v])
		}
		f.op("ADD", ld, wp)
		if rowLow {
			f.op("ADD", ld, wlp)
		}
		f.op("SUBS", 1, count)
		f.op("BNE", name+"row")
		for v := range h {
			f.storeNext(wide, h[v], yh)
			f.storeNext(wide, l[v], yl)
		}
		f.op("ADD", 8*words, w)
		if rowLow {
			f.op("ADD", 8*words, wl)
		}
		f.op("SUBS", words, n)
		if words == 8 {
			f.op("BGE", name)
		}
		f.label(name + "end")
		f.op("ADD", words, n)
		f.done(h...)
		f.done(l...)
		f.done(b...)
	}
	f.label("rows")
	f.op("MOVD", f.slot("n"), n)
	f.op("MOVD", f.slot("w"), w)
	if rowLow {
		f.op("MOVD", f.slot("wl"), wl)
	}
	columns(2, 4)
	columns(2, 2)
	columns(2, 1)
	columns(1, 1)
	f.op("MOVD", f.slot("row"), cp)
	f.op("ADD", cp, c)
	if coefLow {
		f.op("ADD", cp, cl)
	}
	f.op("SUBS", 1, m)
	f.op("BNE", "rows")
	f.op("RET")
}

// dotPair takes the product of a row with x; low says whether x has low parts. It has
// the sums of its twin: eight, of which four go on alone over the last four words, and
// one over the words after those.
func (s *source) dotPair(name string, low bool) {
	f := s.function(name)
	w, x, n := f.arg("w"), f.arg("x"), f.arg("n")
	var xl R
	if low {
		xl = f.arg("xl")
	}
	const vectors = 4
	h, l := f.vecs(vectors+1), f.vecs(vectors+1) // the last one for words
	for q := range h {
		f.clear(h[q])
		f.clear(l[q])
	}
	a, b := f.vec(), f.vec()
	step := func(wide lanes, q int) {
		f.loadNext(wide, b, w)
		if low {
			f.loadNext(wide, a, xl)
			f.fma(wide, l[q], a, b)
		}
		f.loadNext(wide, a, x)
		f.product(wide, h[q], l[q], a, b)
	}
	f.op("SUBS", 8, n)
	f.op("BLT", "half")
	f.label("whole")
	for q := range vectors {
		step(2, q)
	}
	f.op("SUBS", 8, n)
	f.op("BGE", "whole")
	f.label("half")
	f.op("ADDS", 4, n)
	f.op("BLT", "rest")
	step(2, 0)
	step(2, 1)
	f.op("SUB", 4, n)
	f.label("rest")
	f.op("ADDS", 4, n)
	f.op("BEQ", "fold")
	f.label("words")
	step(1, vectors)
	f.op("SUBS", 1, n)
	f.op("BNE", "words")
	f.label("fold")
	fold := func(wide lanes, to, from int) { f.sum(wide, h[to], l[to], h[from], l[from]) }
	fold(2, 0, 2)
	fold(2, 1, 3)
	fold(2, 0, 1)
	f.op("VDUP", h[0].word(1), h[1].words())
	f.op("VDUP", l[0].word(1), l[1].words())
	fold(1, 0, 1)
	fold(1, 0, vectors)
	to := f.arg("s")
	f.store(1, h[0], to, 0)
	f.store(1, l[0], to, 8)
	f.op("RET")
}

// mulAddPair adds products element by element, the low part first.
func (s *source) mulAddPair() {
	f := s.function("mulAddPair")
	yh, yl, d, xh, xl, n := f.arg("yh"), f.arg("yl"), f.arg("d"), f.arg("xh"), f.arg("xl"), f.arg("n")
	h, l, a, b, low := f.vec(), f.vec(), f.vec(), f.vec(), f.vec()
	f.loops(n, 1, func(w lanes, count int) {
		f.load(w, h, yh, 0)
		f.load(w, l, yl, 0)
		f.loadNext(w, a, d)
		f.loadNext(w, b, xh)
		f.loadNext(w, low, xl)
		f.fma(w, l, low, a)
		f.product(w, h, l, a, b)
		f.storeNext(w, h, yh)
		f.storeNext(w, l, yl)
	})
	f.op("RET")
}

// subtractPair takes a pair and a product from b.
func (s *source) subtractPair() {
	f := s.function("subtractPair")
	r, from, hh, hl, xp, n := f.arg("r"), f.arg("b"), f.arg("hh"), f.arg("hl"), f.arg("x"), f.arg("n")
	factor, e := f.argF("f"), f.argF("e")
	f.spread(factor, factor)
	f.spread(e, e)
	// twoDiff leaves a − b in s and its error in a; it spoils b.
	twoDiff := func(w lanes, a, b V) (s V) {
		s = f.vec()
		t, d := f.vec(), f.vec()
		f.sub(w, s, a, b)
		f.sub(w, t, s, a)
		f.sub(w, d, s, t)
		f.sub(w, a, a, d)
		f.add(w, b, b, t)
		f.sub(w, a, a, b)
		f.done(t, d)
		return s
	}
	f.loops(n, 1, func(w lanes, count int) {
		b, h, x, q, error := f.vec(), f.vec(), f.vec(), f.vec(), f.vec()
		f.loadNext(w, b, from)
		f.loadNext(w, h, hh)
		f.mul(w, h, h, factor)
		f.loadNext(w, x, xp)
		f.mul(w, q, x, e)
		s := twoDiff(w, b, h)
		f.neg(w, error, q)
		f.fma(w, error, x, e)
		v := twoDiff(w, s, q)
		f.add(w, b, b, s)
		f.loadNext(w, h, hl)
		f.mul(w, h, h, factor)
		f.sub(w, b, b, h)
		f.sub(w, b, b, error)
		f.add(w, v, v, b)
		f.storeNext(w, v, r)
		f.done(b, h, x, q, error, s, v)
	})
	f.op("RET")
}
