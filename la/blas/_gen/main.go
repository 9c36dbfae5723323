// Command _gen writes the assembly of package gemm with avo. It is a module of
// its own, so that users of the kernels never download the generator:
//
//	go run . -set avx2 -out ../internal/gemm/avx2_amd64.s -stubs ../internal/gemm/avx2_amd64.go -pkg gemm
//
// check.sh regenerates every set and compares.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	set := flag.String("set", "", "avx2, avx512 or vector")
	flag.Parse()
	ConstraintExpr("!noasm")
	switch *set {
	case "avx2":
		tailMask()
		for nv := 1; nv <= avx2.nv; nv++ {
			(&kern{arch: &avx2, nv: nv}).generate()
			(&kern{arch: &avx2, nv: nv, masked: true}).generate()
		}
	case "avx512":
		for nv := 1; nv <= avx512.nv; nv++ {
			(&kern{arch: &avx512, nv: nv, masked: true}).generate()
		}
		trsm(&avx512, 1, zmm[27:29])
	case "vector":
		packing()
		trsm(&avx2, 2, ymm[14:16])
	default:
		log.Fatalf("unknown set %q", *set)
	}
	Generate()
}

func tailMask() {
	GLOBL("tailMask", RODATA|NOPTR)
	for i := 0; i < 4; i++ {
		DATA(8*i, U64(1<<64-1))
	}
	for i := 4; i < 8; i++ {
		DATA(8*i, U64(0))
	}
}
