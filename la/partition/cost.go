package partition

// A Cost estimates a block LDLᵀ factorization. A pivot block of order n that
// couples to m unknowns of the next block counts
//
//	flops   n³/3 + n²m + nm²
//	bytes   8 (n² + nm)
//
// where a multiplication and an addition are two flops.
type Cost struct {
	Flops float64 // of one factorization
	Bytes float64 // of the factor
	Solve float64 // flops for one right-hand side

	// Time is what alternatives are compared by: the flops, and whatever else
	// factoring costs as the number of flops that take as long at full speed.
	Time float64
}

// add counts a pivot block of order n that couples to m unknowns.
func (c *Cost) add(n, m int) {
	x, y := float64(n), float64(m)
	f := x*x*x/3 + x*x*y + x*y*y
	c.Flops += f
	c.Bytes += 8 * (x*x + x*y)
	c.Solve += 2*x*x + 4*x*y
	c.Time += blockTime(n, m)
}

// blockTime is the Time of a pivot block of order n that couples to m unknowns.
// Pivoting reads and writes the block once a column, at the speed of memory, and
// small kernels cost their calls. The weights fit measurements of block LDLᵀ
// with n = 1 … 384 and m = 1 … n on one core of an AMD EPYC, pure Go kernels,
// within a third; full speed there was 25 Gflop/s.
func blockTime(n, m int) float64 {
	x, y := float64(n), float64(m)
	return x*x*x/3 + x*x*y + x*y*y + 400*x*x + 2000*(x+y) + 5000
}

// frontTime is the Time of a front that eliminates n unknowns and leaves m to
// its parent: besides what blockTime has, the contribution block is written, and
// added to another.
func frontTime(n, m int) float64 {
	x, y := float64(n), float64(m)
	return x*x*x/3 + x*x*y + x*y*y + 200*x*x + 30*x*y + 30*y*y + 1000*(x+y) + 5000
}

// fullSpeed is the flops a second that turn the Time of fronts into seconds, on one
// core of an AMD EPYC; predictions are within a half of measurements.
const fullSpeed = 14e9

// Seconds predicts those of one factorization on one core.
func (c *Cost) Seconds() float64 { return c.Time / fullSpeed }

// addFront counts a front that eliminates n unknowns and leaves m to its parent.
func (c *Cost) addFront(n, m int) {
	x, y := float64(n), float64(m)
	c.Flops += x*x*x/3 + x*x*y + x*y*y
	c.Bytes += 8 * (x*x + x*y)
	c.Solve += 2*x*x + 4*x*y
	c.Time += frontTime(n, m)
}

// Add returns the sum of two costs.
func (c Cost) Add(d Cost) Cost {
	return Cost{Flops: c.Flops + d.Flops, Bytes: c.Bytes + d.Bytes, Solve: c.Solve + d.Solve, Time: c.Time + d.Time}
}

// Cost estimates the factorization of the block-tridiagonal matrix that g
// fills, without making it.
func (g *Gather) Cost() Cost {
	var c Cost
	for k := 0; k < g.part.Blocks(); k++ {
		m := 0
		if k < len(g.rows) {
			m = len(g.rows[k])
		}
		c.add(g.part.Size(k), m)
	}
	return c
}
