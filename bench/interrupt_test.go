package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"costate/nn/npz"
	"costate/nn/train"
	"costate/nn/train/race"
)

// TestMain runs the command itself where a test asks for a process of its own, or what
// stands for another program.
func TestMain(m *testing.M) {
	if kind, ok := os.LookupEnv("COSTATE_PEER"); ok {
		playPeer(kind)
	}
	if args, ok := os.LookupEnv("COSTATE_ARGS"); ok {
		os.Args = append([]string{program}, strings.Split(args, "\n")...)
		main()
	}
	os.Exit(m.Run())
}

// process starts the command as a process.
func process(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "COSTATE_ARGS="+strings.Join(args, "\n"))
	errs := new(bytes.Buffer)
	c.Stderr = errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, errs
}

// eventually waits for something.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not in 30 s", what)
		}
	}
}

// TestEnds: whether a run is interrupted or killed, its last checkpoint is there, no
// other file is, and it goes on as if nothing had happened, bit for bit.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name   string
		signal os.Signal
		status int
	}{{"interrupt", os.Interrupt, statusInterrupted}, {"term", syscall.SIGTERM, statusInterrupted}, {"kill", os.Kill, -1}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "c.npz")
			args := trainArgs("--optimizer", "adam", "--lr", "0.001", "--target", "0", "--seconds", "100", "--json")
			p, errs := process(t, append(args, "--checkpoint", file, "--checkpoint-every", "10ms")...)
			eventually(t, "checkpoint", func() bool { _, err := os.Stat(file); return err == nil })
			p.Process.Signal(c.signal)
			p.Wait()
			if status := p.ProcessState.ExitCode(); status != c.status {
				t.Fatalf("exit status %d: %s", status, errs)
			}
			if c.signal != os.Kill { // which may come while a file is written
				leftovers(t, dir, "c.npz")
			}
			if strings.ContainsAny(errs.String(), "\r\x1b") {
				t.Errorf("a bar where there is no terminal: %q", errs)
			}
			var at, second, whole race.Result
			mustJSON(t, &at, append(args, "--checkpoint", file, "--resume", "--steps", "1")...)
			steps := strconv.Itoa(at.Final.Step + 20)
			mustJSON(t, &second, append(args, "--checkpoint", file, "--resume", "--steps", steps)...)
			mustJSON(t, &whole, append(args, "--steps", steps)...)
			if second.Final.Step != whole.Final.Step || math.Float64bits(float64(second.Final.Loss)) != math.Float64bits(float64(whole.Final.Loss)) || second.Final.Taken != whole.Final.Taken {
				t.Errorf("it ends with %+v, uninterrupted %+v", second.Final, whole.Final)
			}
		})
	}
}

// stuck is an optimizer with a step that takes as long as a test wants.
type stuck struct {
	train.Optimizer
	step           int // counted from 1
	made           int
	inside, resume chan struct{}
}

func (o *stuck) Step(t *train.Task) (train.Info, error) {
	o.made++
	if o.made == o.step-1 {
		time.Sleep(2 * (50 * time.Millisecond)) // long enough for what comes after it to be kept
	}
	if o.made == o.step {
		close(o.inside)
		<-o.resume
	}
	return o.Optimizer.Step(t)
}

// TestInterruptInStep: an interrupt in a step that does not end writes the point
// before it at once.
func TestInterruptInStep(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.npz")
	f := trainFlags{net: netFlags{data: "digits", layers: 3, width: 6, batch: 16, act: "tanh", loss: "ce", bias: true, gain: 1}, fixed: true, init: "normal", steps: 8}
	j, err := (&session{seed: 1}).job(&f, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, o *stuck) *race.Result {
		o.Optimizer = &train.LevenbergMarquardt{}
		res, err := j.Run(ctx, o, 0, nil)
		if err != nil {
			t.Error(err)
		}
		return res
	}
	whole := run(context.Background(), new(stuck))

	ctx, cancel := context.WithCancel(context.Background())
	o := &stuck{step: 4, inside: make(chan struct{}), resume: make(chan struct{})}
	j.Checkpoint = &race.Checkpointer{File: file, Note: func(string, ...any) {}}
	done := make(chan struct{})
	go func() { run(ctx, o); close(done) }()
	<-o.inside
	if _, err := os.Stat(file); err == nil {
		t.Error("a checkpoint before the interrupt")
	}
	cancel()
	eventually(t, "checkpoint", func() bool { _, err := os.Stat(file); return err == nil })
	if a, err := npz.ReadArrays(file); err != nil || a["run"].Data[0] != 3 {
		t.Errorf("%v: the checkpoint is of step %v, want 3", err, a["run"].Data)
	}
	j.Resume, j.Checkpoint = file, nil
	second := run(context.Background(), new(stuck))
	close(o.resume)
	<-done
	if len(second.History) != len(whole.History) {
		t.Fatalf("%d records, uninterrupted %d", len(second.History), len(whole.History))
	}
	for i, e := range whole.History {
		if have := second.History[i]; have.Step != e.Step || have.Loss != e.Loss {
			t.Errorf("step %d: loss %v, uninterrupted %v", e.Step, have.Loss, e.Loss)
		}
	}
}

// counted is a context that ends when it has been asked for the last time.
type counted struct {
	context.Context
	left atomic.Int64
	end  context.CancelFunc
}

func (c *counted) Err() error {
	if c.left.Add(-1) < 0 {
		c.end()
	}
	return c.Context.Err()
}

// TestInterruptAnywhere: wherever a command is interrupted, it says so, prints nothing
// else, and leaves no file.
func TestInterruptAnywhere(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"mtx", "testdata/saddle.mtx", "--repeat", "4", "--spectrum", "2", "--eigen", "2", "--inverse-diag", filepath.Join(dir, "d"), "--out", filepath.Join(dir, "x")},
		{"mtx", "testdata/saddle.mtx", "--repeat", "4", "--json"},
		solveArgs("--repeat", "4", "--eps", "0.1,0.2", "--json"),
		solveArgs("--repeat", "4", "--method", "block", "--check-dense", "--out", filepath.Join(dir, "o")),
	} {
		for asked := int64(0); ; asked++ {
			c := new(counted)
			c.Context, c.end = context.WithCancel(context.Background())
			c.left.Store(asked)
			var out, errs bytes.Buffer
			status := execute(c, args, &out, &errs)
			c.end()
			if status == 0 {
				break
			}
			if status != statusInterrupted || out.Len() > 0 || !strings.Contains(errs.String(), "interrupted") {
				t.Errorf("%q: after %d questions: status %d, %q, message %q", args, asked, status, &out, &errs)
			}
			leftovers(t, dir)
		}
		for _, name := range []string{"d", "x", "o"} {
			os.Remove(filepath.Join(dir, name))
		}
	}
}

// TestNoBars: without a terminal nothing is drawn, nor anything else printed.
func TestNoBars(t *testing.T) {
	if m := newMeter(new(bytes.Buffer), 3); m != nil {
		t.Error("a meter without a terminal")
		m.close()
	}
	for _, args := range [][]string{trainArgs("--optimizer", "lm,adam", "--steps", "5"), solveArgs()} {
		if _, errs, status := runBench(args...); status != 0 || errs != "" {
			t.Errorf("%q: status %d, message %q", args, status, errs)
		}
	}
}
