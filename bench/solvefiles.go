package main

import (
	"io"

	"costate/la/mtx"
	"costate/nn"
)

// solveFiles are the files that solve writes. They are opened before anything is
// computed.
type solveFiles struct {
	npz  *output
	k, b *output
	plot *plotOutput
}

// matrixPaths are the files of --mtx-out.
func (f *solveFlags) matrixPaths() (k, b string) {
	if f.mtxOut == "" {
		return "", ""
	}
	return f.mtxOut + "_K.mtx", f.mtxOut + "_b.mtx"
}

// outputs are all files that the flags name to be written.
func (f *solveFlags) outputs() []namedPath {
	k, b := f.matrixPaths()
	return []namedPath{{"out", f.out}, {"mtx-out", k}, {"mtx-out", b}, {"plot", f.plot}}
}

// openFiles opens the files that the flags name.
func (f *solveFlags) openFiles() (*solveFiles, error) {
	o := new(solveFiles)
	kPath, bPath := f.matrixPaths()
	var err error
	if o.npz, err = createOutput("out", f.out); err == nil {
		o.k, err = createOutput("mtx-out", kPath)
	}
	if err == nil {
		o.b, err = createOutput("mtx-out", bPath)
	}
	if err == nil {
		o.plot, err = createPlot("plot", f.plot)
	}
	if err != nil {
		o.discard()
		return nil, err
	}
	return o, nil
}

// needsMatrix reports whether K is asked for.
func (o *solveFiles) needsMatrix() bool { return o.k != nil || o.plot != nil }

// discard removes what has not been written.
func (o *solveFiles) discard() {
	o.npz.discard()
	o.k.discard()
	o.b.discard()
	o.plot.discard()
}

// write writes all files.
func (o *solveFiles) write(m *measurement, lin *nn.Linearization, k *augmentedView, outcome []solved, sp *spectrum) error {
	g := m.problem.rightHandSide(lin)
	if o.npz != nil {
		if err := o.npz.write(func(w io.Writer) error { return writeProblem(w, m.problem, g, outcome[0].x) }); err != nil {
			return err
		}
	}
	if o.k != nil {
		note := "augmented system K of costate; unknowns: parameters, states, costates"
		if err := o.k.write(func(w io.Writer) error { return mtx.Write(w, k.aug.K, note) }); err != nil {
			return err
		}
		b := make([]float64, k.aug.Order())
		k.aug.LiftTo(b, g)
		if err := o.b.write(func(w io.Writer) error { return mtx.WriteVector(w, b, "right-hand side of K") }); err != nil {
			return err
		}
	}
	if o.plot != nil {
		pg := matrixPage(k)
		if sp != nil {
			panel, err := sp.panel(len(g))
			if err != nil {
				return err
			}
			pg.Panels[0] = append(pg.Panels[0], panel)
		}
		return o.plot.save(pg)
	}
	return nil
}
