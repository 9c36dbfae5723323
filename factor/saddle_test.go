package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/la/vec"
)

// kkt is a random matrix [H Bᵀ; B d·I] of n variables and m ≤ n constraints whose inertia
// follows from how it is made: H is strictly diagonally dominant, so definite, and so are
// the first m − redundant rows of B in as many columns; the last rows of B repeat others. So
// n eigenvalues are positive, and m − redundant negative; the rest of them are
// negative for d < 0, and zero for d = 0.
func kkt(rng *rand.Rand, n, m, redundant int, d float64) *la.Sym {
	b := la.NewSymBuilder(n+m, 8*(n+m))
	h := make([]float64, n)
	for i := range n {
		for range rng.IntN(4) {
			if j := rng.IntN(n); j != i {
				v := rng.NormFloat64()
				b.Add(max(i, j), min(i, j), v)
				h[i] += math.Abs(v)
				h[j] += math.Abs(v)
			}
		}
	}
	for i, v := range h {
		b.Add(i, i, v+0.5+rng.Float64())
	}
	columns := rng.Perm(n)
	rows := make([]map[int]float64, m-redundant)
	for i := range rows {
		own, sum := columns[i], 0.5+rng.Float64()
		rows[i] = map[int]float64{}
		for range rng.IntN(4) {
			if j := rng.IntN(n); j != own && rows[i][j] == 0 {
				v := rng.NormFloat64()
				rows[i][j] = v
				sum += math.Abs(v)
			}
		}
		rows[i][own] = sum * float64(1-2*rng.IntN(2))
	}
	stored := d != 0 || rng.IntN(2) == 0 // zeros, too
	for i := range m {
		row, scale := rows[i%len(rows)], 1.0
		if i >= len(rows) {
			scale = 2
		}
		for j := range n { // in an order that does not depend on the map's
			if v, ok := row[j]; ok {
				b.Add(n+i, j, scale*v)
			}
		}
		if stored {
			b.Add(n+i, n+i, d)
		}
	}
	a, _ := b.Build()
	return a
}

// exactError is the normwise backward error of x for b, ‖b − Ax‖ / (ν‖x‖ + ‖b‖) with
// the largest column of A for ν ≤ ‖A‖₂, in exact arithmetic up to the last rounding.
func exactError(a *la.Sym, x, b []float64) float64 {
	low := a.RawLower()
	r := make([]big.Float, low.N)
	columns := make([]float64, low.N)
	for i := range r {
		r[i].SetPrec(400).SetFloat64(b[i])
	}
	var p big.Float
	subtract := func(i, j int, v float64) {
		r[i].Sub(&r[i], p.SetPrec(400).Mul(big.NewFloat(v), big.NewFloat(x[j])))
		columns[j] += v * v
	}
	for i := range low.N {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j, v := int(low.Col[t]), low.Val[t]
			subtract(i, j, v)
			if i != j {
				subtract(j, i, v)
			}
		}
	}
	residual, norm := make([]float64, low.N), 0.0
	for i := range r {
		residual[i], _ = r[i].Float64()
		norm = max(norm, columns[i])
	}
	return vec.Norm2(residual) / (math.Sqrt(norm)*vec.Norm2(x) + vec.Norm2(b))
}

// columnNorm is that of the largest column.
func columnNorm(a *la.Sym) (norm float64) {
	n := a.SymmetricDim()
	e, column := make([]float64, n), make([]float64, n)
	for j := range n {
		e[j] = 1
		a.MulVecTo(column, e)
		e[j] = 0
		norm = max(norm, vec.Norm2(column))
	}
	return norm
}

// Saddle points of orders 3 to 600, with nothing, tiny and small numbers on the multipliers and
// with redundant constraints: none that is regular is refused, no inertia is wrong, and
// solutions keep the tolerance in exact arithmetic.
func TestSaddlePoints(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(*certainSeed+1, 6))
	rounds := systems()
	regular, sure, singular := 0, 0, 0
	for round := range rounds {
		order := int(3 * math.Pow(200, rng.Float64()))
		m := 1 + rng.IntN(order/2)
		n := order - m
		d := []float64{0, -1e-16, -1e-12, -1e-8, -1e-4}[rng.IntN(5)]
		redundant := 0
		if rng.IntN(3) == 0 {
			redundant = rng.IntN(1 + m/4)
		}
		a := kkt(rng, n, m, redundant, d)
		what := fmt.Sprintf("%d: %d variables, %d constraints, %d redundant, %g", round, n, m, redundant, d)
		var f factor.Sparse
		if err := f.Analyse(a, &factor.Options{Backend: blas.NativeThreads(1)}); err != nil {
			t.Fatal(err)
		}
		b := make([]float64, order)
		for i := range b {
			b[i] = rng.NormFloat64()
		}
		err := f.Factorize(a)
		in := f.Inertia()
		var e *factor.SingularError
		switch {
		case redundant == 0, d <= -1e-8:
			if err != nil {
				t.Errorf("%s: refused: %v", what, err)
				continue
			}
			regular++
			if in.Negative != m || in.Zero != 0 {
				t.Errorf("%s: %+v", what, in)
			}
			if in.Certain {
				sure++
			}
		case d < 0: // singular to working accuracy, or nearly so
			if in.Certain && (in.Negative != m || in.Zero != 0) {
				t.Errorf("%s: %+v", what, in)
			}
			if errors.As(err, &e) && e.Blind || err != nil && e == nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			a.MulVecTo(b, append([]float64(nil), b...))
		default:
			singular++
			if !errors.As(err, &e) || in.Negative != m-redundant || in.Zero != redundant {
				t.Errorf("%s: %v, %+v", what, err, in)
				continue
			}
			a.MulVecTo(b, append([]float64(nil), b...)) // in the range, but for rounding
		}
		var x mat.VecDense
		if err := f.SolveVecTo(&x, mat.NewVecDense(order, b)); err != nil {
			t.Errorf("%s: %v", what, err)
			var nn mat.Dense
			res, e2 := f.NullSpaceTo(&nn)
			t.Logf("%+v %+v null %v %g %v", in, f.Report(), nn.RawMatrix().Cols, res, e2)
		} else if e := exactError(a, x.RawVector().Data, b); e > 1e-14 {
			t.Errorf("%s: backward error %g", what, e)
		}
	}
	t.Logf("%d of %d regular ones certain, %d singular", sure, regular, singular)
	if sure*100 < regular*99 {
		t.Errorf("%d of %d regular ones are certain", sure, regular)
	}
	if regular < rounds/2 || singular < rounds/50 {
		t.Errorf("%d regular and %d singular ones of %d", regular, singular, rounds)
	}
}

// Redundant constraints with numbers on the multipliers that are small beside rounding errors:
// whatever is said of the matrix, what is consistent is solved to the tolerance, from several
// goroutines at once, and again for new values.
func TestTinyMultipliers(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(*certainSeed+2, 6))
	blind, rounds := 0, systems()
	for round := range rounds {
		d := -math.Pow(10, -15-15*rng.Float64())
		m := 4 + rng.IntN(20)
		n := m + rng.IntN(10)
		var f factor.Sparse
		for _, d := range []float64{d, d / 8} {
			a := kkt(rand.New(rand.NewPCG(uint64(round), *certainSeed)), n, m, 1+m/5, d)
			what := fmt.Sprintf("%d: %d variables, %d constraints, %g", round, n, m, d)
			if err := f.Factorize(a); err != nil {
				var e *factor.SingularError
				if !errors.As(err, &e) {
					t.Fatalf("%s: %v", what, err)
				}
				if e.Blind {
					blind++
					continue
				}
			}
			var all sync.WaitGroup
			for range 3 {
				b, y := make([]float64, n+m), make([]float64, n+m)
				for i := range b {
					y[i] = rng.NormFloat64()
				}
				a.MulVecTo(b, y)
				all.Go(func() {
					var x mat.VecDense
					if err := f.SolveVecTo(&x, mat.NewVecDense(n+m, b)); err != nil {
						t.Errorf("%s: %v", what, err)
					} else if e := exactError(a, x.RawVector().Data, b); e > 1e-14 {
						// That is with a lower bound of the norm.
						var eig mat.EigenSym
						eig.Factorize(a, false)
						norm := math.Max(-eig.Values(nil)[0], eig.Values(nil)[n+m-1])
						nx, nb := vec.Norm2(x.RawVector().Data), vec.Norm2(b)
						if e *= (columnNorm(a)*nx + nb) / (norm*nx + nb); e > 1e-14 {
							t.Errorf("%s: backward error %g", what, e)
						}
					}
				})
			}
			all.Wait()
		}
	}
	if blind*500 > rounds {
		t.Errorf("of %d of %d matrices nothing is known", blind, rounds)
	}
}
