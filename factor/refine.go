package factor

import (
	"math"
	"sync"

	"costate/la"
)

// solve solves for the nrhs rows of w.b into w.x, and measures and refines each.
// Rows are refined side by side, on as many threads as the backend has.
func (g *guard) solve(w *solveSpace, nrhs int) error {
	n := g.n
	for i, v := range w.b {
		if v-v != 0 {
			return &la.NotFiniteError{Where: "right-hand side", Index: i % n, Value: v}
		}
	}
	copy(w.x, w.b)
	g.kernel.solve(w.x, nrhs)
	parts := min(nrhs, g.opts.Backend.Threads())
	if parts == 1 {
		o := g.refineRows(w, w, 0, nrhs)
		g.note(o.reached, o.steps, o.norm)
		return o.err(g.opts.Tolerance)
	}
	outcomes := g.share(w, nrhs, parts)
	worst := outcomes[0]
	for _, o := range outcomes[1:] {
		worst.steps, worst.norm = max(worst.steps, o.steps), max(worst.norm, o.norm)
		if o.reached > worst.reached {
			worst.reached, worst.column = o.reached, o.column
		}
	}
	g.note(worst.reached, worst.steps, worst.norm)
	return worst.err(g.opts.Tolerance)
}

// outcome is how the refinement of some columns went: the worst backward error,
// its column, the most steps and the bound of ‖H‖ used last.
type outcome struct {
	reached float64
	column  int
	steps   int
	norm    float64
}

func (o outcome) err(tolerance float64) error {
	if o.reached <= tolerance && !math.IsInf(o.reached, 1) {
		return nil
	}
	return &AccuracyError{Reached: o.reached, Wanted: tolerance, Column: o.column}
}

// shares are the parts of a refinement side by side. The functions are made
// once, so that starting them again allocates nothing.
type shares struct {
	nrhs, parts int
	outcomes    []outcome
	run         []func()
	wait        sync.WaitGroup
}

// share refines the nrhs rows of w.x in so many parts side by side, each with a
// workspace of its own.
func (g *guard) share(w *solveSpace, nrhs, parts int) []outcome {
	s := &w.shares
	s.nrhs, s.parts = nrhs, parts
	for i := len(s.run); i < parts; i++ {
		s.outcomes = append(s.outcomes, outcome{})
		s.run = append(s.run, func() {
			defer s.wait.Done()
			own := g.space(1)
			defer g.pool.put(own)
			s.outcomes[i] = g.refineRows(own, w, i*s.nrhs/s.parts, (i+1)*s.nrhs/s.parts)
		})
	}
	s.wait.Add(parts)
	for _, run := range s.run[:parts] {
		go run()
	}
	s.wait.Wait()
	return s.outcomes[:parts]
}

// refineRows refines the rows from to to of w.x, with the workspace own.
func (g *guard) refineRows(own, w *solveSpace, from, to int) outcome {
	n := g.n
	var o outcome
	for j := from; j < to; j++ {
		reached, steps := g.refine(own, w.x[j*n:(j+1)*n], w.b[j*n:(j+1)*n], own.d[:n])
		o.steps, o.norm = max(o.steps, steps), max(o.norm, own.norm)
		if !(reached <= o.reached) {
			o.reached, o.column = reached, j
		}
	}
	return o
}

// note records how a solve went.
func (g *guard) note(reached float64, steps int, norm float64) {
	g.mu.Lock()
	g.report.BackwardError, g.report.Refinements, g.report.NormH = reached, steps, norm
	g.mu.Unlock()
}

// refine improves x until its backward error meets the tolerance: steps of
// iterative refinement while they help, then, where the factors belong to a
// shifted matrix and the asked one is ill conditioned, a Krylov method with the
// factors as preconditioner. It returns the backward error of x as it leaves.
//
// A solution good enough even by the bound of ‖H‖ that its own residual gives
// needs no better estimate.
func (g *guard) refine(w *solveSpace, x, b, d []float64) (reached float64, steps int) {
	nb := norm2(b)
	if nb == 0 {
		clear(x)
		return 0, 0
	}
	if reached = g.residual(w, d, x, b, nb, 0); reached <= g.opts.Tolerance {
		return reached, 0
	}
	norm := g.estimateNorm()
	reached, steps = g.improve(w, x, b, d, nb, norm)
	if !(reached <= g.opts.Tolerance) {
		steps += g.gmres(w, x, b, nb, norm, &reached)
	}
	return reached, steps
}

// improve is iterative refinement: x += F⁻¹(b − (H+εI)x) for the factors F,
// as long as each step halves the backward error.
func (g *guard) improve(w *solveSpace, x, b, d []float64, nb, norm float64) (reached float64, steps int) {
	reached = g.residual(w, d, x, b, nb, norm)
	for reached > g.opts.Tolerance && steps < g.opts.MaxRefinements {
		copy(w.best, x)
		g.kernel.solve(d, 1)
		for i, v := range d {
			x[i] += v
		}
		next := g.residual(w, d, x, b, nb, norm)
		steps++
		if !(next < reached) {
			copy(x, w.best)
			break
		}
		slow := next > reached/2
		reached = next
		if slow {
			break
		}
	}
	return reached, steps
}

// residual writes d = b − (H + diag(ε)) x and returns the normwise backward
// error of x, infinite where x is not finite. norm is a lower bound of ‖H‖₂;
// ‖Hx‖/‖x‖ is another, and the greater of the two counts.
func (g *guard) residual(w *solveSpace, d, x, b []float64, nb, norm float64) float64 {
	w.product.HessVec(d, x)
	hx, nx := norm2(d), norm2(x)
	g.addDamping(d, x)
	for i := range d {
		d[i] = b[i] - d[i]
	}
	if w.norm = norm; nx > 0 {
		w.norm = max(norm, hx/nx)
	}
	against := max(norm*nx, hx) + nb
	e := norm2(d) / against
	if e != e || math.IsInf(against, 1) { // an overflow measures nothing
		return math.Inf(1)
	}
	return e
}

// apply computes dst = (H + diag(ε)) v.
func (g *guard) apply(w *solveSpace, dst, v []float64) {
	w.product.HessVec(dst, v)
	g.addDamping(dst, v)
}

// addDamping computes dst += diag(ε) v.
func (g *guard) addDamping(dst, v []float64) {
	for k, e := range g.eps {
		for i := g.offsets[k]; i < g.offsets[k+1]; i++ {
			dst[i] += e * v[i]
		}
	}
}

const (
	krylovLength = 30 // basis vectors between restarts
	krylovCycles = 3
)

// krylovSpace is the workspace of gmres.
type krylovSpace struct {
	v    []float64 // (krylovLength+1)×n: orthonormal basis
	h    [krylovLength + 1][krylovLength]float64
	c, s [krylovLength]float64 // Givens rotations
	y    [krylovLength + 1]float64
}

// gmres improves x by restarted GMRES on (H+εI) F⁻¹ u = r, x += F⁻¹u, where F
// are the factors at hand. It keeps the best x.
//
// Source: Y. Saad and M. H. Schultz, GMRES: a generalized minimal residual
// algorithm for solving nonsymmetric linear systems, SIAM J. Sci. Stat.
// Comput. 7 (1986).
func (g *guard) gmres(w *solveSpace, x, b []float64, nb, norm float64, reached *float64) (steps int) {
	n := g.n
	k := &w.krylov
	k.v = resize(k.v, (krylovLength+1)*n)
	basis := func(i int) []float64 { return k.v[i*n : (i+1)*n] }
	if math.IsInf(*reached, 1) {
		clear(x) // nothing worth improving
	}
	for range krylovCycles {
		start := *reached
		copy(w.best, x)
		g.residual(w, basis(0), x, b, nb, norm)
		beta := norm2(basis(0))
		if beta == 0 || beta != beta || math.IsInf(beta, 0) {
			return steps
		}
		scale(1/beta, basis(0))
		k.y = [krylovLength + 1]float64{beta}
		m := 0
		for m < min(krylovLength, n) {
			copy(w.h, basis(m))
			g.kernel.solve(w.h, 1)
			next := basis(m + 1)
			g.apply(w, next, w.h)
			steps++
			for range 2 { // orthogonalised twice, so that it stays orthogonal
				for i := range m + 1 {
					t := dot(basis(i), next)
					axpy(-t, basis(i), next)
					k.h[i][m] += t
				}
			}
			t := norm2(next)
			if t != t || math.IsInf(t, 0) {
				break
			}
			k.h[m+1][m] = t
			if t > 0 {
				scale(1/t, next)
			}
			for i := range m {
				k.h[i][m], k.h[i+1][m] = k.c[i]*k.h[i][m]+k.s[i]*k.h[i+1][m], k.c[i]*k.h[i+1][m]-k.s[i]*k.h[i][m]
			}
			r := math.Hypot(k.h[m][m], t)
			if r == 0 {
				break
			}
			k.c[m], k.s[m] = k.h[m][m]/r, t/r
			k.h[m][m] = r
			k.y[m], k.y[m+1] = k.c[m]*k.y[m], -k.s[m]*k.y[m]
			m++
			if math.Abs(k.y[m]) <= 0.1*g.opts.Tolerance*nb || t == 0 {
				break
			}
		}
		for i := m - 1; i >= 0; i-- {
			for j := i + 1; j < m; j++ {
				k.y[i] -= k.h[i][j] * k.y[j]
			}
			k.y[i] /= k.h[i][i]
		}
		clear(w.h)
		for i := range m {
			axpy(k.y[i], basis(i), w.h)
		}
		k.h = [krylovLength + 1][krylovLength]float64{}
		g.kernel.solve(w.h, 1)
		for i, v := range w.h {
			x[i] += v
		}
		if e := g.residual(w, basis(0), x, b, nb, norm); e < start {
			*reached = e
		} else {
			copy(x, w.best)
			return steps
		}
		if *reached <= g.opts.Tolerance || *reached > start/2 {
			return steps
		}
	}
	return steps
}

func scale(a float64, x []float64) {
	for i := range x {
		x[i] *= a
	}
}

func axpy(a float64, x, y []float64) {
	for i, v := range x {
		y[i] += a * v
	}
}

func dot(x, y []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}
