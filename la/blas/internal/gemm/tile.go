package gemm

import (
	"math"
	"unsafe"
)

// A tile holds the arguments of a tile kernel, which computes
//
//	C = alpha A B + beta C
//
// for rows rows of C, a few at a time (tileRows says how many), and for as many
// columns as the kernel is wide. Strides are in bytes. Element (i, p) of a tile
// of A is at a + i*ars + p*acs; row p of B is at b + p*brs; row i of C is at
// c + i*crs. After a tile of h rows a grows by h*arow + apan, and c by h*crs:
// a matrix as it stands has arow = ars and apan = 0; one that is packed in
// panels has arow = 0 and apan the size of a panel.
//
// C is not read if beta is zero. The assembly knows the offsets of the fields.
type tile struct {
	a, b, c     unsafe.Pointer
	k, rows     int
	ars, acs    int
	brs, crs    int
	arow, apan  int
	lanes       int // columns in the last vector, set by isa.run
	alpha, beta float64
}

// tileRows returns the height of the next tile where rows remain and a tile
// has at most mr rows. The last two are of about equal height: two half-full
// tiles are faster than a full one and a sliver.
func tileRows(rows, mr int) int {
	switch {
	case rows > 2*mr-2 || rows == mr:
		return mr
	case rows > mr:
		return (rows + 1) / 2
	}
	return rows
}

func load(p unsafe.Pointer, off int) float64 { return *(*float64)(unsafe.Add(p, off)) }

// tile_g is the twin in Go of the tile kernels: w columns in tiles of at most
// mr rows.
func tile_g(t *tile, mr, w int) {
	a, c := t.a, t.c
	for rows := t.rows; rows > 0; {
		h := tileRows(rows, mr)
		if h == 4 && w == 4 {
			tile2x4_g(t, a, c)
			tile2x4_g(t, unsafe.Add(a, 2*t.ars), unsafe.Add(c, 2*t.crs))
		} else {
			tileAny_g(t, a, c, h, w)
		}
		rows -= h
		if rows > 0 {
			a = unsafe.Add(a, h*t.arow+t.apan)
			c = unsafe.Add(c, h*t.crs)
		}
	}
}

// put_g stores one element of a tile.
func put_g(t *tile, c unsafe.Pointer, off int, sum float64) {
	p := (*float64)(unsafe.Add(c, off))
	v := t.alpha * sum
	if t.beta != 0 {
		v = math.FMA(t.beta, *p, v)
	}
	*p = v
}

func tileAny_g(t *tile, a, c unsafe.Pointer, h, w int) {
	for i := 0; i < h; i++ {
		for j := 0; j < w; j++ {
			var sum float64
			for p := 0; p < t.k; p++ {
				sum += load(a, i*t.ars+p*t.acs) * load(t.b, p*t.brs+8*j)
			}
			put_g(t, c, i*t.crs+8*j, sum)
		}
	}
}

// tile2x4_g keeps to the sixteen registers of amd64.
func tile2x4_g(t *tile, a, c unsafe.Pointer) {
	var c00, c01, c02, c03 float64
	var c10, c11, c12, c13 float64
	b, a1 := t.b, t.ars
	for p := t.k; ; {
		b0, b1, b2, b3 := load(b, 0), load(b, 8), load(b, 16), load(b, 24)
		x, y := load(a, 0), load(a, a1)
		c00 += x * b0
		c01 += x * b1
		c02 += x * b2
		c03 += x * b3
		c10 += y * b0
		c11 += y * b1
		c12 += y * b2
		c13 += y * b3
		if p--; p == 0 {
			break
		}
		a, b = unsafe.Add(a, t.acs), unsafe.Add(b, t.brs)
	}
	for i, row := range [2][4]float64{{c00, c01, c02, c03}, {c10, c11, c12, c13}} {
		for j, v := range row {
			put_g(t, c, i*t.crs+8*j, v)
		}
	}
}
