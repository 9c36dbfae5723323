package main

import (
	"strings"

	"costate/factor"
)

// methodNames are the ways to solve, but for auto, which chooses one of them.
func methodNames() []string { return []string{"chain", "gram", "block", "dense", "cg", "minres"} }

// newMethod returns a factorization by its name.
func newMethod(name string) (factor.Factorization, error) {
	switch name {
	case "auto":
		return new(factor.Auto), nil
	case "chain":
		return new(factor.Chain), nil
	case "gram":
		return new(factor.Gram), nil
	case "block":
		return new(factor.Augmented), nil
	case "dense":
		return new(factor.Dense), nil
	case "cg":
		return new(factor.CG), nil
	case "minres":
		return new(factor.MINRES), nil
	}
	return nil, usagef("--method %s: the methods are auto, %s", name, strings.Join(methodNames(), ", "))
}

// methodText says what a method is, for reports.
func methodText(name string) string {
	switch name {
	case "chain":
		return "chain: block LDLᵀ with one pivot block a layer, in compressed parameters"
	case "gram":
		return "gram: Gauss–Newton in output space, by Cholesky"
	case "block":
		return "block: K assembled, permuted to block-tridiagonal form, block LDLᵀ"
	case "dense":
		return "dense: the whole H, by Bunch–Kaufman"
	case "cg":
		return "cg: conjugate gradients on products H·v"
	case "minres":
		return "minres: minimal residuals on products H·v"
	}
	return name
}

// methodUsed names the method that a factorization used, and where it was a choice
// the reason.
func methodUsed(f factor.Factorization, asked string) (name, why string) {
	if a, ok := f.(*factor.Auto); ok {
		return a.Choice().Method, a.Choice().Reason
	}
	return asked, ""
}

// isIterative reports whether a method refines a guess by products H·v alone, so
// that it need not reach the accuracy and knows no inertia.
func isIterative(method string) bool { return method == "cg" || method == "minres" }
