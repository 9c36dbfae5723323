package certify

import "math"

const (
	// enough is the number of directions from which the determinant's error is bounded.
	enough = 4

	// lucky is how many times the size of G that enough directions show its nuclear norm may
	// be at all where one singular value σ stands out: n‖Gx‖² is then σ² times a chi-square
	// variable of one degree of freedom a direction, and the mean of four of these is below
	// 1/lucky² once in lucky⁴/2 = 1/chance.
	lucky = 1190

	// bulk is the same, in units of √n, where many singular values are alike: the mean is
	// then far closer to its expectation, and what counts is that the nuclear norm of r equal
	// ones is √r times the Frobenius norm. Between the two extremes, with r of them, √r/q for
	// q² the 1e-12 quantile of χ²/4r over 4r degrees of freedom is 60 for r = 2, 16 for 4 and 10 for 16.
	bulk = 4
)

// LogDet returns log|det A| and a bound of its absolute error, as Inertia does; the bound
// costs two solves more.
func (j *Judge) LogDet() (logAbs, bound float64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.judge()
	return j.logAbs, j.bound()
}

// keep records a log-determinant and a bound of its error.
func (j *Judge) keep(logAbs, bound float64) {
	j.logAbs, j.logError, j.bounded = logAbs, bound, true
}

// bound is the bound of the error of the log-determinant, made once.
func (j *Judge) bound() float64 {
	if !j.bounded {
		j.keep(j.logAbs, j.logBound())
	}
	return j.logError
}

// logBound bounds the error of the log-determinant of the factors at hand, of the
// matrix that the engine has factored. With F = (I − G)⁻¹A for the product of the factors and s
// for the nuclear norm of G, the sum of its singular values,
//
//	|log|det A| − log|det F|| = |log|det(I − G)|| ≤ s / (1 − s)
//
// for s < 1, since Σ|λ| ≤ s for the eigenvalues λ of G (H. Weyl, Inequalities between the
// two kinds of eigenvalues of a linear transformation, 1949). To this comes the rounding of the
// logarithm itself.
func (j *Judge) logBound() float64 {
	if w := j.enclosing(); w != nil {
		return w.logBound()
	}
	s := j.nuclear()
	if !(s < 0.5) { // the bound would exceed 1: then not even the order of magnitude is known
		return math.Inf(1)
	}
	return s/(1-s) + j.stats.LogRound
}

// enclosing is a judge of the larger matrix that the engine has factored, nil where that is A
// itself.
func (j *Judge) enclosing() *Judge {
	e, ok := j.engine.(Enclosing)
	if !ok {
		return nil
	}
	engine, op := e.Whole()
	if j.whole == nil {
		j.whole = new(Judge)
		j.whole.Begin(engine, op, j.set, nil)
	}
	if !j.enclosed {
		j.whole.settle(j.stats, j.finding)
		j.enclosed = true
	}
	return j.whole
}

// nuclear is an upper estimate of the nuclear norm of G, wrong with probability chance.
//
// A solve that measures G rounds too, and what it rounds may cancel what the factors err. For a
// random direction x that is no likelier than that x misses G: where Gx is σ(vᵀx)u, a normal
// variable is no likelier to be close to another number than to 0. For the unit vectors of small
// matrices, few of whose operations round at all, it does happen, and is added.
func (j *Judge) nuclear() float64 {
	p, n := j.probe(), float64(j.n)
	if j.n <= few {
		// Σ‖Ge‖² over the unit vectors is ‖G‖_F², and √Σ(a + b)² ≤ √Σa² + √Σb².
		return math.Sqrt(n) * (math.Sqrt(p.squares) + j.rounding()*math.Sqrt(p.inverses))
	}
	if p.tried < enough {
		w := j.space(1)
		defer j.pool.Put(w)
		for p.tried < enough {
			if !j.further(w, &p) {
				return math.Inf(1)
			}
		}
		j.found = p
	}
	return (lucky + bulk*math.Sqrt(n)) * math.Sqrt(n*p.squares/float64(p.tried)) // E‖Gx‖² = ‖G‖_F²/n
}
