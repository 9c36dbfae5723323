//go:build cgo && mumps

package mumps

import (
	"math"

	"costate/internal/space"
	"costate/la/ranks"
	"costate/la/vec"
	"costate/system"
)

// A share is what one rank holds of the augmented system K of a chain: what some of its
// stages write, and of the diagonal the unknowns of those stages.
type share struct {
	k        *system.Augmented // with the damping at hand
	from, to int               // its stages
	damped   []int32           // of each parameter of these, the place of its diagonal in the values of k
	base     []float64         // the value there without damping

	rows, cols []int32   // of the entries of k and, after them, of a diagonal, from 1
	vals       []float64 // those of S k S, and shifts on the diagonal

	s []float64 // the diagonal of S, powers of two

	x, y []float64 // scratch: a vector, and one in twice the working precision
}

// follow is the part of another rank than 0 in commands about K.
func (s *share) follow(c *command) {
	switch c.Step {
	case stepTake:
		part, err := system.DecodePart(ranks.Scatter(nil))
		if err != nil {
			ranks.Fail(err)
		}
		s.take(part)
	case stepDamp:
		s.damp(c.Eps)
	case stepNorm:
		s.norm(nil)
	case stepScale:
		s.scale()
		s.norm(s.s)
	case stepProduct:
		s.product(s.scratch(1), s.x)
	case stepResidual:
		s.scratch(2)
		clear(s.y)
		s.residual(s.y, s.x, 0)
	case stepStored:
		s.stored()
	}
}

// scratch makes room for x and y, which has so many numbers for each of x.
func (s *share) scratch(parts int) []float64 {
	n := s.k.Order()
	s.x, s.y = space.Resize(s.x, n), space.Resize(s.y, parts*n)
	return s.y
}

// take takes the stages of this rank, at the damping 0.
func (s *share) take(p *system.Part) {
	if s.k != nil {
		s.k.UpdatePart(p, 0)
	} else {
		s.k, s.from, s.to = system.AssemblePart(p, 0), p.From, p.To
		s.list()
	}
	val := s.k.K.RawLower().Val
	for i, at := range s.damped {
		s.base[i] = val[at]
	}
}

// list lists the coordinates.
func (s *share) list() {
	low := s.k.K.RawLower()
	for i := range low.N {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			s.rows, s.cols = append(s.rows, int32(i+1)), append(s.cols, low.Col[t]+1)
		}
	}
	for k := s.from; k < s.to; k++ {
		x, y, m := s.k.Stage(k)
		for _, r := range [][2]int{x, y, m} {
			for i := r[0]; i < r[1]; i++ {
				s.rows, s.cols = append(s.rows, int32(i+1)), append(s.cols, int32(i+1))
			}
		}
		for i := x[0]; i < x[1]; i++ {
			s.damped = append(s.damped, int32(s.k.K.Index(i, i)))
		}
	}
	s.base, s.vals = make([]float64, len(s.damped)), make([]float64, len(s.rows))
	s.s = make([]float64, low.N)
	for i := range s.s {
		s.s[i] = 1
	}
}

// damp writes the damping of each stage to the diagonal; an empty slice is none.
func (s *share) damp(eps []float64) {
	val, i := s.k.K.RawLower().Val, 0
	for k := s.from; k < s.to; k++ {
		e := 0.0
		if len(eps) > 0 {
			e = eps[k]
		}
		x, _, _ := s.k.Stage(k)
		for range x[1] - x[0] {
			val[s.damped[i]] = s.base[i] + e
			i++
		}
	}
}

// shift makes the values that MUMPS is given: S (K + shift·I) S + even·I.
func (s *share) shift(shift, even float64) {
	low := s.k.K.RawLower()
	for i := range low.N {
		si := s.s[i]
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			s.vals[t] = low.Val[t] * (si * s.s[low.Col[t]])
		}
	}
	for t := len(low.Val); t < len(s.vals); t++ {
		si := s.s[s.rows[t]-1]
		s.vals[t] = shift*(si*si) + even
	}
}

// product computes y = K x on all ranks, for the x of rank 0.
func (s *share) product(y, x []float64) {
	ranks.Broadcast(x)
	s.k.K.MulVecTo(y, x)
	ranks.Sum(y)
}

// residual computes y ← y − (K + shift·I) x in twice the working precision, for the x of
// rank 0 and the sums over all ranks of y and shift.
func (s *share) residual(y, x []float64, shift float64) {
	ranks.Broadcast(x)
	s.k.K.SubProduct(y, x, shift)
	ranks.SumPairs(y)
}

// norm is a lower bound of ‖S K S‖₂ for a diagonal S, the identity if it is nil: the largest
// 2-norm of a column, without elements that two ranks may have a part of, which are those
// between states at the ends of their ranges.
func (s *share) norm(scale []float64) float64 {
	squares := s.scratch(1)
	clear(squares)
	low, largest := s.k.K.RawLower(), 0.0
	for i := range low.N {
		end := s.end(i)
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j, v := int(low.Col[t]), low.Val[t]
			if end >= 0 && s.end(j) == end {
				continue
			}
			if scale != nil {
				v *= scale[i] * scale[j]
			}
			largest = max(largest, math.Abs(v))
			squares[i] += v * v
			if i != j {
				squares[j] += v * v
			}
		}
	}
	ranks.Sum(squares)
	most := []float64{largest}
	ranks.Max(most)
	return max(math.Sqrt(vec.MaxMagnitude(squares)), most[0])
}

// end is the stage of a state that another rank may also write to, else −1.
func (s *share) end(i int) int {
	for _, k := range [2]int{s.from - 1, s.to - 1} {
		if k < 0 || k == s.k.Stages()-1 {
			continue
		}
		if _, y, _ := s.k.Stage(k); i >= y[0] && i < y[1] {
			return k
		}
	}
	return -1
}

// stored returns on rank 0 the number of elements of K that each rank stores.
func (s *share) stored() []int64 {
	var all []int64
	for _, m := range ranks.Gather(ranks.Encode(s.k.K.Stored())) {
		var stored int
		ranks.Decode(m, &stored)
		all = append(all, int64(stored))
	}
	return all
}
