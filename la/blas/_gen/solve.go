package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A solve generates the solution of a triangular system for one panel of
// right-hand sides, eight columns wide and stored row after row:
//
//	rows above (solved)  X0        k rows
//	a tile               X1        mr rows:  T11 X1 = B1 - T10 X0
//
// The product is that of a tile kernel; T11 is then applied to the registers.
type solve struct{ kern }

// trsm generates a solve whose rows of a panel are so many vectors, with two registers
// for elements of T.
func trsm(ar *arch, nv int, av []reg.VecPhysical) {
	s := solve{kern{arch: ar, nv: nv}}
	s.av = av
	s.generate()
}

// rDone has the number of rows solved.
var rDone = reg.R13

func (s *solve) generate() {
	name := "solve" + s.name
	TEXT(name, NOSPLIT, "func(t *byte)")
	Pragma("noescape")
	Doc(
		name+" solves T X = B for t.rows rows of a panel of eight columns at t.c;",
		"T is lower triangular at t.a, t.b has the reciprocals of its diagonal or is nil",
		"for a unit diagonal.")
	Load(Param("t"), rT)
	MOVQ(at(rT, offRows), rRows)
	MOVQ(at(rT, offA), rA)
	MOVQ(at(rT, offC), rC)
	MOVQ(at(rT, offArs), rArs)
	MOVQ(at(rT, offAcs), rAcs)
	XORQ(rDone, rDone)
	s.dispatch()
	for i := s.arch.mr; i >= 1; i-- {
		s.body(i)
	}
}

func (s *solve) body(mr int) {
	p := s.lab("mr%d", mr)
	Comment(s.lab("A tile of %d rows.", mr))
	Label(p)
	s.clear(mr)
	MOVQ(at(rT, offC), rB)
	MOVQ(rA, rA0)
	if mr > 3 {
		LEAQ(atx(rArs, rArs, 2, 0), rTmp)
		LEAQ(atx(rA0, rTmp, 1, 0), rA3)
	}
	if mr > 6 {
		LEAQ(atx(rA3, rTmp, 1, 0), rA6)
	}
	MOVQ(rDone, rK)
	TESTQ(rK, rK)
	JZ(LabelRef(p + "solve"))
	Label(p + "loop")
	s.step(mr, U8(64))
	DECQ(rK)
	JNZ(LabelRef(p + "loop"))

	Label(p + "solve")
	for i := 0; i < mr; i++ {
		for j := 0; j < s.nv; j++ {
			v := s.acc(i, j, s.nv)
			VMOVUPD(at(rC, 64*i+s.bytes*j), s.bv[j])
			VSUBPD(v, s.bv[j], v)
		}
	}
	MOVQ(at(rT, offB), rTmp)
	TESTQ(rTmp, rTmp)
	JZ(LabelRef(p + "unit"))
	LEAQ(atx(rTmp, rDone, 8, 0), rTmp)
	s.triangle(mr, false)
	JMP(LabelRef(p + "store"))
	Label(p + "unit")
	s.triangle(mr, true)
	Label(p + "store")
	for i := 0; i < mr; i++ {
		for j := 0; j < s.nv; j++ {
			VMOVUPD(s.acc(i, j, s.nv), at(rC, 64*i+s.bytes*j))
		}
	}
	ADDQ(U32(64*mr), rC)
	IMUL3Q(U8(mr), rArs, rTmp)
	ADDQ(rTmp, rA)
	ADDQ(U8(mr), rDone)
	SUBQ(U8(mr), rRows)
	JMP(LabelRef("rows"))
}

// triangle solves with the mr×mr triangle that rA0, rA3 and rA6 point to; rTmp points to
// the reciprocals of its diagonal.
func (s *solve) triangle(mr int, unit bool) {
	for q := 0; q < mr; q++ {
		if !unit {
			VBROADCASTSD(at(rTmp, 8*q), s.bv[0])
			for j := 0; j < s.nv; j++ {
				v := s.acc(q, j, s.nv)
				VMULPD(s.bv[0], v, v)
			}
		}
		for i := q + 1; i < mr; i++ {
			a := s.av[i%2]
			VBROADCASTSD(aAddr(i), a)
			for j := 0; j < s.nv; j++ {
				VFNMADD231PD(s.acc(q, j, s.nv), a, s.acc(i, j, s.nv))
			}
		}
		if q < mr-2 {
			s.nextColumn(mr)
		}
	}
}
