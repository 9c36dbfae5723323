package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// meterDelay is how long a computation may take without showing a meter.
const meterDelay = time.Second

// A meter shows on a terminal how far a computation is, once it has taken a
// second. Its methods may be called on a nil meter, which shows nothing.
type meter struct {
	mu    sync.Mutex
	count int
	doing string

	stop, done chan struct{}
}

// newMeter starts a meter of the given number of steps, or returns nil where w is no
// terminal.
func newMeter(w io.Writer, steps int) *meter {
	if !isTerminal(w) {
		return nil
	}
	m := &meter{stop: make(chan struct{}), done: make(chan struct{})}
	go m.run(w, steps)
	return m
}

func (m *meter) run(w io.Writer, steps int) {
	defer close(m.done)
	start := time.Now()
	wait := time.NewTimer(meterDelay)
	defer wait.Stop()
	var bar *progressbar.ProgressBar
	for {
		select {
		case <-m.stop:
			if bar != nil {
				bar.Clear()
			}
			return
		case <-wait.C:
		}
		if bar == nil {
			bar = progressbar.NewOptions(steps,
				progressbar.OptionSetWriter(w),
				progressbar.OptionSetWidth(30),
				progressbar.OptionShowCount(),
				progressbar.OptionSetElapsedTime(false),
				progressbar.OptionSetPredictTime(false),
			)
		}
		m.mu.Lock()
		count, doing := m.count, m.doing
		m.mu.Unlock()
		bar.Set(min(count, steps-1))
		bar.Describe(fmt.Sprintf("%s, %.0f s", doing, time.Since(start).Seconds()))
		wait.Reset(meterDelay / 2)
	}
}

// step says that the given step begins, and that those before it are done.
func (m *meter) step(doing string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.doing != "" {
		m.count++
	}
	m.doing = doing
}

// note says more of the step that is being done.
func (m *meter) note(doing string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doing = doing
}

// close takes the meter away.
func (m *meter) close() {
	if m == nil {
		return
	}
	close(m.stop)
	<-m.done
}
