package partition

// A Cost estimates a multifrontal LDLᵀ factorization. A front that eliminates n
// unknowns and leaves m to its parent counts
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

// frontTime is the Time of a front that eliminates n unknowns and leaves m to
// its parent. Pivoting reads and writes the columns once each, at the speed of
// memory; the contribution block is written, and added to another; small kernels
// cost their calls.
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
