package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"costate/la"
	"costate/la/mtx"
	"costate/nn"
	"costate/system"
)

// namedMatrix reads or makes the matrix of a name, and returns a short name.
func (s *session) namedMatrix(name string) (a *la.Sym, short string, err error) {
	if spec, ok := strings.CutPrefix(name, "grid:"); ok {
		a, err = s.gridMatrix(spec)
		return a, "mesh " + strings.ReplaceAll(spec, "x", "×"), err
	}
	if c, ok := strings.CutPrefix(name, "case:"); ok {
		a, err = s.caseMatrix(c)
		return a, "K of " + c, err
	}
	if a, err = mtx.ReadFile(name, nil); err != nil {
		return nil, "", explainMatrix(name, err)
	}
	return a, strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".gz"), ".mtx"), nil
}

// gridMatrix is the Laplacian of a mesh, such as 700x700, with fixed boundaries: each
// point has twice as many neighbours as there are dimensions.
func (s *session) gridMatrix(spec string) (*la.Sym, error) {
	sides := strings.FieldsFunc(spec, func(r rune) bool { return r == 'x' || r == '×' })
	n := 1
	stride := make([]int, len(sides))
	side := make([]int, len(sides))
	for k, text := range sides {
		m, err := strconv.Atoi(text)
		if err != nil || m < 1 || m > math.MaxInt32/n {
			return nil, usagef("grid:%s: it must be sides such as 700x700 or 40x40x40", spec)
		}
		side[k], stride[k] = m, n
		n *= m
	}
	entries := n * (1 + len(sides))
	if len(sides) == 0 {
		return nil, usagef("grid: has no sides, such as 700x700")
	}
	if err := s.checkMemory("the matrix of grid:"+spec, int64(entries)*entryBytes); err != nil {
		return nil, err
	}
	b := la.NewSymBuilder(n, entries)
	for i := range n {
		for k := range side {
			if i/stride[k]%side[k] > 0 {
				b.Add(i, i-stride[k], -1)
			}
		}
		b.Add(i, i, float64(2*len(sides)))
	}
	a, _ := b.Build()
	return a, nil
}

// caseMatrix is K of a named case of compare, with ε = 0.1.
func (s *session) caseMatrix(name string) (*la.Sym, error) {
	net, ok := namedCase(name)
	if !ok {
		return nil, usagef("case:%s: the cases are %s", name, strings.Join(caseNames(), ", "))
	}
	p, err := s.makeProblem(&net)
	if err != nil {
		return nil, err
	}
	var lin nn.Linearization
	if err := p.net.Linearize(&lin, p.batch); err != nil {
		return nil, fmt.Errorf("case %s: %w", name, err)
	}
	if err := s.checkAugmented(&lin.Chain); err != nil {
		return nil, err
	}
	return system.Assemble(&lin.Chain, 0.1).K, nil
}
