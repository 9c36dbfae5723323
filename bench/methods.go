package main

import (
	"strings"

	"costate/bench/internal/methods"
	"costate/factor"
)

// newMethod returns a factorization by its name.
func newMethod(name string) (factor.Factorization, error) {
	f, ok := methods.New(name)
	if !ok {
		return nil, usagef("--method %s: the methods are %s", name, strings.Join(methods.Names(), ", "))
	}
	return f, nil
}

// methodText says what a method is, for reports.
func methodText(name string) string {
	switch name {
	case "chain":
		return "chain: block LDLᵀ with one pivot block a layer, in compressed parameters"
	case "gram":
		return "gram: Gauss–Newton in output space, by Cholesky"
	case "block":
		return "block: K assembled, multifrontal LDLᵀ over its elimination tree"
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
