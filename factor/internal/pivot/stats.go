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
	LogRound       float64 // a bound of the rounding error of LogAbs, for the pivots as they are

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
	least    float64 // the smallest pivot, met in row; 0 where one is a NaN
	row      int
	negative int
	product  float64 // of the pivots, times 2^exponent
	exponent int
	rounding float64 // relative error of product, in units of Unit
}

// count begins with a block of order m, number place, whose largest element is big.
func (p *Stats) count(m int, big float64, place int) counter {
	if big-big != 0 {
		p.Finite = false
	}
	return counter{p: p, unit: float64(m) * Unit * max(big, p.Spread), place: place, least: math.Inf(1), row: -1, product: 1}
}

// add records a pivot d, an eigenvalue of a block of D, met in row i. One logarithm
// serves a block.
func (c *counter) add(d float64, i int) {
	a := math.Abs(d)
	if a < c.least {
		c.least, c.row = a, i
	}
	c.negative += int(math.Float64bits(d) >> 63) // signs are no pattern to predict
	c.rounding++
	if p := c.product * a; a > 0x1p-500 && a < 0x1p500 && p > 0x1p-500 && p < 0x1p500 {
		c.product = p
		return
	}
	c.far(d, i)
}

// far is the rest of add where |d| or the product is very small or large, or d is zero or
// not finite.
func (c *counter) far(d float64, i int) {
	p, a := c.p, math.Abs(d)
	if !(a > 0) && math.Signbit(d) {
		c.negative-- // it is not less than zero
	}
	switch {
	case a == 0:
		p.Zero++
	case a != a:
		c.least, c.row = 0, i
		p.Finite = false
	case a > math.MaxFloat64:
		p.Finite = false
		if c.row < 0 {
			c.row = i
		}
	}
	if !(a > 0 && a <= math.MaxFloat64) {
		p.LogAbs += math.Log(a)
		return
	}
	f, e := math.Frexp(a)
	g, h := math.Frexp(c.product)
	c.product, c.exponent = f*g, c.exponent+e+h
}

// done adds what was met, and the logarithm of the determinant.
func (c *counter) done() {
	p := c.p
	p.Negative += c.negative
	if t := c.least / c.unit; c.row >= 0 && !(t >= p.Tiny) {
		p.Tiny, p.Block, p.Row = t, c.place, c.row
		if t != t { // 0/0: the block is zero
			p.Tiny = 0
		}
	}
	f, e := math.Frexp(c.product)
	p.AddLog(math.Log(f)+float64(c.exponent+e)*math.Ln2, c.rounding)
}

// AddLog adds a term to LogAbs, the logarithm of a number whose relative error is rounding
// times Unit. The term is a logarithm with an error of one unit in its last place, or a multiple of
// one, or log f + e log 2 with ½ ≤ f < 1, where no part is larger than |term| + 1.
func (p *Stats) AddLog(term, rounding float64) {
	p.LogAbs += term
	p.LogRound += Unit * (rounding + 4*(math.Abs(term)+1) + math.Abs(p.LogAbs))
}

// Rounding2 bounds the relative error of the determinant l1·l2 of a pivot [d e; e f] of order
// two whose smaller eigenvalue l2 is (d/l1)f − (e/l1)e, in units of Unit.
func Rounding2(d, e, f, l1, l2 float64) float64 {
	return 8 + 2*(math.Abs(d/l1*f)+math.Abs(e/l1*e))/math.Abs(l2)
}
