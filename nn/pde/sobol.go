package pde

import (
	"fmt"
	"math/bits"
)

// sobolTable has, for each dimension from the second on, the degree s of a primitive
// polynomial modulo 2, its inner coefficients as the bits of a, and the first s
// direction numbers m.
//
// Source: S. Joe and F. Y. Kuo, Constructing Sobol sequences with better two-dimensional
// projections, SIAM J. Sci. Comput. 30 (2008), their table new-joe-kuo-6.
var sobolTable = [...]struct {
	s, a int
	m    [7]uint32
}{
	{1, 0, [7]uint32{1}},
	{2, 1, [7]uint32{1, 3}},
	{3, 1, [7]uint32{1, 3, 1}},
	{3, 2, [7]uint32{1, 1, 1}},
	{4, 1, [7]uint32{1, 1, 3, 3}},
	{4, 4, [7]uint32{1, 3, 5, 13}},
	{5, 2, [7]uint32{1, 1, 5, 5, 17}},
	{5, 4, [7]uint32{1, 1, 5, 5, 5}},
	{5, 7, [7]uint32{1, 1, 7, 11, 19}},
	{5, 11, [7]uint32{1, 1, 5, 1, 1}},
	{5, 13, [7]uint32{1, 1, 1, 3, 11}},
	{5, 14, [7]uint32{1, 3, 5, 5, 31}},
	{6, 1, [7]uint32{1, 3, 3, 9, 7, 49}},
	{6, 13, [7]uint32{1, 1, 1, 15, 21, 21}},
	{6, 16, [7]uint32{1, 3, 1, 13, 27, 49}},
	{6, 19, [7]uint32{1, 1, 1, 15, 7, 5}},
	{6, 22, [7]uint32{1, 3, 1, 15, 13, 25}},
	{6, 25, [7]uint32{1, 1, 5, 5, 19, 61}},
	{7, 1, [7]uint32{1, 3, 7, 11, 23, 15, 103}},
	{7, 4, [7]uint32{1, 3, 7, 13, 13, 15, 69}},
}

// sobolDims is the greatest number of dimensions of a Sobol sequence here.
const sobolDims = 1 + len(sobolTable)

// sobolDirections are the direction numbers of a dimension, from 0, as fractions of 2³².
func sobolDirections(dim int) (v [32]uint32) {
	if dim == 0 { // van der Corput's sequence
		for i := range v {
			v[i] = 1 << (31 - i)
		}
		return v
	}
	t := &sobolTable[dim-1]
	for i := range v {
		if i < t.s {
			v[i] = t.m[i] << (31 - i)
			continue
		}
		v[i] = v[i-t.s] ^ v[i-t.s]>>t.s
		for k := 1; k < t.s; k++ {
			if t.a>>(t.s-1-k)&1 == 1 {
				v[i] ^= v[i-k]
			}
		}
	}
	return v
}

// sobol stores the first points of Sobol's sequence in k dimensions, at most sobolDims,
// by rows in t, in the order of the Gray code. Each digit is that of the sequence, turned over where
// the shift of its dimension has a 1, so that the points stay as even as they were; and each
// point is in the middle of its cell of 2⁻³².
//
// Sources: I. M. Sobol, USSR Comput. Math. Math. Phys. 7 (1967); I. A. Antonov and V. M.
// Saleev, the same 19 (1979), for the Gray code; A. B. Owen, Monte Carlo, quasi-Monte
// Carlo, and randomized quasi-Monte Carlo, in Monte Carlo and Quasi-Monte Carlo Methods 1998,
// for the digital shift.
func sobol(t []float64, k int, shift []uint32) {
	for j := range k {
		v, x := sobolDirections(j), shift[j]
		for a := 0; a*k < len(t); a++ {
			if a > 0 {
				x ^= v[bits.TrailingZeros32(uint32(a))]
			}
			t[a*k+j] = (float64(x) + 0.5) / (1 << 32)
		}
	}
}

// checkSobol reports the first region that has too many dimensions for sobol.
func (o *Objective) checkSobol() error {
	if o.opts.Points != "sobol" {
		return nil
	}
	for i := range o.problem.Groups {
		for _, r := range o.problem.Groups[i].Regions {
			if r.Dim > sobolDims {
				return fmt.Errorf("pde: %s: group %s: a region of %d dimensions; sobol has at most %d, halton any number", o.problem.Name, o.problem.Groups[i].Name, r.Dim, sobolDims)
			}
		}
	}
	return nil
}
