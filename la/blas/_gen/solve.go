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

func trsm() {
	s := solve{kern{arch: &avx2, nv: 2}}
	s.av = ymm[14:16]
	s.generate()
}

var (
	rDone = reg.R13 // rows solved
	rInv  = reg.R12 // reciprocals of the diagonal, from the present row on
)

func (s *solve) generate() {
	TEXT("solveAVX2", NOSPLIT, "func(t *byte)")
	Pragma("noescape")
	Doc(
		"solveAVX2 solves T X = B for t.rows rows of a panel of eight columns at t.c;",
		"T is lower triangular at t.a, t.b has the reciprocals of its diagonal or is nil",
		"for a unit diagonal.")
	Load(Param("t"), rT)
	MOVQ(at(rT, offRows), rRows)
	MOVQ(at(rT, offA), rA)
	MOVQ(at(rT, offC), rC)
	MOVQ(at(rT, offB), rInv)
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
			VMOVUPD(at(rC, 64*i+32*j), s.bv[j])
			VSUBPD(v, s.bv[j], v)
		}
	}
	TESTQ(rInv, rInv)
	JZ(LabelRef(p + "unit"))
	s.triangle(mr, false)
	ADDQ(U8(8*mr), rInv)
	JMP(LabelRef(p + "store"))
	Label(p + "unit")
	s.triangle(mr, true)
	Label(p + "store")
	for i := 0; i < mr; i++ {
		for j := 0; j < s.nv; j++ {
			VMOVUPD(s.acc(i, j, s.nv), at(rC, 64*i+32*j))
		}
	}
	ADDQ(U32(64*mr), rC)
	IMUL3Q(U8(mr), rArs, rTmp)
	ADDQ(rTmp, rA)
	ADDQ(U8(mr), rDone)
	SUBQ(U8(mr), rRows)
	JMP(LabelRef("rows"))
}

// triangle solves with the mr×mr triangle that rA0 and rA3 point to.
func (s *solve) triangle(mr int, unit bool) {
	for q := 0; q < mr; q++ {
		if !unit {
			VBROADCASTSD(at(rInv, 8*q), s.bv[0])
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
