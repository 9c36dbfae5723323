package gemm

// copyStrip_g copies k rows of w words of src, which are ss words apart, to
// rows that are ds words apart.
func copyStrip_g(dst []float64, ds int, src []float64, ss, w, k int) {
	for p := 0; p < k; p++ {
		copy(dst[p*ds:p*ds+w], src[p*ss:p*ss+w])
	}
}

// transStrip_g writes w rows of k words, ss words apart, as k rows of w words,
// ds words apart.
func transStrip_g(dst []float64, ds int, src []float64, ss, w, k int) {
	for i := 0; i < w; i++ {
		for p, v := range src[i*ss : i*ss+k] {
			dst[p*ds+i] = v
		}
	}
}

// packA lays h×k elements of op(A) out in panels: panel after panel from the
// top, column after column in a panel, a panel taking mr*k words whatever its
// height. src starts at the first element; it is stored by rows, or, if trans,
// by columns.
func (s *isa) packA(dst []float64, trans bool, src []float64, ld, h, k int) {
	i, t := 0, 0
	if trans {
		// Leave the last rows, which may be shared out, to the loop below.
		for ; h-i > 6*s.mr && s.copyFour(dst[t*s.mr*k:], s.mr, src[i:], ld, k); t += 4 {
			i += 4 * s.mr
		}
	}
	for ; i < h; t++ {
		mr := tileRows(h-i, s.mr)
		panel := dst[t*s.mr*k:]
		if trans {
			s.copyStrip(panel, s.mr, src[i:], ld, mr, k)
		} else {
			s.transStrip(panel, s.mr, src[i*ld:], ld, mr, k)
		}
		i += mr
	}
}

// packB lays k×w elements of op(B) out in panels of nr columns, row after row
// in a panel; panel t starts at t*nr*k.
func (s *isa) packB(dst []float64, trans bool, src []float64, ld, k, w int) {
	j := 0
	if !trans {
		for w-j >= 4*s.nr && s.copyFour(dst[j*k:], s.nr, src[j:], ld, k) {
			j += 4 * s.nr
		}
	}
	for ; j < w; j += s.nr {
		nr := min(s.nr, w-j)
		panel := dst[j*k:]
		if trans {
			s.transStrip(panel, s.nr, src[j*ld:], ld, nr, k)
		} else {
			s.copyStrip(panel, s.nr, src[j:], ld, nr, k)
		}
	}
}
