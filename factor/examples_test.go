package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// kalman is an independent smoother of the local level model: the recursions of
// Kalman forwards and of Rauch, Tung and Striebel backwards, from the first
// known flow, which must come first.
func kalman(flow []float64, noise, drift float64) (mean, variance []float64, log float64) {
	n := len(flow)
	mean, variance = make([]float64, n), make([]float64, n)
	a, p := flow[0], noise
	mean[0], variance[0] = a, p
	for t := 1; t < n; t++ {
		p += drift
		if y := flow[t]; !math.IsNaN(y) {
			f, v := p+noise, y-a
			log -= (math.Log(2*math.Pi*f) + v*v/f) / 2
			a += p / f * v
			p *= noise / f
		}
		mean[t], variance[t] = a, p
	}
	for t := n - 2; t >= 0; t-- {
		c := variance[t] / (variance[t] + drift)
		mean[t] += c * (mean[t+1] - mean[t])
		variance[t] += c * c * (variance[t+1] - variance[t] - drift)
	}
	return mean, variance, log
}

func TestLevelsAgainstKalman(t *testing.T) {
	sum, squares := 0.0, 0.0
	for _, y := range nile {
		sum += y
		squares += y * y
	}
	if len(nile) != 100 || sum != 91935 || math.Abs(squares-sum*sum/100-99*169.2275*169.2275) > 5 {
		t.Fatalf("not the published series: sum %v", sum)
	}
	gaps := append([]float64(nil), nile...)
	for i := 20; i < 40; i++ {
		gaps[i], gaps[i+40] = math.NaN(), math.NaN()
	}
	for _, flow := range [][]float64{nile, gaps, nile[:1], {1, math.NaN(), math.NaN()}} {
		mean, variance, log, err := newLevels(flow, 15099, 1469.1).smooth()
		if err != nil {
			t.Fatal(err)
		}
		m, v, l := kalman(flow, 15099, 1469.1)
		const tol = 1e-11 // the condition number is below 1e5
		for i := range m {
			if math.Abs(mean[i]-m[i]) > tol*m[i] || math.Abs(variance[i]-v[i]) > tol*v[i] {
				t.Errorf("level %d is %v with variance %v, want %v and %v", i, mean[i], variance[i], m[i], v[i])
			}
		}
		if math.Abs(log-l) > tol*math.Max(1, math.Abs(l))*100 {
			t.Errorf("log-likelihood %v, want %v", log, l)
		}
	}
	// The published estimates are where the likelihood is greatest, −632.55.
	_, _, most, err := newLevels(nile, 15099, 1469.1).smooth()
	if err != nil || math.Abs(most - -632.5456) > 1e-3 {
		t.Errorf("log-likelihood %v, error %v", most, err)
	}
	for _, c := range [][2]float64{{1.02, 1}, {0.98, 1}, {1, 1.05}, {1, 0.95}} {
		if _, _, l, err := newLevels(nile, c[0]*15099, c[1]*1469.1).smooth(); err != nil || l >= most {
			t.Errorf("log-likelihood %v beside the greatest %v, error %v", l, most, err)
		}
	}
}

// The first force is the feedback of the Riccati recursion.
func TestCartAgainstRiccati(t *testing.T) {
	const horizon, h = 60, cartStep
	f := mat.NewDense(2, 2, []float64{1, h, 0, 1})
	g := mat.NewVecDense(2, []float64{h * h / 2, h})
	q := mat.NewDense(2, 2, []float64{1, 0, 0, 0.1})
	var p, pf, fpf, outer mat.Dense
	p.CloneFrom(q)
	var pg, gain mat.VecDense
	for range horizon {
		pg.MulVec(&p, g)
		s := 0.1 + mat.Dot(g, &pg)
		gain.MulVec(f.T(), &pg) // Fᵀ P G
		pf.Mul(&p, f)
		fpf.Mul(f.T(), &pf)
		outer.Outer(-1/s, &gain, &gain)
		p.Add(&fpf, &outer)
		p.Add(&p, q)
		gain.ScaleVec(1/s, &gain)
	}
	var c factor.Chain
	var x mat.VecDense
	z := []float64{1, -0.3}
	if err := errors.Join(c.Analyse(cart(horizon), nil), c.Factorize(0), c.SolveVecTo(&x, descent(horizon, z))); err != nil {
		t.Fatal(err)
	}
	want := -(gain.AtVec(0)*z[0] + gain.AtVec(1)*z[1])
	if math.Abs(x.AtVec(0)-want) > 1e-10*math.Abs(want) {
		t.Errorf("force %v, want %v", x.AtVec(0), want)
	}
}

// The spline's values and degrees of freedom are those of the dense smoother
// (I + λK)⁻¹ with K = Q R⁻¹ Qᵀ.
func TestSplineAgainstDense(t *testing.T) {
	for _, n := range []int{3, 4, 17, 40} {
		x, y, _ := noisyWave(n)
		s := newSpline(x, y)
		q, r := mat.NewDense(n, n-2, nil), mat.NewDense(n-2, n-2, nil)
		for j := range n - 2 {
			for i, v := range s.column(j) {
				q.Set(j+i, j, v)
			}
			for i := range n - 2 {
				r.Set(i, j, s.r.At(i, j))
			}
		}
		const lambda = 1e-4
		var rq, k, smoother mat.Dense
		var g mat.VecDense
		if err := rq.Solve(r, q.T()); err != nil {
			t.Fatal(err)
		}
		k.Mul(q, &rq)
		k.Scale(lambda, &k)
		for i := range n {
			k.Set(i, i, k.At(i, i)+1)
		}
		if err := smoother.Inverse(&k); err != nil {
			t.Fatal(err)
		}
		g.MulVec(&smoother, mat.NewVecDense(n, y))
		got := make([]float64, n)
		_, dof, err := s.fit(got, lambda)
		if err != nil {
			t.Fatal(err)
		}
		tol := 1e-13 * float64(n) * mat.Norm(&k, 2)
		if e := distance(got, g.RawVector().Data); e > tol || math.Abs(dof-mat.Trace(&smoother)) > tol*float64(n) {
			t.Errorf("n = %d: the spline is %g from the dense one, degrees of freedom %v, want %v", n, e, dof, mat.Trace(&smoother))
		}
	}
}

// The likelihood is that of the dense covariance Q⁻¹ + s²I.
func TestFieldAgainstDense(t *testing.T) {
	const rows, cols, kappa, noise = 5, 7, 0.4, 0.3
	n := rows * cols
	var covariance mat.Dense
	if err := covariance.Inverse(field(rows, cols, kappa)); err != nil {
		t.Fatal(err)
	}
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			s.SetSym(i, j, (covariance.At(i, j)+covariance.At(j, i))/2)
		}
		s.SetSym(i, i, s.At(i, i)+noise*noise)
	}
	y := mat.NewVecDense(n, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		y.SetVec(i, rng.NormFloat64())
	}
	var chol mat.Cholesky
	if !chol.Factorize(s) {
		t.Fatal("covariance is not definite")
	}
	var z mat.VecDense
	if err := chol.SolveVecTo(&z, y); err != nil {
		t.Fatal(err)
	}
	want := -(chol.LogDet() + mat.Dot(y, &z) + float64(n)*math.Log(2*math.Pi)) / 2
	got, err := fieldLikelihood(rows, cols, kappa, noise, y)
	if err != nil || math.Abs(got-want) > 1e-11*math.Abs(want) {
		t.Errorf("log-likelihood %v, want %v, error %v", got, want, err)
	}
}

// The frequencies of a grid are what they are said to be.
func TestGridAgainstKnown(t *testing.T) {
	const rows, cols, h = 9, 6, 0.25
	a := laplacian(rows, cols, h)
	var e mat.EigenSym
	dense := mat.NewSymDense(rows*cols, nil)
	dense.CopySym(a)
	if !e.Factorize(dense, false) {
		t.Fatal("EigenSym failed")
	}
	known := frequencies(rows, cols, h)
	for i, v := range e.Values(nil) {
		if math.Abs(v-known[i]*known[i]) > 1e-13*float64(rows*cols)*8/(h*h) {
			t.Errorf("eigenvalue %d is %v, want %v", i, v, known[i]*known[i])
		}
	}
}

func BenchmarkExample(b *testing.B) {
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, horizon := range []int{60, 1000} {
		var f factor.Chain
		var force mat.VecDense
		c, g := cart(horizon), descent(horizon, []float64{1, 0})
		if err := errors.Join(f.Analyse(c, nil), f.Factorize(0)); err != nil {
			b.Fatal(err)
		}
		run(fmt.Sprintf("model=regulator/horizon=%d/phase=factorize", horizon), func() error { return f.Factorize(0) })
		run(fmt.Sprintf("model=regulator/horizon=%d/phase=solve", horizon), func() error { return f.SolveVecTo(&force, g) })
	}
	for _, years := range []int{100, 10000} {
		flow := make([]float64, years)
		for t := range flow {
			flow[t] = nile[t%len(nile)]
		}
		l := newLevels(flow, 15099, 1469.1)
		run(fmt.Sprintf("model=kalman/years=%d", years), func() error {
			_, _, _, err := l.smooth()
			return err
		})
	}
	for _, knots := range []int{500, 20000} {
		x, y, _ := noisyWave(knots)
		s, g := newSpline(x, y), make([]float64, knots)
		run(fmt.Sprintf("model=spline/knots=%d", knots), func() error {
			_, _, err := s.fit(g, 1e-5)
			return err
		})
	}
	for _, side := range []int{40, 100} {
		a := laplacian(side, side, 1/float64(side+1))
		var f factor.Block
		rhs, x := mat.NewVecDense(side*side, nil), mat.VecDense{}
		rhs.SetVec(side, 1)
		run(fmt.Sprintf("model=poisson/side=%d", side), func() error { return errors.Join(f.Factorize(a), f.SolveVecTo(&x, rhs)) })
		run(fmt.Sprintf("model=helmholtz/side=%d", side), func() error { return f.FactorizeShifted(a, 225) })
		q := field(side, side, 0.5)
		var inverse la.BlockTridiag
		run(fmt.Sprintf("model=field/side=%d", side), func() error { return errors.Join(f.Factorize(q), f.InverseTo(&inverse)) })
	}
}
