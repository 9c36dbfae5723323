package blastest

import (
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"

	"costate/la/blas"
)

// A paged buffer lies between two pages that may be neither read nor written.
type paged struct {
	all  []byte
	data []float64
}

func newPaged(t *testing.T, words int) *paged {
	t.Helper()
	page := syscall.Getpagesize()
	size := (8*words + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for _, guard := range [][]byte{all[:page], all[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	p := &paged{all: all, data: unsafe.Slice((*float64)(unsafe.Pointer(&all[page])), size/8)}
	t.Cleanup(func() { syscall.Munmap(all) })
	return p
}

// matrix is a diagonally dominant symmetric rows×cols matrix that ends where
// the buffer ends, or starts where it starts.
func (p *paged) matrix(rows, cols int, end bool) []float64 {
	n := rows * cols
	x := p.data[:n:n]
	if end {
		x = p.data[len(p.data)-n:]
	}
	for i := range rows {
		for j := range cols {
			v := float64((i+j)%5-2) / 8
			if i == j {
				v = float64(2 + rows)
			}
			x[i*cols+j] = v
		}
	}
	return x
}

// Pages tests that no kernel touches memory beside its operands, whether or
// not that changes the result: they lie at the edges of pages.
func Pages(t *testing.T, g blas.Backend) {
	const most = 70
	pa, pb, pc := newPaged(t, most*most), newPaged(t, most*most), newPaged(t, most*most)
	pw := newPaged(t, g.SytrfWork(most))
	what := ""
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: %v", what, r)
		}
	}()
	// A fault on this goroutine is a panic; on others the program ends.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for n := 1; n <= most; n += thin {
		m, k := 1+(n*7)%most, 1+(n*13)%most
		for _, end := range []bool{true, false} {
			for _, tA := range transposes {
				for _, tB := range transposes {
					what = product{"gemm", 0, tA, tB, m, n, k, 1, 1, 0}.String()
					ra, ca := dims(tA, m, k)
					rb, cb := dims(tB, k, n)
					g.Gemm(tA, tB, m, n, k, 1, pa.matrix(ra, ca, end), ca, pb.matrix(rb, cb, end), cb, 1, pc.matrix(m, n, end), n)
				}
				ra, ca := dims(tA, n, k)
				rb, cb := dims(flip(tA), k, n)
				for _, uplo := range triangles {
					what = product{"gemmt", uplo, tA, flip(tA), n, n, k, 1, 0, 0}.String()
					g.Gemmt(uplo, tA, flip(tA), n, k, 1, pa.matrix(ra, ca, end), ca, pb.matrix(rb, cb, end), cb, 0, pc.matrix(n, n, end), n)
					what = product{"syrk", uplo, tA, flip(tA), n, n, k, 1, 1, 0}.String()
					g.Syrk(uplo, tA, n, k, 1, pa.matrix(ra, ca, end), ca, 1, pc.matrix(n, n, end), n)
					for _, d := range diagonals {
						what = solve{blas.Left, uplo, tA, d, n, m, 1, 0}.String()
						g.Trsm(blas.Left, uplo, tA, d, n, m, 1, pa.matrix(n, n, end), n, pc.matrix(n, m, end), m)
						g.Trsm(blas.Left, uplo, tA, d, n, 1, 1, pa.matrix(n, n, end), n, pc.matrix(n, 1, end), 1)
						what = solve{blas.Right, uplo, tA, d, m, n, 1, 0}.String()
						g.Trsm(blas.Right, uplo, tA, d, m, n, 1, pa.matrix(n, n, end), n, pc.matrix(m, n, end), n)
					}
				}
				what = "gemv"
				ny, nx := dims(tA, m, n)
				g.Gemv(tA, m, n, 1, pa.matrix(m, n, end), n, pb.matrix(1, nx, end), 1, pc.matrix(1, ny, end))
			}
			what = "potrf"
			g.Potrf(n, pa.matrix(n, n, end), n)
			what = "sytrf"
			a, e, perm := pa.matrix(n, n, end), pb.matrix(1, n, end), make([]int, n)
			for i := range n {
				a[i*n+i] = 0 // Pivots of order two.
			}
			g.Sytrf(n, a, n, e, perm, pw.matrix(1, g.SytrfWork(n), end))
			what = "sytrs"
			g.Sytrs(n, min(m, most*most/n), a, n, e, perm, pc.matrix(n, m, end), m, make([]float64, n*m))
		}
	}
}
