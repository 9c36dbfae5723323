// Command _neon writes the assembly for arm64 of the packages vec and gemm, and the
// declarations of its functions:
//
//	go run . -out ..
//
// It is what the programs with avo are for amd64, which avo knows alone. Kernels have
// the names and arguments of those for AVX2, whose declarations are read from
// vec_amd64.go and vector_amd64.go; a vector of four words is two registers here. They
// need nothing but the Advanced SIMD that every arm64 processor has.
//
// Where the word "lane" stands, a product takes one word of its last operand: there
// is no need to spread it over a register first.
//
// check.sh writes everything anew and compares.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "..", "the folder la")
	flag.Parse()
	for _, err := range []error{
		writeVec(filepath.Join(*out, "vec")),
		writeGemm(filepath.Join(*out, "blas", "internal", "gemm")),
	} {
		if err != nil {
			log.Fatal(err)
		}
	}
}

func writeVec(folder string) error {
	s := newSource("vec")
	stubs, err := os.ReadFile(filepath.Join(folder, "vec_amd64.go"))
	if err != nil {
		return err
	}
	if err := s.declareAll(stubs); err != nil {
		return err
	}
	for _, k := range []int{8, 4, 2, 1} {
		s.combine(k)
	}
	s.dot(4)
	s.dot(1)
	s.elementwise()
	s.greatest()
	s.pairs()
	s.trapezoid()
	s.solve4()
	s.solveUnit()
	s.solveUnitTrans()
	s.transpose4()
	s.elimination()
	s.small()
	s.tanhs()
	return s.write(filepath.Join(folder, "vec_arm64"))
}

func writeGemm(folder string) error {
	s := newSource("gemm")
	stubs, err := os.ReadFile(filepath.Join(folder, "vector_amd64.go"))
	if err != nil {
		return err
	}
	if err := s.declareAll(stubs, "solveAVX2", "solveNEON"); err != nil {
		return err
	}
	for nv := 1; nv <= tileVectors; nv++ {
		s.tile(nv, false)
		s.tile(nv, true)
	}
	s.solve()
	s.packing()
	return s.write(filepath.Join(folder, "neon_arm64"))
}
