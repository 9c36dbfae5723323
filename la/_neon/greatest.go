package main

// greatest writes the searches for the greatest magnitude.
func (s *source) greatest() {
	s.maxAbs()
	s.maxMagnitude()
	s.peak()
}

// maxAbs keeps a word only if it is greater, which a NaN is not.
func (s *source) maxAbs() {
	f := s.function("maxAbs")
	x, n := f.arg("x"), f.arg("n")
	const unroll = 4
	acc, v, more := f.vecs(unroll), f.vecs(unroll), f.vecs(unroll)
	for _, a := range acc {
		f.clear(a)
	}
	greater := func(a, v, more V) {
		f.three("fcmgt", wordFcmgt, more, v, a)
		f.insert(a, v, more)
	}
	f.loops(n, unroll, func(w lanes, count int) {
		if w == 1 {
			f.load(1, v[0], x, 0) // and a zero
		} else {
			f.loadRowNext(v[:count], x)
		}
		for q := range count {
			f.abs(v[q], v[q])
			greater(acc[q], v[q], more[q])
		}
	})
	greater(acc[0], acc[1], more[0])
	greater(acc[2], acc[3], more[2])
	greater(acc[0], acc[2], more[0])
	f.fold("fmaxp", wordFmaxp, acc[0], acc[0])
	f.op("FMOVD", acc[0], f.slot("ret"))
	f.op("RET")
}

// maxMagnitude takes the maximum that is a NaN if one of two words is.
func (s *source) maxMagnitude() {
	f := s.function("maxMagnitude")
	x, n := f.arg("x"), f.arg("n")
	const unroll = 4
	acc, v := f.vecs(unroll), f.vecs(unroll)
	for _, a := range acc {
		f.clear(a)
	}
	f.loops(n, unroll, func(w lanes, count int) {
		if w == 1 {
			f.load(1, v[0], x, 0) // and a zero
		} else {
			f.loadRowNext(v[:count], x)
		}
		for q := range count {
			f.abs(v[q], v[q])
			f.three("fmax", wordFmax, acc[q], acc[q], v[q])
		}
	})
	f.three("fmax", wordFmax, acc[0], acc[0], acc[1])
	f.three("fmax", wordFmax, acc[2], acc[2], acc[3])
	f.three("fmax", wordFmax, acc[0], acc[0], acc[2])
	f.fold("fmaxp", wordFmaxp, acc[0], acc[0])
	f.op("FMOVD", acc[0], f.slot("ret"))
	f.op("RET")
}

// peak finds the greatest magnitude first, and then where it is. Magnitudes are ordered
// as their bits are, infinities and NaN last.
func (s *source) peak() {
	f := s.function("peak")
	x, n := f.arg("x"), f.arg("n")
	start, m, word, at := f.gp(), f.gp(), f.gp(), f.gp()
	f.op("MOVD", x, start)
	const unroll = 4
	acc, v, more := f.vecs(unroll), f.vecs(unroll), f.vecs(unroll)
	for _, a := range acc {
		f.clear(a)
	}
	greater := func(a, v, more V) {
		f.three("cmgt", wordCmgt, more, v, a)
		f.insert(a, v, more)
	}
	f.loops(n, unroll, func(w lanes, count int) {
		if w == 1 {
			f.load(1, v[0], x, 0) // and a zero
		} else {
			f.loadRowNext(v[:count], x)
		}
		for q := range count {
			f.abs(v[q], v[q])
			greater(acc[q], v[q], more[q])
		}
	})
	greater(acc[0], acc[1], more[0])
	greater(acc[2], acc[3], more[2])
	greater(acc[0], acc[2], more[0])
	f.op("VMOV", acc[0].word(0), m)
	f.op("VMOV", acc[0].word(1), word)
	f.op("CMP", word, m)
	f.op("CSEL", "LT", word, m, m)
	f.op("MOVD", -1, at)
	f.op("CBZ", m, "return")
	f.op("MOVD", "$0x7ff0000000000000", word)
	f.op("CMP", word, m)
	f.op("BGT", "return")
	// It must be there.
	f.label("search")
	f.op("MOVD.P", "8("+start.String()+")", word)
	f.op("ADD", 1, at)
	f.op("AND", "$0x7fffffffffffffff", word)
	f.op("CMP", word, m)
	f.op("BNE", "search")
	f.label("return")
	f.op("MOVD", m, f.slot("m"))
	f.op("MOVD", at, f.slot("at"))
	f.op("RET")
}
