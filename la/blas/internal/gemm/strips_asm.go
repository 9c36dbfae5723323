//go:build (amd64 || arm64) && !noasm

package gemm

import "unsafe"

// copyStrip copies k rows of w words of src, which are ss words apart, to rows
// that are ds words apart.
func (s *isa) copyStrip(dst []float64, ds int, src []float64, ss, w, k int) {
	if s.id == idGo {
		copyStrip_g(dst, ds, src, ss, w, k)
		return
	}
	_, _ = src[(k-1)*ss+w-1], dst[(k-1)*ds+w-1]
	copyWords(&dst[0], 8*ds, &src[0], 8*ss, w, k)
}

// transStrip writes w rows of k words, ss words apart, as k rows of w words,
// ds words apart.
func (s *isa) transStrip(dst []float64, ds int, src []float64, ss, w, k int) {
	if s.id == idGo {
		transStrip_g(dst, ds, src, ss, w, k)
		return
	}
	_, _ = src[(w-1)*ss+k-1], dst[(k-1)*ds+w-1]
	transWords(&dst[0], 8*ds, &src[0], 8*ss, w, k)
}

// copyWords is copyStrip_g with strides in bytes, which may be negative.
func copyWords(dst *float64, ds int, src *float64, ss, w, k int) {
	off := 0
	for ; w-off >= 8; off += 8 {
		packCopy8(word(dst, off), word(src, off), ds, ss, k)
	}
	if w-off >= 4 {
		packCopy4(word(dst, off), word(src, off), ds, ss, k)
		off += 4
	}
	if w-off >= 2 {
		packCopy2(word(dst, off), word(src, off), ds, ss, k)
		off += 2
	}
	if w > off {
		moveWords(word(dst, off), ds, word(src, off), ss, k)
	}
}

// transWords is transStrip_g with strides in bytes, which may be negative.
func transWords(dst *float64, ds int, src *float64, ss, w, k int) {
	at := func(off int) *float64 { return (*float64)(unsafe.Add(unsafe.Pointer(src), off*ss)) }
	off := 0
	for ; w-off >= 4; off += 4 {
		packTrans4(word(dst, off), at(off), ds, ss, k)
	}
	if w-off >= 2 {
		packTrans2(word(dst, off), at(off), ds, ss, k)
		off += 2
	}
	if w > off {
		moveWords(word(dst, off), ds, at(off), 8, k)
	}
}

// moveWords copies k words with strides in bytes.
func moveWords(dst *float64, ds int, src *float64, ss, k int) {
	p, q := unsafe.Pointer(dst), unsafe.Pointer(src)
	for i := 0; i < k; i++ {
		*(*float64)(unsafe.Add(p, i*ds)) = *(*float64)(unsafe.Add(q, i*ss))
	}
}

// copyFour copies k rows of src, ss words apart, to four panels of width w. It
// returns false if there is no kernel for it.
func (s *isa) copyFour(dst []float64, w int, src []float64, ss, k int) bool {
	if s.id == idGo || w != 6 && w != 8 {
		return false
	}
	_, _ = src[(k-1)*ss+4*w-1], dst[4*w*k-1]
	if w == 6 {
		packFour6(&dst[0], &src[0], 8*w*k, 8*ss, k)
	} else {
		packFour8(&dst[0], &src[0], 8*w*k, 8*ss, k)
	}
	return true
}

func word(p *float64, i int) *float64 { return (*float64)(unsafe.Add(unsafe.Pointer(p), 8*i)) }
