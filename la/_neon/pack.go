package main

import "fmt"

// packing writes the kernels that lay strips of a matrix out for the tiles. Strides are
// in bytes, and may be negative.
func (s *source) packing() {
	for _, w := range []int{8, 4, 2} {
		s.packCopy(w)
	}
	s.packFour(6)
	s.packFour(8)
	s.packTrans4()
	s.packTrans2()
	f := s.function("pause")
	for range 4 {
		f.op("YIELD")
	}
	f.op("RET")
}

// eachRow writes a loop of k rounds, none if k is zero.
func (f *function) eachRow(k R, body func()) {
	f.op("CBZ", k, "done")
	f.label("loop")
	body()
	f.op("SUBS", 1, k)
	f.op("BNE", "loop")
	f.label("done")
	f.op("RET")
}

// packCopy copies k rows of w words.
func (s *source) packCopy(w int) {
	f := s.function(fmt.Sprintf("packCopy%d", w))
	dst, src, ds, ss, k := f.arg("dst"), f.arg("src"), f.arg("dstStride"), f.arg("srcStride"), f.arg("k")
	v := f.vecs(w / 2)
	f.eachRow(k, func() {
		f.loadRow(v, src, 0)
		f.storeRow(v, dst, 0)
		f.op("ADD", ss, src)
		f.op("ADD", ds, dst)
	})
}

// packFour copies k rows of 4w words to four panels. Four at a time use whole cache
// lines of the source.
func (s *source) packFour(w int) {
	f := s.function(fmt.Sprintf("packFour%d", w))
	dst, src, panel, ss, k := f.arg("dst"), f.arg("src"), f.arg("panel"), f.arg("srcStride"), f.arg("k")
	to := f.rows(4, dst, panel)
	v := f.vecs(4 * w / 2)
	f.eachRow(k, func() {
		f.loadRow(v, src, 0)
		for i, p := range to {
			part := v[i*w/2 : (i+1)*w/2]
			f.storeRow(part, p, 0)
			f.op("ADD", 8*w, p)
		}
		f.op("ADD", ss, src)
	})
}

// packTrans4 writes four rows of k words as k rows of four.
func (s *source) packTrans4() {
	f := s.function("packTrans4")
	dst, src, ds, ss, k := f.arg("dst"), f.arg("src"), f.arg("dstStride"), f.arg("srcStride"), f.arg("k")
	from := f.rows(4, src, ss)
	v, t := f.vecs(4), f.vecs(4)
	f.op("SUBS", 2, k)
	f.op("BLT", "rest")
	f.label("loop")
	for i, p := range from {
		f.loadNext(2, v[i], p)
	}
	for i := range 2 {
		zip := fmt.Sprintf("VZIP%d", i+1)
		f.op(zip, v[1].words(), v[0].words(), t[2*i].words())
		f.op(zip, v[3].words(), v[2].words(), t[2*i+1].words())
		f.storeRow(t[2*i:2*i+2], dst, 0)
		f.op("ADD", ds, dst)
	}
	f.op("SUBS", 2, k)
	f.op("BGE", "loop")
	f.label("rest")
	f.op("ADD", 2, k)
	f.op("CBZ", k, "done")
	for i, p := range from {
		f.load(1, v[i], p, 0)
		f.store(1, v[i], dst, 8*i)
	}
	f.label("done")
	f.op("RET")
}

// packTrans2 writes two rows of k words as k rows of two.
func (s *source) packTrans2() {
	f := s.function("packTrans2")
	dst, src, ds, ss, k := f.arg("dst"), f.arg("src"), f.arg("dstStride"), f.arg("srcStride"), f.arg("k")
	from := f.rows(2, src, ss)
	v := f.vecs(2)
	f.eachRow(k, func() {
		for i, p := range from {
			f.loadNext(1, v[i], p)
			f.store(1, v[i], dst, 8*i)
		}
		f.op("ADD", ds, dst)
	})
}
