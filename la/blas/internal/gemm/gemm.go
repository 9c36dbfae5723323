package gemm

import (
	"math/bits"
	"unsafe"
)

const (
	badSize = "gemm: negative size"
	badLdA  = "gemm: bad leading dimension of A"
	badLdB  = "gemm: bad leading dimension of B"
	badLdC  = "gemm: bad leading dimension of C"
	shortA  = "gemm: insufficient length of A"
	shortB  = "gemm: insufficient length of B"
	shortC  = "gemm: insufficient length of C"
)

// A shape is the part of C that is computed.
type shape uint8

const (
	whole shape = iota
	lower       // i >= j
	upper       // i <= j
)

// A product is one call: C = alpha op(A) op(B) + beta C.
type product struct {
	shape         shape
	tA, tB        bool
	m, n, k       int
	alpha, beta   float64
	a, b, c       []float64
	lda, ldb, ldc int
}

// checkMatrix panics unless an r×c matrix with leading dimension ld fits x.
func checkMatrix(r, c, ld int, x []float64, badLd, short string) {
	if ld < max(1, c) {
		panic(badLd)
	}
	if r == 0 || c == 0 {
		return
	}
	// In double length: the product of absurd sizes must not pass for a small one.
	hi, last := bits.Mul64(uint64(r-1), uint64(ld))
	if len(x) < c || hi != 0 || last > uint64(len(x)-c) {
		panic(short)
	}
}

func (p *product) check() {
	if p.m|p.n|p.k < 0 {
		panic(badSize)
	}
	if p.tA {
		checkMatrix(p.k, p.m, p.lda, p.a, badLdA, shortA)
	} else {
		checkMatrix(p.m, p.k, p.lda, p.a, badLdA, shortA)
	}
	if p.tB {
		checkMatrix(p.n, p.k, p.ldb, p.b, badLdB, shortB)
	} else {
		checkMatrix(p.k, p.n, p.ldb, p.b, badLdB, shortB)
	}
	checkMatrix(p.m, p.n, p.ldc, p.c, badLdC, shortC)
}

// Gemm computes C = alpha op(A) op(B) + beta C with at most threads
// goroutines. All matrices are stored by rows; op(A) is m×k and A is stored
// k×m if tA, op(B) is k×n and B is stored n×k if tB.
//
// C is not read if beta is zero; A and B are not read if alpha is zero. C must
// not overlap A or B. The result does not depend on the number of threads, to
// the last bit. Negative sizes, leading dimensions that are too small and
// slices that are too short panic before anything is read or written.
func Gemm(tA, tB bool, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int, threads int) {
	p := product{whole, tA, tB, m, n, k, alpha, beta, a, b, c, lda, ldb, ldc}
	p.check()
	p.compute(threads)
}

// Checked is Gemm for arguments that the caller has checked: it does not panic, and
// wrong ones corrupt memory.
func Checked(tA, tB bool, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int, threads int) {
	p := product{whole, tA, tB, m, n, k, alpha, beta, a, b, c, lda, ldb, ldc}
	p.compute(threads)
}

// Gemmt computes one triangle of the n×n matrix C = alpha op(A) op(B) + beta C,
// the lower one (with the diagonal) or the upper one, and neither reads nor
// writes the other. It is otherwise as Gemm is.
func Gemmt(lowerTriangle, tA, tB bool, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int, threads int) {
	s := upper
	if lowerTriangle {
		s = lower
	}
	p := product{s, tA, tB, n, n, k, alpha, beta, a, b, c, lda, ldb, ldc}
	p.check()
	p.compute(threads)
}

// small is the order up to which nothing is packed and no other thread is asked, but
// for a transposed B.
const small = 40

func (p *product) compute(threads int) {
	if p.m == 0 || p.n == 0 {
		return
	}
	if p.alpha == 0 || p.k == 0 {
		p.scale()
		return
	}
	if p.shape == whole && (p.n == 1 || p.m == 1) && p.k >= thinDepth {
		p.thin()
		return
	}
	s := active.Load()
	if p.m <= small && p.n <= small && p.k <= small && !p.tB && p.shape == whole && s.pack == nil {
		s.direct(p, 0, p.m, 0, p.n)
		return
	}
	if threads > 1 {
		if threads = p.useful(threads); threads > 1 {
			p.parallel(s, threads)
			return
		}
	}
	s.region(p, 0, p.m, 0, p.n)
}

// scale computes the result where there is no product to add.
func (p *product) scale() {
	if p.beta == 1 {
		return
	}
	for i := 0; i < p.m; i++ {
		lo, hi := p.columns(i)
		row := p.c[i*p.ldc+lo : i*p.ldc+hi]
		if p.beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= p.beta
		}
	}
}

// columns returns the range of columns that are computed in row i.
func (p *product) columns(i int) (lo, hi int) {
	switch p.shape {
	case lower:
		return 0, i + 1
	case upper:
		return i, p.n
	}
	return 0, p.n
}

// region computes rows i0 to i1 and columns j0 to j1 of the product. Every
// element is summed in the same order, whatever the region is.
func (s *isa) region(p *product, i0, i1, j0, j1 int) {
	packA, packB := s.worthPacking(p, i1-i0, j1-j0)
	if !packA && !packB && p.k <= s.kc {
		s.direct(p, i0, i1, j0, j1)
		return
	}
	w := getWorkspace()
	s.blocked(p, w, packA, packB, i0, i1, j0, j1)
	w.release()
}

// worthPacking tells whether op(A) and op(B) should be packed for a region of
// h rows and w columns. The kernels read rows of op(B) in one piece, so a
// transposed B always is. Packing pays where a block is read often enough and
// where it is spread over more lines of the cache than it fills, earlier so if
// the distance of the rows is a multiple of 512 bytes, so that they compete for
// the same lines. The limits are from TestCalibratePacking.
func (s *isa) worthPacking(p *product, h, w int) (packA, packB bool) {
	if s.pack != nil {
		packA, packB = s.pack()
		return packA, packB || p.tB
	}
	k := p.k
	packB = p.tB ||
		h >= 160 && k >= 128 && w*k > 96*96 ||
		p.ldb%64 == 0 && h >= 64 && w*k >= 64*32
	if p.tA {
		packA = w >= 64 && h*k >= 12000 || w >= 32 && h*k >= 60000
	} else {
		packA = w >= 96 && h*k >= 48000
	}
	return packA, packB
}

// block is a block of a product with its operands, packed or not.
type block struct {
	tile
	bpan int // bytes from one panel of B to the next
}

// direct multiplies without packing.
func (s *isa) direct(p *product, i0, i1, j0, j1 int) {
	var t block
	t.setA(p, i0, 0)
	t.k = p.k
	t.alpha, t.beta = p.alpha, p.beta
	t.b = unsafe.Pointer(&p.b[j0])
	t.brs = 8 * p.ldb
	t.bpan = 8 * s.nr
	t.crs = 8 * p.ldc
	if p.shape == whole {
		s.panels(p, &t, nil, i0, i1, j0, j1)
		return
	}
	w := getWorkspace()
	s.panels(p, &t, w, i0, i1, j0, j1)
	w.release()
}

// setA points the tile to op(A) as it stands, from row i and column q on.
func (t *tile) setA(p *product, i, q int) {
	if p.tA {
		t.a = unsafe.Pointer(&p.a[q*p.lda+i])
		t.ars, t.acs = 8, 8*p.lda
	} else {
		t.a = unsafe.Pointer(&p.a[i*p.lda+q])
		t.ars, t.acs = 8*p.lda, 8
	}
	t.arow, t.apan = t.ars, 0
}

// blocked multiplies block by block.
func (s *isa) blocked(p *product, w *workspace, packA, packB bool, i0, i1, j0, j1 int) {
	var t block
	t.alpha, t.crs = p.alpha, 8*p.ldc
	kc := even(p.k, s.kc)
	mc, nc := s.mc, s.nc
	if !packA {
		mc = i1 - i0
	}
	roundUp := func(n, unit int) int { return (n + unit - 1) / unit * unit }
	if packA {
		w.a = grow(w.a, roundUp(min(mc, i1-i0), s.mr)*kc)
	}
	if packB {
		w.b = grow(w.b, roundUp(min(nc, j1-j0), s.nr)*kc)
	}
	for jc := j0; jc < j1; jc += nc {
		je := min(jc+nc, j1)
		for q := 0; q < p.k; q += kc {
			t.k = min(kc, p.k-q)
			t.beta = p.beta
			if q > 0 {
				t.beta = 1
			}
			switch {
			case packB:
				src := q*p.ldb + jc
				if p.tB {
					src = jc*p.ldb + q
				}
				s.packB(w.b, p.tB, p.b[src:], p.ldb, t.k, je-jc)
				t.b, t.brs, t.bpan = unsafe.Pointer(&w.b[0]), 8*s.nr, 8*s.nr*t.k
			default:
				t.b, t.brs, t.bpan = unsafe.Pointer(&p.b[q*p.ldb+jc]), 8*p.ldb, 8*s.nr
			}
			for ic := i0; ic < i1; ic += mc {
				ie := min(ic+mc, i1)
				if p.shape == lower && ie <= jc || p.shape == upper && je <= ic {
					continue
				}
				if packA {
					src := ic*p.lda + q
					if p.tA {
						src = q*p.lda + ic
					}
					s.packA(w.a, p.tA, p.a[src:], p.lda, ie-ic, t.k)
					t.a, t.ars, t.acs = unsafe.Pointer(&w.a[0]), 8, 8*s.mr
					t.arow, t.apan = 0, 8*s.mr*t.k
				} else {
					t.setA(p, ic, q)
				}
				s.panels(p, &t, w, ic, ie, jc, je)
			}
		}
	}
}

// even cuts n in pieces of at most limit that are about equal, and returns
// their size.
func even(n, limit int) int {
	if n <= limit {
		return n
	}
	pieces := (n + limit - 1) / limit
	return ((n+pieces-1)/pieces + 3) &^ 3
}

// longCall is the greatest number of elements of A for one call of a kernel:
// a kernel cannot be interrupted, and the garbage collector waits for it.
const longCall = 1 << 18

// panels computes rows i0 to i1 and columns j0 to j1 of C, panel after panel
// of nr columns, from the operands of t. For a whole product w may be nil.
func (s *isa) panels(p *product, t *block, w *workspace, i0, i1, j0, j1 int) {
	if p.shape != whole {
		s.trianglePanels(p, t, &w.edge, i0, i1, j0, j1)
		return
	}
	if isTall(i1-i0, j1-j0, t.k) {
		s.tallPanels(p, t, i0, i1, j0, j1)
		return
	}
	a0, b0 := t.a, t.b
	chunk := i1 - i0
	if chunk*t.k > longCall {
		chunk = s.mr * max(3, longCall/(t.k*s.mr))
	}
	for j := j0; ; {
		t.c = unsafe.Pointer(&p.c[i0*p.ldc+j])
		for i := i0; ; {
			t.rows = min(chunk, i1-i)
			s.run(&t.tile, min(s.nr, j1-j))
			if i += chunk; i >= i1 {
				break
			}
			t.a = unsafe.Add(t.a, chunk*t.arow+chunk/s.mr*t.apan)
			t.c = unsafe.Add(t.c, chunk*t.crs)
		}
		t.a = a0
		if j += s.nr; j >= j1 {
			break
		}
		t.b = unsafe.Add(t.b, t.bpan)
	}
	t.b = b0
}
