package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/schollz/progressbar/v3"

	"costate/bench/internal/prose"
	"costate/nn/train/race"
)

// A trainMeter shows a run as it goes: a bar where there is a terminal, and where
// lines is set, a line there whenever the loss, or the error of a differential equation's
// solution, has fallen by a factor of ten.
type trainMeter struct {
	bar     *progressbar.ProgressBar // nil without a terminal
	lines   io.Writer
	steps   int
	seconds float64

	shown    time.Time
	decade   float64
	accuracy *float64
	current  string
}

func newTrainMeter(w, lines io.Writer, steps int, seconds float64) *trainMeter {
	m := &trainMeter{lines: lines, steps: steps, seconds: seconds}
	if isTerminal(w) {
		m.bar = progressbar.NewOptions(1000,
			progressbar.OptionSetWriter(w),
			progressbar.OptionSetWidth(20),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionClearOnFinish(),
		)
	}
	return m
}

// show shows one step.
func (m *trainMeter) show(name string, rate float64, e *race.Entry) {
	if rate != 0 {
		name = fmt.Sprintf("%s %.3g", name, rate)
	}
	if name != m.current {
		m.current, m.decade, m.shown, m.accuracy = name, math.Inf(1), time.Time{}, nil
	}
	if e.TestAccuracy != nil {
		m.accuracy = e.TestAccuracy
	} else if e.TrainAccuracy != nil {
		m.accuracy = e.TrainAccuracy
	}
	loss := float64(e.Loss)
	m.line(name, e)
	if m.bar == nil || time.Since(m.shown) < 100*time.Millisecond {
		return
	}
	m.shown = time.Now()
	done := 0.0
	if m.steps > 0 {
		done = float64(e.Step) / float64(m.steps)
	}
	if m.seconds > 0 {
		done = math.Max(done, e.Seconds/m.seconds)
	}
	text := fmt.Sprintf("%s step %d loss %.2e", name, e.Step, loss)
	if e.Damping != nil {
		text += fmt.Sprintf(" λ %.1e", float64(*e.Damping))
	}
	if e.Radius != nil {
		text += fmt.Sprintf(" Δ %.1e", float64(*e.Radius))
	}
	if e.L2 != nil {
		text += fmt.Sprintf(" error %.1e", float64(*e.L2))
	}
	if m.accuracy != nil {
		text += fmt.Sprintf(" test %.1f%%", 100**m.accuracy)
	}
	m.bar.Describe(text)
	m.bar.Set(min(int(1000*done), 999))
}

// line writes a line where the loss, or the relative error if there is one, has come to
// another power of ten.
func (m *trainMeter) line(name string, e *race.Entry) {
	mark, extra := float64(e.Loss), ""
	if e.L2 != nil {
		mark = float64(*e.L2)
		extra = fmt.Sprintf("  error %.1e", mark)
	}
	if m.lines == nil || !(mark > 0) || !(math.Ceil(math.Log10(mark)) < m.decade) {
		return
	}
	m.decade = math.Ceil(math.Log10(mark))
	m.close()
	fmt.Fprintf(m.lines, "  %-12s step %6d  %8s  loss %.1e%s\n", name, e.Step, prose.Duration(e.Seconds), float64(e.Loss), extra)
}

// close takes the bar away.
func (m *trainMeter) close() {
	if m.bar != nil {
		m.bar.Clear()
	}
}
