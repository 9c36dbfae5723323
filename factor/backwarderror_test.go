package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/la/matrixtest"
	"costate/system/chaintest"
)

// exactBackwardError is ‖b − (A + εI)x‖/(‖A + εI‖‖x‖ + ‖b‖) in 600 bits. norm is ‖A + εI‖
// over 2^exponent.
func exactBackwardError(a [][]*big.Float, eps, norm float64, exponent int, x, b []float64) float64 {
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(600).SetFloat64(v) }
	nr, nx, nb := number(0), number(0), number(0)
	square := func(s, v *big.Float) { s.Add(s, v.Mul(v, v)) }
	for i, row := range a {
		r := number(b[i])
		square(nb, number(b[i]))
		square(nx, number(x[i]))
		r.Sub(r, number(0).Mul(number(eps), number(x[i])))
		for j, v := range row {
			r.Sub(r, number(0).Mul(v, number(x[j])))
		}
		square(nr, r)
	}
	for _, v := range []*big.Float{nr, nx, nb} {
		v.Sqrt(v)
	}
	bound := number(norm)
	bound.SetMantExp(bound, exponent).Mul(bound, nx).Add(bound, nb)
	if bound.Sign() == 0 {
		return 0
	}
	e, _ := nr.Quo(nr, bound).Float64()
	return e
}

// multiplied is a times a power of two.
func multiplied(a [][]*big.Float, by float64) [][]*big.Float {
	b := make([][]*big.Float, len(a))
	for i, row := range a {
		b[i] = make([]*big.Float, len(row))
		for j, v := range row {
			b[i][j] = new(big.Float).Mul(v, big.NewFloat(by))
		}
	}
	return b
}

// judgeReport holds a reported backward error against the true one, and an answer without
// error against what is promised.
func judgeReport(t *testing.T, what string, err error, reported, exact float64) {
	t.Helper()
	var accuracy *factor.AccuracyError
	switch {
	case err != nil && !errors.As(err, &accuracy):
		t.Errorf("%s: %v", what, err)
	case !(exact <= reported*(1+1e-6)) && !math.IsInf(reported, 1):
		t.Errorf("%s: reported %.3g, truly %.3g: %v", what, reported, exact, err)
	case err == nil && !(exact <= 1e-14):
		t.Errorf("%s: no error, but a backward error of %.3g", what, exact)
	}
}

// nearlySingular is a random matrix whose condition is about so much.
func nearlySingular(rng *rand.Rand, sizes []int, cond float64) *la.BlockTridiag {
	a := matrixtest.Tridiag(rng, sizes, 1)
	ev := matrixtest.Eigenvalues(panicker{}, a)
	n := a.SymmetricDim()
	shift := ev[rng.IntN(n)] * (1 + 1/cond)
	for i := range n {
		a.Set(i, i, a.At(i, i)-shift)
	}
	return a
}

// A gradedMatrix is D A D for powers of two in D, by blocks, as a sparse matrix and
// without rounding, and its norm over 2^exponent.
type gradedMatrix struct {
	block    *la.BlockTridiag
	sparse   *la.Sym
	exact    [][]*big.Float
	norm     float64
	exponent int
}

func graded(plain *la.BlockTridiag, e []int) *gradedMatrix {
	n := plain.SymmetricDim()
	g := &gradedMatrix{block: la.NewBlockTridiag(plain.Sizes()), exponent: 2 * slices.Max(e)}
	sparse, moderate := la.NewSymBuilder(n, 0), mat.NewSymDense(n, nil)
	g.exact = make([][]*big.Float, n)
	for i := range n {
		g.exact[i] = make([]*big.Float, n)
		for j := range n {
			v := math.Ldexp(plain.At(i, j), e[i]+e[j])
			g.exact[i][j] = big.NewFloat(v)
			if j <= i && v != 0 {
				g.block.Set(i, j, v)
				sparse.Add(i, j, v)
				if m := math.Ldexp(plain.At(i, j), e[i]+e[j]-g.exponent); math.Abs(m) > 1e-30 {
					moderate.SetSym(i, j, m) // the others add nothing to the norm
				}
			}
		}
	}
	g.sparse, _ = sparse.Build()
	ev := matrixtest.Eigenvalues(panicker{}, moderate)
	g.norm = math.Max(math.Abs(ev[0]), math.Abs(ev[n-1]))
	return g
}

// A reach counts what TestBackwardErrorScales has met.
type reach struct{ solved, refused, beyond int }

// solve solves by Block and by Sparse.
func (r *reach) solve(t *testing.T, what string, g *gradedMatrix, b *mat.VecDense) {
	t.Helper()
	var block factor.Block
	var sparse factor.Sparse
	for name, f := range map[string]subject{
		"block":  {&block, nil, func() error { return block.Factorize(g.block) }},
		"sparse": {&sparse, nil, func() error { return sparse.Factorize(g.sparse) }},
	} {
		var singular *factor.SingularError
		if err := f.factorize(); errors.As(err, &singular) {
			r.refused++
			continue
		} else if err != nil {
			t.Errorf("%s, %s: %v", name, what, err)
			continue
		}
		x := mat.NewVecDense(b.Len(), nil)
		err := f.SolveVecTo(x, b)
		if nx := mat.Norm(x, 2); nx-nx != 0 {
			if err == nil {
				t.Errorf("%s, %s: a solution that is not finite", name, what)
			}
			continue
		}
		e := exactBackwardError(g.exact, 0, g.norm, g.exponent, x.RawVector().Data, b.RawVector().Data)
		judgeReport(t, name+", "+what, err, f.Report().BackwardError, e)
		switch {
		case err != nil:
			r.refused++
		case math.IsInf(math.Ldexp(g.norm, g.exponent)*mat.Norm(x, 2), 1):
			r.beyond++
			fallthrough
		default:
			r.solved++
		}
	}
}

// The reported backward error bounds the true one, by arithmetic of 600 bits, for
// matrices and right-hand sides of all sizes, products of whose norms over- and
// underflow.
func TestBackwardErrorScales(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var r reach
	for range 5 {
		for _, cond := range []float64{10, 1e8, 1e13} {
			plain := nearlySingular(rng, []int{3, 4, 2}, cond)
			n := plain.SymmetricDim()
			e, b := make([]int, n), mat.NewVecDense(n, nil)
			for _, k := range []int{-480, -250, 0, 250, 480} {
				for i := range e {
					e[i] = k
				}
				g := graded(plain, e)
				for _, m := range []int{-960, -500, 0, 500, 960, 1015} {
					for i := range n {
						b.SetVec(i, math.Ldexp(rng.NormFloat64(), m))
					}
					r.solve(t, fmt.Sprintf("condition %.0e, A·2^%d, b·2^%d", cond, 2*k, m), g, b)
				}
			}
			for _, spread := range []int{20, 100, 480} {
				for i := range e {
					e[i] = rng.IntN(2*spread+1) - spread
				}
				g := graded(plain, e)
				for _, m := range []int{0, 400} { // b = A x, x of all sizes
					x, ax := make([]float64, n), make([]float64, n)
					for i := range x {
						x[i] = math.Ldexp(rng.NormFloat64(), m-e[i])
					}
					g.sparse.MulVecTo(ax, x)
					r.solve(t, fmt.Sprintf("condition %.0e, scales 2^±%d, x·2^%d", cond, spread, m), g, mat.NewVecDense(n, ax))
				}
			}
		}
	}
	t.Logf("%+v", r)
	if r.solved < 400 || r.beyond < 20 {
		t.Errorf("%+v: too few to tell", r)
	}
}

// The reported backward error of a chain bounds the true one, by the chain's definition
// in such arithmetic, for every method, sizes of the curvature from 2^-500 to 2^500, and
// dampings that make H + εI ill conditioned.
func TestBackwardErrorChains(t *testing.T) {
	solved, refused := 0, 0
	for i, tc := range chainCases {
		plain := tc.make(uint64(i))
		if plain.Params() > 40 {
			continue
		}
		h, ev := chaintest.Exact(plain), eigenvalues(chaintest.Matrix(plain, blas.Native()))
		for _, size := range []float64{1, 0x1p-500, 0x1p500} {
			c := tc.make(uint64(i))
			scaleCurvature(c, size) // exactly
			hs := multiplied(h, size)
			rng := rand.New(rand.NewPCG(uint64(i), 4))
			for name, f := range map[string]factor.Factorization{
				"chain": new(factor.Chain), "augmented": new(factor.Augmented), "dense": new(factor.Dense), "minres": new(factor.MINRES),
			} {
				if err := f.Analyse(c, nil); err != nil {
					t.Fatal(err)
				}
				for _, eps := range []float64{0.1, 1e-9, -ev[0] * (1 + 1e-12)} {
					what := fmt.Sprintf("%s, %s, H·%g, ε = %g", name, tc.name, size, eps)
					var singular *factor.SingularError
					if err := f.Factorize(eps * size); errors.As(err, &singular) {
						refused++
						continue
					} else if err != nil {
						t.Errorf("%s: %v", what, err)
						continue
					}
					b, x := gaussian(rng, len(ev)), mat.NewVecDense(len(ev), nil)
					err := f.SolveVecTo(x, b)
					norm := size * math.Max(math.Abs(ev[0]+eps), math.Abs(ev[len(ev)-1]+eps))
					e := exactBackwardError(hs, eps*size, norm, 0, x.RawVector().Data, b.RawVector().Data)
					judgeReport(t, what, err, f.Report().BackwardError, e)
					if err == nil {
						solved++
					} else {
						refused++
					}
				}
			}
		}
	}
	t.Logf("%d solved, %d refused", solved, refused)
	if solved < 4*refused || solved < 200 {
		t.Errorf("%d solved, %d refused", solved, refused)
	}
}
