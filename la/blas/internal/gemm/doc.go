// Package gemm has the dense kernels of the native backend: the general
// product of float64 matrices, the triangle of one, and the solution of small
// triangular systems. All matrices are stored by rows.
//
// # The product
//
// C = alpha op(A) op(B) + beta C is cut as Goto and van de Geijn do it, and van
// Zee after them, with the names of the latter:
//
//	      nc            kc          nc            block of B: packed, third-level cache
//	   ┌──────┐      ┌──────┐    ┌─┬─┬─┬┐
//	mc │      │  mc  │      │ kc │ │ │ ││         block of A: packed, second-level cache
//	   │  C   │ +=   │  A   │    │ │B│ ││
//	   ├──────┤      ├──────┤    └─┴─┴─┴┘         panel of B: kc×nr, first-level cache
//	   │      │      │      │     nr
//	   └──────┘      └──────┘
//
//	       nr          kc
//	      ┌──┐       ┌──────┐ ┌──┐
//	   mr │  │  +=   │      │ │  │ kc             tile of C: mr×nr, registers
//	      └──┘       └──────┘ │  │
//	                          └──┘ nr
//
// Where op(A) is tall and op(B) small, C is instead computed by rows of tiles, so that
// op(A) is read from memory once (isTall).
//
// A tile kernel (type tile) computes one column of tiles in one call. It
// takes the strides of its operands, so that it reads a packed panel, or A and
// B as they stand: products that fit the caches are not packed at all, except
// for a transposed B. Rows at the lower edge are done by kernels of less
// height, columns at the right edge with masked loads and parted stores, so
// that nothing outside the matrices is ever touched. Tiles that the diagonal
// of a triangle crosses go through a buffer.
//
// Every element of C is summed in the order of k, in pieces of kc, by the same
// operations in every kernel of an instruction set. The result therefore does
// not depend on the number of threads or on where an element lies.
//
// # Instruction sets
//
//	name     tile    needs            chosen
//	avx512   8×24    AVX-512F         where it runs
//	avx2     6×8     AVX2, FMA        else, where it runs
//	neon     6×8     arm64            there
//	go       4×4     nothing          elsewhere, and under the tag noasm
//
// Force chooses another one, and so does the environment variable COSTATE_ISA
// at the start of a program. The blocks of avx2 are measured (on an AMD EPYC of
// the third generation, TestCalibrateBlocks). The kernels of avx512 passed, on an emulated
// Skylake-X (Bochs 2.7), the comparison of every kernel with its twin and the
// tests of small sizes, of block boundaries, of values that are not finite, of
// triangular systems and of threads. That says nothing of their speed: their
// blocks follow from the sizes of the caches. So it is with neon: its kernels pass all
// tests on an emulated arm64 (qemu), at every change, and nobody has timed them on a
// processor. Its tile, panels and blocks are those of avx2. A step of the tile, 48
// multiply-adds, is 36 instructions: 24 fmla, 8 loads (of 6 words of A, and of 8 of B by
// pairs of registers) and 4 that count and add to pointers. A processor with two units
// for vectors that starts four instructions a cycle is then bound by the multiply-adds,
// and so is one with four that starts eight.
//
// # Threads
//
// C is cut in as many regions as there are threads, and every region is a
// product of its own with its own packed blocks, so that threads never wait for
// each other. Products of less than serialFlops multiplications a thread use
// fewer threads.
//
// Sources: K. Goto and R. A. van de Geijn, Anatomy of high-performance matrix
// multiplication, ACM Trans. Math. Softw. 34 (2008), sections 4 to 6; F. G. van
// Zee and R. A. van de Geijn, BLIS: a framework for rapidly instantiating BLAS
// functionality, ACM Trans. Math. Softw. 41 (2015), section 5.
package gemm

//go:generate sh -c "cd ../../_gen && sh generate.sh"
//go:generate sh -c "cd ../../../_neon && go run . -out .."
