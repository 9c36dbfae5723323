package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/mtx"
)

// standardInput is the name that stands for it.
const standardInput = "-"

// pathName is the name of a file in messages.
func pathName(path string) string {
	if path == standardInput {
		return "standard input"
	}
	return path
}

// readMatrix reads the matrix.
func (j *mtxJob) readMatrix() (*la.Sym, error) {
	path, tol := j.paths[0], j.flags.tolSymmetry
	if tol == 0 {
		tol = -1 // equality
	}
	options := &mtx.Options{SymmetryTol: tol, Progress: func(read, total int64) {
		if total > 0 {
			j.meter.note(fmt.Sprintf("read %.0f %%", 100*float64(read)/float64(total)))
		}
	}}
	var a *la.Sym
	var err error
	if path == standardInput {
		a, err = mtx.Read(j.session.stdin, options)
	} else {
		a, err = mtx.ReadFile(path, options)
	}
	if err != nil {
		return nil, explainMatrix(pathName(path), err)
	}
	if a.SymmetricDim() == 0 {
		return nil, fmt.Errorf("%s: a matrix of order 0 has nothing to solve", pathName(path))
	}
	return a, nil
}

// readRightHandSides reads the right-hand sides, as columns, or draws one.
func (j *mtxJob) readRightHandSides(n int) (*mat.Dense, error) {
	if len(j.paths) == 1 {
		return mat.NewDense(n, 1, randomSlice(rand.New(rand.NewPCG(j.session.seed, 0x6d7478)), n)), nil
	}
	path := j.paths[1]
	var b *mat.Dense
	var err error
	if path == standardInput {
		b, err = mtx.ReadColumns(j.session.stdin, nil)
	} else {
		b, err = mtx.ReadColumnsFile(path, nil)
	}
	if err != nil {
		return nil, named(pathName(path), err)
	}
	switch rows, columns := b.Dims(); {
	case rows == 0:
		return nil, fmt.Errorf("%s: there is no right-hand side in it", pathName(path))
	case rows != n && columns == 1:
		return nil, fmt.Errorf("%s: %d numbers, but %s has order %d", pathName(path), rows, pathName(j.paths[0]), n)
	case rows != n:
		return nil, fmt.Errorf("%s: columns of %d numbers, but %s has order %d", pathName(path), rows, pathName(j.paths[0]), n)
	}
	return b, nil
}

// named puts the name of a file before an error that does not have it.
func named(path string, err error) error {
	if strings.Contains(err.Error(), path) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}
