package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"costate/bench/internal/figure"
	"costate/bench/internal/prose"
	"costate/factor"
	"costate/factor/eigen"
	"costate/factor/mumps"
	"costate/nn"
)

// A spectrum is what --spectrum adds: where the eigenvalues of H, or of the
// matrix of mtx, lie, by
// counting them below shifts.
type spectrum struct {
	Min     interval      `json:"min"` // the smallest eigenvalue lies in here
	Max     interval      `json:"max"`
	Counts  []eigen.Count `json:"counts"`
	Seconds float64       `json:"seconds"`
}

type interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// measureSpectrum brackets the extreme eigenvalues of H and counts those below n
// shifts between.
func (m *measurement) measureSpectrum(ctx context.Context, lin *nn.Linearization, n int) (*spectrum, error) {
	source := eigen.OfChain(m.chain(lin), &factor.Options{Backend: m.backend, MemoryLimit: m.memory, Interrupt: ended(ctx)})
	return countSpectrum(source, factor.EngineNative, m.backend.Threads(), n)
}

// countSpectrum does that for any matrix. The ranks of mpirun share the shifts out, unless
// the engine keeps them busy with each of them.
func countSpectrum(source eigen.Source, engine string, threads, n int) (*spectrum, error) {
	start := time.Now()
	prepare := eigen.NewSpectrum
	if mumps.Ranks() > 1 && engine == factor.EngineNative {
		prepare = eigen.NewSharedSpectrum
	}
	s, err := prepare(source, threads)
	if err != nil {
		return nil, err
	}
	const tolerance = 1e-6 // relative to ‖H‖
	lo, err := s.Min(tolerance)
	if err != nil {
		return nil, err
	}
	hi, err := s.Max(tolerance)
	if err != nil {
		return nil, err
	}
	counts, err := s.Counts(spectrumShifts(lo.Low, hi.High, n))
	if err != nil {
		return nil, err
	}
	return &spectrum{Min: interval(lo), Max: interval(hi), Counts: counts, Seconds: time.Since(start).Seconds()}, nil
}

// mostShifts bounds --spectrum: each of its shifts is a factorization and a line.
const mostShifts = 1_000_000

// checkSpectrum checks the flag, which is 0 where it was not given.
func checkSpectrum(n int, given bool) error {
	switch {
	case n < 0 || given && n < 1:
		return usagef("--spectrum is %d; it must be at least 1", n)
	case n > mostShifts:
		return usagef("--spectrum is %d; it may be %d", n, mostShifts)
	}
	return nil
}

// fineness is how much smaller than the largest eigenvalue those are that the
// shifts still tell apart.
const fineness = 1e-5

// spectrumShifts returns n shifts from lo to hi, closer to each other near zero,
// where most eigenvalues are: equally spaced in asinh.
func spectrumShifts(lo, hi float64, n int) []float64 {
	unit := fineness * max(math.Abs(lo), math.Abs(hi))
	if unit == 0 {
		unit = 1
	}
	a, b := math.Asinh(lo/unit), math.Asinh(hi/unit)
	shifts := make([]float64, n)
	for i := range shifts {
		// Away from the ends, where the counts are 0 and all.
		shifts[i] = unit * math.Sinh(a+(b-a)*(float64(i)+0.5)/float64(n))
	}
	return shifts
}

// print is the table of the report for the matrix of a name.
func (s *spectrum) print(w io.Writer, name string, order int) {
	fmt.Fprintf(w, "\nEigenvalues of %s, counted below %s in %s:\nthe smallest is in [%.6g, %.6g], the largest in [%.6g, %.6g]\n\n",
		name, prose.Plural(len(s.Counts), "shift"), prose.Duration(s.Seconds), s.Min.Low, s.Min.High, s.Max.Low, s.Max.High)
	t := newTable("below", "eigenvalues", "of all", "")
	for _, c := range s.Counts {
		note := ""
		if !c.Certain {
			note = fmt.Sprintf("and %d too close to tell", c.Near)
		}
		t.add(fmt.Sprintf("%+.4g", c.Shift), prose.Group(c.Below), fmt.Sprintf("%.2f %%", 100*float64(c.Below)/float64(order)), note)
	}
	t.print(w)
}

// panel draws the cumulative distribution, as steps.
func (s *spectrum) panel(order int) (*plot.Plot, error) {
	unit := fineness * max(math.Abs(s.Min.Low), math.Abs(s.Max.High))
	p := figure.NewPanel("eigenvalues of H below λ", "λ", "fraction", false, false)
	p.X.Scale, p.X.Tick.Marker = asinhScale{unit}, asinhTicks{unit}
	xys := plotter.XYs{{X: s.Min.Low, Y: 0}}
	for _, c := range s.Counts {
		xys = append(xys, plotter.XY{X: c.Shift, Y: float64(c.Below) / float64(order)})
	}
	xys = append(xys, plotter.XY{X: s.Max.High, Y: 1})
	return p, figure.AddLine(p, "", 0, 0, xys)
}

// asinhScale is linear near zero and logarithmic far from it, on both sides.
type asinhScale struct{ unit float64 }

func (a asinhScale) Normalize(lo, hi, x float64) float64 {
	l := math.Asinh(lo / a.unit)
	return (math.Asinh(x/a.unit) - l) / (math.Asinh(hi/a.unit) - l)
}

type asinhTicks struct{ unit float64 }

// Ticks marks zero and every other power of ten on both sides.
func (a asinhTicks) Ticks(lo, hi float64) []plot.Tick {
	ticks := []plot.Tick{{Value: 0, Label: "0"}}
	top := math.Floor(math.Log10(max(math.Abs(lo), math.Abs(hi))))
	for e := top; e > math.Log10(a.unit)+0.5; e-- {
		for _, sign := range []float64{-1, 1} {
			v := sign * math.Pow(10, e)
			if v < lo || v > hi {
				continue
			}
			t := plot.Tick{Value: v}
			if math.Mod(top-e, 2) == 0 {
				t.Label = fmt.Sprintf("%g", v)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}
