// Package partition takes sparse symmetric matrices to block-tridiagonal form and back.
package partition
