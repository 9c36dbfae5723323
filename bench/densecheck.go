package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
	"costate/nn"
	"costate/system"
)

// denseBytes is the memory of a dense check of n parameters: H, H + εI and its
// factors.
func denseBytes(n int) int64 { return 3 * 8 * int64(n) * int64(n) }

// checkDense compares every x with the solution from gonum's LU factorization
// of H + εI, which is formed column by column from products H·v. It shares
// nothing with the factorization but these products.
func checkDense(ctx context.Context, m *measurement, lin *nn.Linearization, outcome []solved, results []solveResult) error {
	n := m.problem.net.NumParams()
	chain := m.chain(lin)
	h, err := denseMatrix(ctx, chain, m.backend)
	if err != nil {
		return err
	}
	g := mat.NewVecDense(n, m.problem.rightHandSide(lin))
	for i := range outcome {
		if err := ctx.Err(); err != nil {
			return err
		}
		if outcome[i].unsolved() {
			continue
		}
		shifted := mat.DenseCopyOf(h)
		for j := range n {
			shifted.Set(j, j, h.At(j, j)+outcome[i].eps)
		}
		var lu mat.LU
		lu.Factorize(shifted)
		x := mat.NewVecDense(n, nil)
		// A condition number that is large says how much the two may differ; the
		// solution is there all the same.
		var ill mat.Condition
		if err := lu.SolveVecTo(x, false, g); err != nil && !errors.As(err, &ill) {
			return fmt.Errorf("dense check at eps %g: %w", outcome[i].eps, err)
		}
		d := number(relativeDifference(outcome[i].x, x.RawVector().Data))
		results[i].RelativeErrorDense = &d
	}
	return nil
}

// denseMatrix forms the matrix of a chain from its products with unit vectors.
func denseMatrix(ctx context.Context, c *system.Chain, b blas.Backend) (*mat.Dense, error) {
	n := c.Params()
	data := make([]float64, n*n)
	workers := max(1, min(b.Threads(), n))
	single, err := blas.ByName(b.Name(), 1)
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			product := system.NewProduct(c, single)
			v := make([]float64, n)
			for i := w; i < n && ctx.Err() == nil; i += workers {
				clear(v)
				v[i] = 1
				product.HessVec(data[i*n:(i+1)*n], v)
			}
		})
	}
	wg.Wait()
	return mat.NewDense(n, n, data), ctx.Err()
}
