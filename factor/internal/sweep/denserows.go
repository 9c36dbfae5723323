package sweep

import "costate/la/blas"

// The loops over rows of denseStage that bands shares out.

// scaleRows computes the rows lo to hi of φ'Pφ' in place.
func (d *denseStage) scaleRows(lo, hi int) {
	diag := d.s.J.Diag
	n := len(diag)
	for i := lo; i < hi; i++ {
		di := diag[i]
		row := d.ps[i*n : (i+1)*n]
		for j, dj := range diag {
			row[j] *= di * dj
		}
	}
}

// foldRows computes the rows lo to hi of t1 = P_s (U⊗I): each row of P_s,
// rows×Out, times Uᵀ from the left.
func (d *denseStage) foldRows(lo, hi int) {
	s, m := d.s, d.pivot.M
	n := d.rows * s.Out
	for i := lo; i < hi; i++ {
		d.f.serial.Gemm(blas.Trans, blas.NoTrans, d.r, s.Out, d.rows, 1, d.u, d.r, d.ps[i*n:(i+1)*n], s.Out, 0, d.f.t1[i*m:(i+1)*m], s.Out)
	}
}

// addCoupling adds C to the rows lo to hi of K: C[(j,o),(b,·)] = δ[b,o] Q₁[·,j].
func (d *denseStage) addCoupling(lo, hi int) {
	s := d.s
	in, ni := s.In, d.pivot.N
	for i := lo; i < hi; i++ {
		j, o := i/s.Out, i%s.Out
		q := d.q[j*d.zin : j*d.zin+in]
		row := d.pivot.W[i*ni : (i+1)*ni]
		for b := range d.rows {
			c := s.Delta[b*s.Out+o]
			dst := row[b*in : (b+1)*in]
			for l, v := range q {
				dst[l] += c * v
			}
		}
	}
}

// subtractPerp subtracts (1/ε) δδᵀ⊗Π from the lower triangle of the next P, in
// the numbers of the rows lo to hi of the batch.
func (d *denseStage) subtractPerp(lo, hi int) {
	in, ni, batch := d.s.In, d.pivot.N, d.rows
	for b := lo; b < hi; b++ {
		for i := range in {
			row := d.f.next[(b*in+i)*ni:]
			pi := d.perp[i*in : (i+1)*in]
			for c := range b + 1 {
				t := d.dd[b*batch+c]
				dst := row[c*in : (c+1)*in]
				for j, v := range pi {
					dst[j] -= t * v
				}
			}
		}
	}
}
