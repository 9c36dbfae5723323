package pivot

import "math"

// Unit is the unit roundoff of float64.
const Unit = 0x1p-53

// Stats is what a factorization learned from its pivots: facts, without a
// verdict. All magnitudes are in the units of the matrix that was asked to be
// factored.
type Stats struct {
	Negative, Zero int     // pivots below zero, and zero
	LogAbs         float64 // log|det|

	// Growth is the largest element of the pivot blocks, Scale a lower bound
	// of the norm of the matrix read off on the way.
	Growth, Scale float64

	// Spread is the largest element of the matrices from which the pivot
	// blocks were formed. Where it is larger than they are, they are what a
	// cancellation left.
	Spread float64

	// Tiny is the smallest pivot in units of the rounding error of its block,
	//
	//	|d| / (order · Unit · max(|S|, Spread)),
	//
	// an eigenvalue of a 2×2 block for d. It was met at (Block, Row), each -1 where
	// that is not known.
	Tiny       float64
	Block, Row int

	// Finite is false if a NaN or an infinity was met.
	Finite bool
}

// Empty is the Stats of a factorization without pivots.
func Empty() Stats { return Stats{Finite: true, Tiny: math.Inf(1), Block: -1, Row: -1} }

// A counter records the pivots of one block.
type counter struct {
	p        *Stats
	unit     float64 // the rounding error of the block
	place    int
	product  float64 // of the pivots, times 2^exponent
	exponent int
}

// count begins with a block of order m, number place, whose largest element is big.
func (p *Stats) count(m int, big float64, place int) counter {
	if big-big != 0 {
		p.Finite = false
	}
	return counter{p: p, unit: float64(m) * Unit * max(big, p.Spread), place: place, product: 1}
}

// add records a pivot d, an eigenvalue of a block of D, met in row i.
func (c *counter) add(d float64, i int) {
	p := c.p
	switch {
	case d < 0:
		p.Negative++
	case d == 0:
		p.Zero++
	}
	a := math.Abs(d)
	if d-d != 0 {
		p.Finite = false
	}
	c.multiply(a)
	if t := a / c.unit; !(t >= p.Tiny) {
		p.Tiny, p.Block, p.Row = t, c.place, i
		if t != t { // 0/0: the block is zero
			p.Tiny = 0
		}
	}
}

// multiply takes |d| into the product: one logarithm serves a block.
func (c *counter) multiply(a float64) {
	if !(a > 0 && a <= math.MaxFloat64) {
		c.p.LogAbs += math.Log(a)
		return
	}
	if a > 0x1p500 || a < 0x1p-500 {
		f, e := math.Frexp(a)
		a = f
		c.exponent += e
	}
	c.product *= a
	if c.product > 0x1p500 || c.product < 0x1p-500 {
		f, e := math.Frexp(c.product)
		c.product, c.exponent = f, c.exponent+e
	}
}

// done adds the logarithm of the determinant.
func (c *counter) done() { c.p.LogAbs += math.Log(c.product) + float64(c.exponent)*math.Ln2 }
