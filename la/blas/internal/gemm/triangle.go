package gemm

import (
	"math"
	"unsafe"

	"costate/la/vec"
)

// trianglePanels computes the part of rows i0 to i1 and columns j0 to j1 that
// lies in the triangle of p. Tiles outside are passed over, runs of tiles
// inside are computed as in a whole product, and tiles across the diagonal go
// through a buffer.
func (s *isa) trianglePanels(p *product, t *block, edge *[maxTile]float64, i0, i1, j0, j1 int) {
	a0, b0 := t.a, t.b
	for j := j0; j < j1; j += s.nr {
		w := min(s.nr, j1-j)
		t.b = unsafe.Add(b0, (j-j0)/s.nr*t.bpan)
		// Full tiles inside that are not yet computed: where the first one
		// starts in A (in bytes; a pointer may not run past the end), its row
		// and the rows of all.
		var runAt, runRow, runRows int
		for i, off := i0, 0; i < i1; {
			h := tileRows(i1-i, s.mr)
			in, out := p.covers(i, h, j, w)
			if in && h == s.mr {
				if runRows == 0 {
					runAt, runRow = off, i
				}
				runRows += h
			} else {
				if runRows > 0 {
					s.inside(p, t, unsafe.Add(a0, runAt), runRow, j, runRows, w)
					runRows = 0
				}
				switch {
				case in:
					s.inside(p, t, unsafe.Add(a0, off), i, j, h, w)
				case !out:
					s.across(p, t, unsafe.Add(a0, off), edge, i, j, h, w)
				}
			}
			i += h
			off += h*t.arow + t.apan
		}
		if runRows > 0 {
			s.inside(p, t, unsafe.Add(a0, runAt), runRow, j, runRows, w)
		}
	}
	t.a, t.b = a0, b0
}

const maxTile = 8 * 24

// covers tells whether the triangle holds all (in) or nothing (out) of the
// h×w elements from (i, j) on.
func (p *product) covers(i, h, j, w int) (in, out bool) {
	if p.shape == lower {
		return i >= j+w-1, i+h-1 < j
	}
	return i+h-1 <= j, i > j+w-1
}

func (s *isa) inside(p *product, t *block, a unsafe.Pointer, i, j, h, w int) {
	t.rows = h
	t.a = a
	t.c = unsafe.Pointer(&p.c[i*p.ldc+j])
	s.run(&t.tile, w)
}

// across computes a tile that the diagonal crosses.
func (s *isa) across(p *product, t *block, a unsafe.Pointer, edge *[maxTile]float64, i, j, h, w int) {
	if p.shape == lower {
		w = min(w, i+h-j)
	}
	u := t.tile
	u.rows = h
	u.a = a
	u.c, u.crs = unsafe.Pointer(edge), 8*s.nr
	u.beta = 0
	s.run(&u, w)
	for r := 0; r < h; r++ {
		lo, hi := j, min(j+w, i+r+1)
		if p.shape == upper {
			lo, hi = max(j, i+r), j+w
		}
		if lo >= hi {
			continue
		}
		dst := p.c[(i+r)*p.ldc+lo : (i+r)*p.ldc+hi]
		src := edge[r*s.nr+lo-j:][:len(dst)]
		// The same operations as in a kernel; short rows are too short for copy.
		switch t.beta {
		case 0:
			if len(dst) >= 8 {
				copy(dst, src)
				continue
			}
			for x, v := range src {
				dst[x] = v
			}
		case 1:
			vec.Axpy(dst, 1, src)
		default:
			for x, v := range src {
				dst[x] = math.FMA(t.beta, dst[x], v)
			}
		}
	}
}
