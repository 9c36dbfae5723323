package main

import (
	"context"
	"fmt"
	"time"

	"costate/factor/eigen"
)

// An inverseDiagonal is what --inverse-diag adds, beside its file.
type inverseDiagonal struct {
	Trace   number  `json:"trace"` // of the inverse
	Seconds float64 `json:"seconds"`
}

// An eigenvalues is what --eigen adds.
type eigenvalues struct {
	Near   float64   `json:"near"`
	Values []float64 `json:"values"` // nearest first
	eigen.LanczosReport
	Seconds float64 `json:"seconds"`
}

// more computes what is asked for beside x.
func (j *mtxJob) more(ctx context.Context) error {
	if j.flags.inverseDiag != "" {
		j.meter.step("inverse")
		if err := j.inverseDiagonal(); err != nil {
			return fmt.Errorf("--inverse-diag: %w", err)
		}
	}
	if j.flags.spectrum > 0 && ctx.Err() == nil {
		j.meter.step("spectrum")
		sp, err := countSpectrum(eigen.OfSparse(j.a, &j.options), j.flags.engine.name, j.options.Backend.Threads(), j.flags.spectrum)
		if err != nil {
			return fmt.Errorf("--spectrum: %w", err)
		}
		j.result.Spectrum = sp
	}
	if j.flags.eigen > 0 && ctx.Err() == nil {
		j.meter.step("eigenvalues")
		if err := j.eigenvalues(); err != nil {
			return fmt.Errorf("--eigen: %w", err)
		}
	}
	return nil
}

func (j *mtxJob) inverseDiagonal() (err error) {
	start := time.Now()
	if j.diagonal, err = j.solver.InverseDiagTo(nil); err != nil {
		return err
	}
	trace := 0.0
	for _, v := range j.diagonal {
		trace += v
	}
	j.result.InverseDiagonal = &inverseDiagonal{Trace: number(trace), Seconds: time.Since(start).Seconds()}
	return nil
}

func (j *mtxJob) eigenvalues() error {
	start := time.Now()
	var l eigen.Lanczos
	if err := l.Factorize(eigen.OfSparse(j.a, &j.options), j.flags.near, j.flags.eigen); err != nil {
		return err
	}
	j.result.Eigen = &eigenvalues{Near: j.flags.near, Values: l.Values(nil), LanczosReport: l.Report(), Seconds: time.Since(start).Seconds()}
	return nil
}
