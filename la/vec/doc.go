// Package vec has the vector kernels below the dense ones: sums of rows, products
// of rows with a vector or element by element, the loops of a Bunch–Kaufman panel,
// the hyperbolic tangent, and sums and products in twice the working precision
// (see Pair). Each has a twin in plain Go, which runs on other
// processors and under the tag noasm.
//
// The assembly for amd64 is written by the program in _gen, that for arm64 by the one in
// ../_neon, which has been tested on an emulator and not timed on a processor.
package vec

//go:generate sh -c "cd _gen && go run . -out ../vec_amd64.s -stubs ../vec_amd64.go -pkg vec"
//go:generate sh -c "cd ../_neon && go run . -out .."
