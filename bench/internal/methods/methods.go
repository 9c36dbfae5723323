// Package methods has the names by which the command and its server know the
// factorizations of a chain.
package methods

import "costate/factor"

// all has auto, which chooses one of the others, the direct ones, and then
// those that iterate.
var all = []struct {
	name      string
	iterative bool
	make      func() factor.Factorization
}{
	{"auto", false, func() factor.Factorization { return new(factor.Auto) }},
	{"chain", false, func() factor.Factorization { return new(factor.Chain) }},
	{"gram", false, func() factor.Factorization { return new(factor.Gram) }},
	{"block", false, func() factor.Factorization { return new(factor.Augmented) }},
	{"dense", false, func() factor.Factorization { return new(factor.Dense) }},
	{"cg", true, func() factor.Factorization { return new(factor.CG) }},
	{"minres", true, func() factor.Factorization { return new(factor.MINRES) }},
}

// New returns a factorization that has analysed nothing yet, or false where no
// method has this name.
func New(name string) (f factor.Factorization, ok bool) {
	for _, m := range all {
		if m.name == name {
			return m.make(), true
		}
	}
	return nil, false
}

// Names are those of all methods, auto first.
func Names() []string { return names(true) }

// Direct are the names of those that factor, auto first.
func Direct() []string { return names(false) }

// IsIterative reports whether a name is that of a method that iterates.
func IsIterative(name string) bool {
	for _, m := range all {
		if m.name == name {
			return m.iterative
		}
	}
	return false
}

func names(iterative bool) (list []string) {
	for _, m := range all {
		if iterative || !m.iterative {
			list = append(list, m.name)
		}
	}
	return list
}
