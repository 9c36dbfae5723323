package data

import (
	"fmt"
	"math"
)

// A resampler makes rows×cols images into side×side ones by area means: pixel
// (i, j) is the mean of the original over the rectangle that it covers, where an
// original pixel that is covered in part counts by that part.
type resampler struct {
	rows, cols, side int
	down, across     axis
	half             []float64 // side×cols
}

// An axis holds for each of its new pixels the old ones it covers and their
// shares: pixel i is Σ_k share[i][k] old[first[i]+k].
type axis struct {
	first []int
	share [][]float64
}

func newAxis(old, new int) axis {
	a := axis{make([]int, new), make([][]float64, new)}
	for i := range new {
		// In units of 1/new of an old pixel all bounds are integers.
		lo, hi := i*old, (i+1)*old
		a.first[i] = lo / new
		for p := lo / new; p*new < hi; p++ {
			covered := min(hi, (p+1)*new) - max(lo, p*new)
			a.share[i] = append(a.share[i], float64(covered)/float64(old))
		}
	}
	return a
}

func newResampler(rows, cols, side int) (*resampler, error) {
	switch {
	case rows < 1 || cols < 1:
		return nil, fmt.Errorf("the samples are not images, so they cannot be made smaller")
	case side < 1:
		return nil, fmt.Errorf("images of side %d; it must be at least 1", side)
	case side > min(rows, cols):
		return nil, fmt.Errorf("images of side %d from images of %d×%d; they can only be made smaller", side, rows, cols)
	case rows > math.MaxInt32 || cols > math.MaxInt32:
		return nil, fmt.Errorf("images of %d×%d are too large", rows, cols)
	}
	return &resampler{rows, cols, side, newAxis(rows, side), newAxis(cols, side), make([]float64, side*cols)}, nil
}

// image stores the small form of src in dst.
func (r *resampler) image(dst, src []float64) {
	clear(r.half)
	for i, shares := range r.down.share {
		row := r.half[i*r.cols : (i+1)*r.cols]
		for k, w := range shares {
			for j, v := range src[(r.down.first[i]+k)*r.cols:][:r.cols] {
				row[j] += w * v
			}
		}
	}
	for i := range r.side {
		row := r.half[i*r.cols : (i+1)*r.cols]
		for j, shares := range r.across.share {
			s := 0.0
			for k, w := range shares {
				s += w * row[r.across.first[j]+k]
			}
			dst[i*r.side+j] = s
		}
	}
}
