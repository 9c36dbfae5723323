package main

import (
	"fmt"
	"strings"
)

// R is a general register, V a vector register of two words. As an operand by itself a
// V is its first word.
type (
	R int
	V int
)

func (r R) String() string { return fmt.Sprintf("R%d", int(r)) }
func (v V) String() string { return fmt.Sprintf("F%d", int(v)) }
func (v V) words() string  { return fmt.Sprintf("V%d.D2", int(v)) }
func (v V) bytes() string  { return fmt.Sprintf("V%d.B16", int(v)) }
func (v V) word(i int) string {
	return fmt.Sprintf("V%d.D[%d]", int(v), i)
}

// at is the memory off bytes after r.
func at(r R, off int) string { return fmt.Sprintf("%d(%v)", off, r) }

// lanes is how many words an instruction works on: 2 or 1. With 1 the second word of
// a result is zero or not defined.
type lanes int

// Go's assembler has of the operations on vectors of float64 only the multiply-adds:
// the others are written as words. Their registers are three fields of five bits.
const (
	wordFadd     = 0x4e60d400
	wordFsub     = 0x4ee0d400
	wordFmul     = 0x6e60dc00
	wordFdiv     = 0x6e60fc00
	wordFmin     = 0x4ee0f400
	wordFmax     = 0x4e60f400
	wordFcmgt    = 0x6ee0e400 // as floating-point numbers: all bits where it holds
	wordCmgt     = 0x4ee03400 // as integers
	wordBic      = 0x4e601c00 // and not
	wordFabs     = 0x4ee0f800
	wordFneg     = 0x6ee0f800
	wordFaddp    = 0x7e70d800 // the sum of the two words
	wordFmaxp    = 0x7e70f800 // the greater of the two words
	wordFmlaLane = 0x4fc01000
	wordFmlsLane = 0x4fc05000
	wordFmulLane = 0x4fc09000
	secondLane   = 0x00000800
	wordLdr      = 0x3ce06800 // a whole vector register, from the sum of two others
	wordStr      = 0x3ca06800
)

func (f *function) word(code, d, n, m int, format string, operands ...any) {
	code |= m<<16 | n<<5 | d
	fmt.Fprintf(&f.s.text, "\tWORD $0x%08x // %s\n", code, fmt.Sprintf(format, operands...))
}

// three writes an operation on two vectors, with the name that Arm's manual has.
func (f *function) three(name string, code int, d, n, m V) {
	f.word(code, int(d), int(n), int(m), "%s v%d.2d, v%d.2d, v%d.2d", name, int(d), int(n), int(m))
}

// two writes an operation on one vector.
func (f *function) two(name string, code int, d, n V) {
	f.word(code, int(d), int(n), 0, "%s v%d.2d, v%d.2d", name, int(d), int(n))
}

// lane writes an operation whose last operand is one word of m.
func (f *function) lane(name string, code int, d, n, m V, i int) {
	f.word(code|i*secondLane, int(d), int(n), int(m), "%s v%d.2d, v%d.2d, v%d.d[%d]", name, int(d), int(n), int(m), i)
}

// fold writes an operation on the two words of n, whose result is one word.
func (f *function) fold(name string, code int, d, n V) {
	f.word(code, int(d), int(n), 0, "%s d%d, v%d.2d", name, int(d), int(n))
}

// either writes an operation for two words or one: d = n ∘ m.
func (f *function) either(w lanes, name string, code int, d, n, m V) {
	if w == 2 {
		f.three(name, code, d, n, m)
	} else {
		f.op(strings.ToUpper(name)+"D", m, n, d)
	}
}

func (f *function) add(w lanes, d, n, m V) { f.either(w, "fadd", wordFadd, d, n, m) }
func (f *function) sub(w lanes, d, n, m V) { f.either(w, "fsub", wordFsub, d, n, m) }
func (f *function) mul(w lanes, d, n, m V) { f.either(w, "fmul", wordFmul, d, n, m) }

// fma is d += n m, fms is d −= n m.
func (f *function) fma(w lanes, d, n, m V) {
	if w == 2 {
		f.op("VFMLA", m.words(), n.words(), d.words())
	} else {
		f.op("FMADDD", m, d, n, d)
	}
}

func (f *function) fms(w lanes, d, n, m V) {
	if w == 2 {
		f.op("VFMLS", m.words(), n.words(), d.words())
	} else {
		f.op("FMSUBD", m, d, n, d)
	}
}

// fmaBy is d += n c and fmsBy is d −= n c for the first word of c, mulBy is d = n c.
func (f *function) fmaBy(w lanes, d, n, c V) {
	if w == 2 {
		f.lane("fmla", wordFmlaLane, d, n, c, 0)
	} else {
		f.fma(1, d, n, c)
	}
}

func (f *function) mulBy(w lanes, d, n, c V) {
	if w == 2 {
		f.lane("fmul", wordFmulLane, d, n, c, 0)
	} else {
		f.mul(1, d, n, c)
	}
}

// fmlsLane is d −= n c for word i of a row c of words in registers.
func (f *function) fmlsLane(d, n V, c []V, i int) {
	f.lane("fmls", wordFmlsLane, d, n, c[i/2], i%2)
}

func (f *function) abs(d, n V) { f.two("fabs", wordFabs, d, n) }
func (f *function) neg(w lanes, d, n V) {
	if w == 2 {
		f.two("fneg", wordFneg, d, n)
	} else {
		f.op("FNEGD", n, d)
	}
}

func (f *function) clear(v V)     { f.op("VEOR", v.bytes(), v.bytes(), v.bytes()) }
func (f *function) and(d, n, m V) { f.op("VAND", m.bytes(), n.bytes(), d.bytes()) }
func (f *function) copy(d, n V)   { f.op("VORR", n.bytes(), n.bytes(), d.bytes()) }
func (f *function) spread(d, n V) { f.op("VDUP", n.word(0), d.words()) }
func (f *function) insert(d, n, mask V) { // where mask has bits
	f.op("VBIT", mask.bytes(), n.bytes(), d.bytes())
}

// move is the instruction that loads or stores so many words.
func (w lanes) move() string {
	if w == 2 {
		return "FMOVQ"
	}
	return "FMOVD"
}

func (f *function) load(w lanes, v V, base R, off int)  { f.op(w.move(), at(base, off), v) }
func (f *function) store(w lanes, v V, base R, off int) { f.op(w.move(), v, at(base, off)) }

// loadNext and storeNext move the pointer on as well.
func (f *function) loadNext(w lanes, v V, base R) {
	f.op(w.move()+".P", at(base, 8*int(w)), v)
}

func (f *function) storeNext(w lanes, v V, base R) {
	f.op(w.move()+".P", v, at(base, 8*int(w)))
}

// loadAt and storeAt are for two words at base + index.
func (f *function) loadAt(v V, base, index R) {
	f.word(wordLdr, int(v), int(base), int(index), "ldr q%d, [x%d, x%d]", int(v), int(base), int(index))
}

func (f *function) storeAt(v V, base, index R) {
	f.word(wordStr, int(v), int(base), int(index), "str q%d, [x%d, x%d]", int(v), int(base), int(index))
}

func pair(a, b V) string { return fmt.Sprintf("(%v, %v)", a, b) }

// loadRow loads words that stand together to registers, two words to each; storeRow
// stores them.
func (f *function) loadRow(v []V, base R, off int) {
	i := 0
	for ; i+2 <= len(v); i += 2 {
		f.op("FLDPQ", at(base, off+16*i), pair(v[i], v[i+1]))
	}
	if i < len(v) {
		f.load(2, v[i], base, off+16*i)
	}
}

func (f *function) storeRow(v []V, base R, off int) {
	i := 0
	for ; i+2 <= len(v); i += 2 {
		f.op("FSTPQ", pair(v[i], v[i+1]), at(base, off+16*i))
	}
	if i < len(v) {
		f.store(2, v[i], base, off+16*i)
	}
}

// loadRowNext loads words as loadRow does and moves the pointer past them.
func (f *function) loadRowNext(v []V, base R) {
	switch n := len(v); {
	case n == 1:
		f.loadNext(2, v[0], base)
	case n%2 == 0:
		f.loadRow(v[2:], base, 32)
		f.op("FLDPQ.P", at(base, 16*n), pair(v[0], v[1]))
	default:
		f.loadRow(v, base, 0)
		f.op("ADD", 16*n, base)
	}
}

func (f *function) storeRowNext(v []V, base R) {
	switch n := len(v); {
	case n == 1:
		f.storeNext(2, v[0], base)
	case n%2 == 0:
		f.storeRow(v[2:], base, 32)
		f.op("FSTPQ.P", pair(v[0], v[1]), at(base, 16*n))
	default:
		f.storeRow(v, base, 0)
		f.op("ADD", 16*n, base)
	}
}

// rows returns pointers to n rows from base on that are ld bytes apart; the first is
// base itself.
func (f *function) rows(n int, base, ld R) []R {
	p := []R{base}
	for i := 1; i < n; i++ {
		p = append(p, f.gp())
		f.op("ADD", ld, p[i-1], p[i])
	}
	return p
}

// loops writes a loop over unroll vectors of two words at a time, one over single
// vectors, and the last word. body does the work for count vectors of w words, and
// moves the pointers on.
func (f *function) loops(n R, unroll int, body func(w lanes, count int)) {
	for _, count := range []int{unroll, 1} {
		name := fmt.Sprintf("wide%d", count)
		f.op("SUBS", 2*count, n)
		f.op("BLT", name+"end")
		f.label(name)
		body(2, count)
		f.op("SUBS", 2*count, n)
		f.op("BGE", name)
		f.label(name + "end")
		f.op("ADD", 2*count, n)
		if unroll == 1 {
			break
		}
	}
	f.op("CBZ", n, "done")
	body(1, 1)
	f.label("done")
}
