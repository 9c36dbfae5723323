package main

import (
	"context"
	"sync"
	"time"

	"costate/nn/train"
)

// keepEvery is the least time between two copies of a run. A copy costs about as
// much as a small network's step; with this it is no part of the time that counts, and
// an interrupt loses no more than this and the step it falls in.
const keepEvery = 50 * time.Millisecond

// noteAfter is how long an interrupted run may take to end by itself, and to write and
// mention a later checkpoint, before the one written at once is mentioned.
const noteAfter = time.Second

// A checkpointer writes checkpoints of a run: every so often, at once when the run
// is interrupted, even in the middle of a long step, and at its end. A nil
// checkpointer writes nothing.
type checkpointer struct {
	file  string
	every time.Duration // 0: at an interrupt and at the end only
	note  func(format string, args ...any)

	kept    time.Time // when latest was made
	written time.Time

	mu     sync.Mutex // guards what follows, and the file
	latest *train.Checkpoint
	extra  map[string][]float64
	ended  bool
}

// watch has the run kept between its steps, and written when ctx is cancelled. extra
// is called between steps. The function returned ends that, and must be called
// after the run.
func (c *checkpointer) watch(ctx context.Context, r *train.Run, extra func() map[string][]float64) (end func()) {
	if c == nil {
		return func() {}
	}
	c.written = time.Now()
	r.Between = func() {
		now := time.Now()
		due := c.every > 0 && now.Sub(c.written) >= c.every
		if !due && now.Sub(c.kept) < keepEvery {
			return
		}
		c.kept = now
		c.mu.Lock()
		c.latest, c.extra = r.Checkpoint(), extra()
		c.mu.Unlock()
		if due {
			c.written = now
			c.write()
		}
	}
	stop := context.AfterFunc(ctx, func() {
		c.write()
		time.Sleep(noteAfter)
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.ended && c.latest != nil {
			c.note("checkpoint of step %d written to %s", c.latest.Step(), c.file)
		}
	})
	return func() {
		stop()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ended = true
	}
}

// write writes the latest copy. What goes wrong is no reason to end the run, which
// tries again.
func (c *checkpointer) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.latest == nil {
		return
	}
	if err := c.latest.Write(c.file, c.extra); err != nil {
		c.note("%s", oneLine(err))
	}
}
