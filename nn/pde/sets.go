package pde

import (
	"fmt"
	"math"

	"costate/factor"
	"costate/la/vec"
)

// A set is the points of a group.
type set struct {
	group  *Group
	n      int
	counts []int     // points of each region
	first  int       // row of the first one; all points of a residual after those of the one before
	x      []float64 // n×d
	scale  []float64 // √(w_g ω_a)
}

// residuals is how many residuals each point has.
func (s *set) residuals() int { return 1 + len(s.group.More) }

// count decides how many points each group has: the regions of the first one share
// Interior, those of all others Boundary.
func (o *Objective) count() {
	d, regions := o.problem.Dim(), 0
	for i := range o.problem.Groups[1:] {
		regions += len(o.problem.Groups[1+i].Regions)
	}
	for i := range o.problem.Groups {
		g := &o.problem.Groups[i]
		s := set{group: g, first: o.rows, n: len(g.Points) / d}
		for r := range g.Regions {
			share := 0
			if i == 0 {
				share = o.opts.Interior / len(g.Regions)
			} else {
				share = o.opts.Boundary / regions
			}
			n := countOf(o.opts.Points, max(1, share), g.Regions[r].Dim)
			s.counts = append(s.counts, n)
			s.n += n
		}
		o.rows += s.n * s.residuals()
		o.sets = append(o.sets, s)
	}
}

// bytes is what training takes for so many residuals: the Jacobian, the matrix of a step
// and its factor, and two passes of each point with all that they keep.
func (o *Objective) bytes(rows int) int64 {
	q, p := float64(rows), float64(o.net.params)
	units, most := 0.0, 1
	for _, l := range o.net.layers {
		units += float64(l.in + l.out)
	}
	for i := range o.sets {
		g := o.sets[i].group
		most = max(most, g.sides()*g.taylor(o.problem.Dim()))
	}
	least := min(q, p)
	b := 8 * (q*p + 2*least*least + q*units*float64(5*most+10))
	return int64(min(b, math.MaxInt64/2))
}

func (o *Objective) checkMemory() error {
	limit := o.opts.MemoryLimit
	need := o.bytes(o.rows)
	if limit <= 0 || need <= limit {
		return nil
	}
	fit := 0
	for step := o.rows; step > 0; step /= 2 {
		for o.bytes(fit+step) <= limit {
			fit += step
		}
	}
	return &factor.MemoryError{Needed: need, Limit: limit, What: fmt.Sprintf("the Jacobian of %d residuals in %d parameters", o.rows, o.net.params),
		Instead: fmt.Sprintf("%d residuals would fit", fit)}
}

// draw makes the points of a round. Those of round n depend on the seed and n alone.
func (o *Objective) draw(round int) error {
	o.round = round
	stream := uint64(round) << 16 // there are fewer regions than that
	for i := range o.sets {
		s := &o.sets[i]
		copy(s.x, s.group.Points)
		for a := range s.scale {
			s.scale[a] = 1 / float64(s.n)
		}
		at := 0
		for r, n := range s.counts {
			o.drawRegion(s, &s.group.Regions[r], at, n, stream)
			at += n
			stream++
		}
		if err := o.weigh(s); err != nil {
			return err
		}
	}
	return nil
}

// drawRegion makes n points of a set, from the one at on, and stores their ω.
func (o *Objective) drawRegion(s *set, region *Region, at, n int, stream uint64) {
	d := o.problem.Dim()
	t, w := make([]float64, n*region.Dim), s.scale[at:at+n]
	cube(t, w, o.opts.Points, region.Dim, o.opts.Seed, stream)
	vec.Scale(w, 1/float64(len(s.counts)), w)
	for a := range n {
		region.Map(s.x[(at+a)*d:(at+a+1)*d], t[a*region.Dim:(a+1)*region.Dim])
	}
}

// weigh makes the scales of the set's points of their ω. The error names the first
// point that is outside of the domain.
func (o *Objective) weigh(s *set) error {
	d, weight := o.problem.Dim(), s.group.Weight
	if weight == 0 {
		weight = 1
	}
	for a, w := range s.scale {
		s.scale[a] = math.Sqrt(weight * w)
		x, word := s.x[a*d:(a+1)*d], "point"
		outside := !o.problem.inside(x)
		if partner := s.group.Partner; !outside && partner != nil {
			x2 := make([]float64, d)
			partner(x2, x)
			x, word, outside = x2, "the partner of point", !o.problem.inside(x2)
		}
		if outside {
			return fmt.Errorf("pde: %s: %s %d of group %s, %v, is outside of the domain", o.problem.Name, word, a+1, s.group.Name, x)
		}
	}
	return nil
}
