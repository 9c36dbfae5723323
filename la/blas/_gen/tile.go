package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of the Go type tile; a test of the package compares
// them with unsafe.Offsetof.
const (
	offA     = 0
	offB     = 8
	offC     = 16
	offK     = 24
	offRows  = 32
	offArs   = 40
	offAcs   = 48
	offBrs   = 56
	offCrs   = 64
	offArow  = 72
	offApan  = 80
	offLanes = 88
	offAlpha = 96
	offBeta  = 104
)

// The general registers of a tile kernel.
var (
	rT    = reg.RDI // the arguments
	rRows = reg.RSI // rows of C still to do
	rA    = reg.R8  // A at the present row
	rC    = reg.R9  // C at the present row
	rA0   = reg.R10 // rows 0, 1, 2 of the tile in A
	rA3   = reg.R11 // rows 3, 4, 5
	rA6   = reg.R12 // rows 6, 7
	rB    = reg.RBX
	rK    = reg.RCX
	rArs  = reg.RDX
	rAcs  = reg.RAX
	rBrs  = reg.R13
	rTmp  = reg.R14
)

// An arch is the vector width and the register tile of an instruction set.
type arch struct {
	name  string
	bytes int // of a vector register
	regs  []reg.VecPhysical
	mr    int // rows of the register tile
	nv    int // vectors in a row of it
	// fixed registers
	bv    []reg.VecPhysical // a row of B
	av    []reg.VecPhysical // a broadcast element of A, used in turn
	alpha reg.VecPhysical
	beta  reg.VecPhysical
	tmp   reg.VecPhysical
	mask  reg.VecPhysical // nil where masks are opmask registers
}

var avx2 = arch{
	name: "AVX2", bytes: 32, regs: ymm, mr: 6, nv: 2,
	bv: ymm[12:14], av: ymm[14:15],
	alpha: reg.Y12, beta: reg.Y13, tmp: reg.Y14, mask: reg.Y15,
}

var avx512 = arch{
	name: "AVX512", bytes: 64, regs: zmm, mr: 8, nv: 3,
	bv: zmm[24:27], av: zmm[27:29],
	alpha: reg.Z29, beta: reg.Z30, tmp: reg.Z31,
}

// acc is the accumulator of row i and vector j of a tile with nv vectors.
func (ar *arch) acc(i, j, nv int) reg.VecPhysical { return ar.regs[i*nv+j] }

// aAddr is the address of row i of the tile in the present column of A.
func aAddr(i int) Mem {
	base := []reg.Register{rA0, rA3, rA6}[i/3]
	switch i % 3 {
	case 1:
		return atx(base, rArs, 1, 0)
	case 2:
		return atx(base, rArs, 2, 0)
	}
	return at(base, 0)
}

// A kern generates one function: a column of tiles, nv vectors wide, of which
// the last is partly used if masked.
type kern struct {
	*arch
	nv     int
	masked bool
	label  string
}

func (k *kern) lab(format string, a ...any) string { return fmt.Sprintf(format, a...) }

func (k *kern) generate() {
	name := fmt.Sprintf("tile%sx%d", k.name, k.nv)
	if k.masked && k.mask != nil {
		name += "m"
	}
	TEXT(name, NOSPLIT, "func(t *byte)")
	Pragma("noescape")
	lanes := fmt.Sprintf("C is %d columns wide", k.nv*k.bytes/8)
	if k.masked {
		lanes = fmt.Sprintf("C is %d columns and t.lanes more wide", (k.nv-1)*k.bytes/8)
	}
	Doc(
		fmt.Sprintf("%s computes t.rows rows of C = alpha A B + beta C, %d at a time;", name, k.arch.mr),
		lanes+".")
	Load(Param("t"), rT)
	MOVQ(at(rT, offRows), rRows)
	MOVQ(at(rT, offA), rA)
	MOVQ(at(rT, offC), rC)
	if k.masked {
		k.loadMask()
	}

	k.dispatch()
	for i := k.arch.mr; i >= 1; i-- {
		k.body(i)
	}
}

// dispatch generates the choice of the height of the next tile, and the return.
func (k *kern) dispatch() {
	// The last rows are shared out evenly: see tileRows.
	Label("rows")
	m := k.arch.mr
	CMPQ(rRows, U8(2*m-2))
	JG(LabelRef(k.lab("mr%d", m)))
	CMPQ(rRows, U8(m))
	JE(LabelRef(k.lab("mr%d", m)))
	MOVQ(rRows, rTmp)
	JL(LabelRef("dispatch"))
	INCQ(rTmp)
	SHRQ(U8(1), rTmp)
	Label("dispatch")
	for i := m - 1; i >= 1; i-- {
		CMPQ(rTmp, U8(i))
		JE(LabelRef(k.lab("mr%d", i)))
	}
	VZEROUPPER()
	RET()
}

func (k *kern) loadMask() {
	if k.mask == nil {
		MOVQ(at(rT, offLanes), reg.RCX)
		MOVL(U32(1), reg.EAX)
		SHLL(reg.CL, reg.EAX)
		DECL(reg.EAX)
		KMOVW(reg.EAX, reg.K1)
		return
	}
	// tailMask holds four set words and then four clear ones; the window that
	// starts lanes words before the middle has lanes set words.
	MOVQ(at(rT, offLanes), rTmp)
	NEGQ(rTmp)
	LEAQ(NewDataAddr(Symbol{Name: "tailMask", Static: true}, 32), rK)
	VMOVUPD(atx(rK, rTmp, 8, 0), k.mask)
}

// isTail tells whether vector j is the partly used one.
func (k *kern) isTail(j int) bool { return k.masked && j == k.nv-1 }

// load reads vector j from memory; lanes outside the mask become zero and
// their memory is not touched.
func (k *kern) load(m Mem, j int, dst reg.VecPhysical) {
	switch {
	case !k.isTail(j):
		VMOVUPD(m, dst)
	case k.mask == nil:
		VMOVUPD_Z(m, reg.K1, dst)
	default:
		VMASKMOVPD(m, k.mask, dst)
	}
}

// step adds the product of a column of A and a row of B to the tile.
func (k *kern) step(mr int, rowB Op) {
	for j := 0; j < k.nv; j++ {
		k.load(at(rB, j*k.bytes), j, k.bv[j])
	}
	ADDQ(rowB, rB)
	for i := 0; i < mr; i++ {
		a := k.av[i%len(k.av)]
		VBROADCASTSD(aAddr(i), a)
		for j := 0; j < k.nv; j++ {
			VFMADD231PD(k.bv[j], a, k.acc(i, j, k.nv))
		}
	}
	k.nextColumn(mr)
}

// nextColumn moves to the next column of A.
func (k *kern) nextColumn(mr int) {
	ADDQ(rAcs, rA0)
	if mr > 3 {
		ADDQ(rAcs, rA3)
	}
	if mr > 6 {
		ADDQ(rAcs, rA6)
	}
}

// clear sets the tile to zero.
func (k *kern) clear(mr int) {
	for i := 0; i < mr; i++ {
		for j := 0; j < k.nv; j++ {
			v := k.acc(i, j, k.nv)
			if k.bytes == 64 {
				VPXORQ(v, v, v)
			} else {
				VXORPD(v, v, v)
			}
		}
	}
}

// body is the code of a tile of mr rows.
func (k *kern) body(mr int) {
	p := k.lab("mr%d", mr)
	Comment(k.lab("A tile of %d rows.", mr))
	Label(p)
	k.clear(mr)
	MOVQ(at(rT, offB), rB)
	MOVQ(at(rT, offArs), rArs)
	MOVQ(at(rT, offAcs), rAcs)
	MOVQ(at(rT, offBrs), rBrs)
	MOVQ(rA, rA0)
	if mr > 3 {
		LEAQ(atx(rArs, rArs, 2, 0), rTmp)
		LEAQ(atx(rA0, rTmp, 1, 0), rA3)
	}
	if mr > 6 {
		LEAQ(atx(rA3, rTmp, 1, 0), rA6)
	}
	MOVQ(at(rT, offK), rK)

	Comment("Ask for the rows of C early where the sum is long.")
	CMPQ(rK, U8(32))
	JL(LabelRef(p + "sum"))
	MOVQ(at(rT, offCrs), rTmp)
	MOVQ(rC, rK)
	for i := 0; i < mr; i++ {
		PREFETCHT0(at(rK, 0))
		if !k.masked {
			PREFETCHT0(at(rK, k.nv*k.bytes-8))
		}
		if i < mr-1 {
			ADDQ(rTmp, rK)
		}
	}
	MOVQ(at(rT, offK), rK)

	const unroll = 4
	Label(p + "sum")
	SHRQ(U8(2), rK)
	JZ(LabelRef(p + "rest"))
	Label(p + "loop")
	for u := 0; u < unroll; u++ {
		k.step(mr, rBrs)
	}
	DECQ(rK)
	JNZ(LabelRef(p + "loop"))
	Label(p + "rest")
	MOVQ(at(rT, offK), rK)
	ANDQ(U8(unroll-1), rK)
	JZ(LabelRef(p + "scale"))
	Label(p + "one")
	k.step(mr, rBrs)
	DECQ(rK)
	JNZ(LabelRef(p + "one"))

	Label(p + "scale")
	VBROADCASTSD(at(rT, offAlpha), k.alpha)
	for i := 0; i < mr; i++ {
		for j := 0; j < k.nv; j++ {
			v := k.acc(i, j, k.nv)
			VMULPD(k.alpha, v, v)
		}
	}
	MOVQ(at(rT, offCrs), rArs)
	Comment("With beta = 0 (of either sign) C is not read.")
	MOVQ(at(rT, offBeta), rTmp)
	SHLQ(U8(1), rTmp)
	JZ(LabelRef(p + "store"))
	VBROADCASTSD(at(rT, offBeta), k.beta)
	MOVQ(rC, rK)
	for i := 0; i < mr; i++ {
		for j := 0; j < k.nv; j++ {
			k.load(at(rK, j*k.bytes), j, k.tmp)
			VFMADD231PD(k.beta, k.tmp, k.acc(i, j, k.nv))
		}
		if i < mr-1 {
			ADDQ(rArs, rK)
		}
	}
	Label(p + "store")
	if k.masked && k.mask != nil {
		MOVQ(at(rT, offLanes), rTmp)
		Comment("The masked store of AVX2 is slow on some processors: store by parts.")
	}
	for i := 0; i < mr; i++ {
		for j := 0; j < k.nv; j++ {
			v := k.acc(i, j, k.nv)
			m := at(rC, j*k.bytes)
			switch {
			case !k.isTail(j):
				VMOVUPD(v, m)
			case k.mask == nil:
				VMOVUPD(v, reg.K1, m)
			default:
				storeParts(v, j*k.bytes, k.lab("%srow%d", p, i))
			}
		}
		ADDQ(rArs, rC)
	}
	Comment("The next rows of A.")
	MOVQ(at(rT, offArow), rTmp)
	IMUL3Q(U8(mr), rTmp, rTmp)
	ADDQ(rTmp, rA)
	ADDQ(at(rT, offApan), rA)
	SUBQ(U8(mr), rRows)
	JMP(LabelRef("rows"))
}

// storeParts stores the first one, two or three words of v (as many as rTmp
// says) at rC + disp.
func storeParts(v reg.VecPhysical, disp int, label string) {
	x := v.AsX()
	TESTQ(U32(2), rTmp)
	JZ(LabelRef(label + "a"))
	VMOVUPD(x, at(rC, disp))
	TESTQ(U32(1), rTmp)
	JZ(LabelRef(label + "b"))
	VEXTRACTF128(U8(1), v, x)
	VMOVSD(x, at(rC, disp+16))
	JMP(LabelRef(label + "b"))
	Label(label + "a")
	VMOVSD(x, at(rC, disp))
	Label(label + "b")
}
