package main

import (
	"fmt"
	"math"
)

// signText is the sign of a determinant, 0 where it is not certain.
func signText(sign float64) string {
	switch {
	case sign > 0:
		return "positive"
	case sign < 0:
		return "negative"
	}
	return "of uncertain sign"
}

// signSymbol is signText for a column of a table.
func signSymbol(sign float64) string {
	switch {
	case sign > 0:
		return "+"
	case sign < 0:
		return "−"
	}
	return "?"
}

// share is how much of a full matrix of the given order nnz entries are, in percent
// with two digits.
func share(nnz, order int) string {
	p := 100 * float64(nnz) / (float64(order) * float64(order))
	switch {
	case p >= 10:
		return fmt.Sprintf("%.0f %%", p)
	case p >= 0.001:
		digits := 1 - int(math.Floor(math.Log10(p)))
		return fmt.Sprintf("%.*f %%", digits, p)
	}
	return fmt.Sprintf("%.1e %%", p)
}
