package gemm

import (
	"math"
	"unsafe"
)

// selfCheck compares the tile kernels of an instruction set with their twin on
// all widths and on some heights and sums.
func selfCheck(s *isa) bool {
	const k, ld = 37, 32
	var a, b, c, want [40 * 40]float64
	for i := range a {
		a[i] = float64(i*7919%101) - 50
		b[i] = float64(i*104729%97) - 48
	}
	for rows := 1; rows <= 3*s.mr; rows++ {
		for w := 1; w <= s.nr; w++ {
			for i := range c {
				c[i] = float64(i % 13)
				want[i] = c[i]
			}
			t := tile{
				a: unsafe.Pointer(&a), b: unsafe.Pointer(&b), c: unsafe.Pointer(&c),
				k: k, rows: rows, ars: 8 * k, acs: 8, brs: 8 * ld, crs: 8 * ld, arow: 8 * k,
				alpha: -1, beta: 2,
			}
			s.run(&t, w)
			t.c = unsafe.Pointer(&want)
			tile_g(&t, s.mr, w)
			for i := range c {
				// All values are small integers: the sums are exact.
				if math.Float64bits(c[i]) != math.Float64bits(want[i]) {
					return false
				}
			}
		}
	}
	return true
}
