package gemm

import "unsafe"

const (
	// tallDepth and tallBlock bound the length of the sums and the words of op(B) for which
	// a large op(A) is read once, and C written, by rows of tiles.
	tallDepth = 64
	tallBlock = 2048

	// tallWords is how much of op(A) the first cache holds.
	tallWords = 4096
)

// isTall tells whether h rows and w columns with sums of length k take the time that
// op(A) and C take to come from memory and to go there. calibrate.md has the measurement.
func isTall(h, w, k int) bool {
	return k <= tallDepth && w*k <= tallBlock && h*k > tallWords
}

// tallPanels is panels of a whole product with an op(A) that does not stay in the first
// cache, where op(B) does: row after row of tiles, so that op(A) passes by once.
func (s *isa) tallPanels(p *product, t *block, i0, i1, j0, j1 int) {
	a0, b0 := t.a, t.b
	for i := i0; ; {
		t.rows = tileRows(i1-i, s.mr)
		for j := j0; ; {
			t.c = unsafe.Pointer(&p.c[i*p.ldc+j])
			s.run(&t.tile, min(s.nr, j1-j))
			if j += s.nr; j >= j1 {
				break
			}
			t.b = unsafe.Add(t.b, t.bpan)
		}
		t.b = b0
		if i += t.rows; i >= i1 {
			break
		}
		t.a = unsafe.Add(t.a, t.rows*t.arow+t.apan)
	}
	t.a = a0
}
