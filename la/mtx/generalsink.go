package mtx

import (
	"errors"
	"fmt"

	"costate/la"
)

// A generalSink takes both triangles, and remembers lines as far as they do not
// simply count up.
type generalSink struct {
	n        int
	tol      float64
	row, col []int32
	val      []float64
	jumps    []lineJump
	last     int
}

type lineJump struct{ entry, line int }

func newGeneralSink(n, entries int, tol float64) *generalSink {
	return &generalSink{n: n, tol: tol,
		row: make([]int32, 0, entries), col: make([]int32, 0, entries), val: make([]float64, 0, entries)}
}

func (k *generalSink) add(i, j int, v float64, line int) error {
	if line != k.last+1 {
		k.jumps = append(k.jumps, lineJump{entry: len(k.val), line: line})
	}
	k.last = line
	k.row, k.col, k.val = append(k.row, int32(i)), append(k.col, int32(j)), append(k.val, v)
	return nil
}

func (k *generalSink) matrix() (*la.Sym, error) {
	a, err := la.FromEntries(k.n, k.row, k.col, k.val, k.tol)
	var asym *la.AsymmetricError
	if errors.As(err, &asym) {
		return nil, &Error{Line: k.lineOf(asym.I, asym.J), Msg: asymmetry(asym, k.tol), Err: err}
	}
	if err != nil {
		return nil, &Error{Line: k.last, Msg: err.Error(), Err: err}
	}
	return a, nil
}

// asymmetry says with numbers from 1 where a matrix is not symmetric.
func asymmetry(e *la.AsymmetricError, tol float64) string {
	s := fmt.Sprintf("the matrix is not symmetric: element (%d, %d) is %v, but (%d, %d) is %v", e.I+1, e.J+1, e.Aij, e.J+1, e.I+1, e.Aji)
	if tol > 0 {
		s += fmt.Sprintf("; %g of the largest element of their rows is allowed", tol)
	}
	return s
}

// lineOf finds the line of the first entry at (i, j) or (j, i).
func (k *generalSink) lineOf(i, j int) int {
	for t := range k.val {
		r, c := int(k.row[t]), int(k.col[t])
		if r == i && c == j || r == j && c == i {
			line := 0
			for _, jump := range k.jumps {
				if jump.entry > t {
					break
				}
				line = jump.line + t - jump.entry
			}
			return line
		}
	}
	return k.last
}
