//go:build cgo && mumps

package mumps

import (
	"fmt"
	"strings"
)

// orderings are those of ICNTL(7), by their numbers there; 1 is a given order.
var orderings = []string{0: "amd", 1: "given", 2: "amf", 3: "scotch", 4: "pord", 5: "metis", 6: "qamd"}

// automatic is the number of MUMPS's own choice.
const automatic = 7

// number is the number of an ordering in ICNTL(7).
func number(o *Options) (int, error) {
	if o.Perm != nil {
		return 1, nil
	}
	if o.Ordering == "" {
		return automatic, nil
	}
	for i, name := range orderings {
		if name == o.Ordering && i != 1 {
			return i, nil
		}
	}
	return 0, fmt.Errorf("MUMPS has no ordering named %q: the names are %s", o.Ordering, strings.Join(Orderings(), ", "))
}
