package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"costate/factor/mumps"
	"costate/nn"
	"costate/nn/npz"
)

// readProblem makes the problem that the file of --in holds.
func (s *session) readProblem(f *solveFlags) (*problem, error) {
	if f.model != "" {
		return s.modelProblem(f)
	}
	file, err := npz.Read(f.in)
	if err != nil {
		return nil, fmt.Errorf("--in: %w", err)
	}
	if len(file.Ignored) > 0 {
		s.notef("%s: ignored %s", f.in, strings.Join(file.Ignored, ", "))
	}
	act, err := nn.ActivationByName(f.net.act)
	if err != nil {
		return nil, usagef("--act: %w", err)
	}
	loss, err := nn.LossByName(f.net.loss)
	if err != nil {
		return nil, usagef("--loss: %w", err)
	}
	net, err := file.Network(act, loss)
	if err != nil {
		return nil, fmt.Errorf("--in %s: %w", f.in, err)
	}
	p := &problem{net: net, batch: file.Batch(), source: filepath.Base(f.in), act: f.net.act, loss: f.net.loss, rhsName: "the gradient"}
	if mumps.Ranks() > 1 {
		if p.sharded, err = p.tellNetwork(); err != nil {
			return nil, fmt.Errorf("--in %s: %w", f.in, err)
		}
	}
	if file.G != nil && !f.rhsAsked {
		p.rhs, p.rhsName = file.G, "g of "+p.source
	}
	return p, nil
}

// writeProblem writes the problem with g and x.
func writeProblem(w io.Writer, p *problem, g, x []float64) error {
	if p.model {
		return writeSolution(w, p, g, x)
	}
	file, err := npz.New(p.net, p.batch)
	if err != nil {
		return err
	}
	file.G, file.Solution = g, x
	return npz.WriteTo(w, file)
}
