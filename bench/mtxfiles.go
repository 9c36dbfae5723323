package main

import (
	"io"

	"costate/la/mtx"
)

// mtxFiles are the files that mtx writes. They are opened before anything is
// computed.
type mtxFiles struct {
	x, diagonal *output
	plot        *plotOutput
}

// openFiles opens the files that the flags name.
func (f *mtxFlags) openFiles() (*mtxFiles, error) {
	o := new(mtxFiles)
	var err error
	if o.x, err = createOutput("out", f.out); err == nil {
		o.diagonal, err = createOutput("inverse-diag", f.inverseDiag)
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

// discard removes what has not been written.
func (o *mtxFiles) discard() {
	o.x.discard()
	o.diagonal.discard()
	o.plot.discard()
}

// write writes what there is.
func (o *mtxFiles) write(j *mtxJob) error {
	if o.x != nil {
		err := o.x.write(func(w io.Writer) error {
			if _, columns := j.x.Dims(); columns > 1 {
				return mtx.WriteDense(w, j.x)
			}
			return mtx.WriteVector(w, j.x.RawMatrix().Data)
		})
		if err != nil {
			return err
		}
	}
	if o.diagonal != nil && j.diagonal != nil {
		err := o.diagonal.write(func(w io.Writer) error { return mtx.WriteVector(w, j.diagonal, "diagonal of the inverse") })
		if err != nil {
			return err
		}
	}
	if o.plot != nil {
		return o.plot.save(planPage(j.a, j.solver.Tree()))
	}
	return nil
}
