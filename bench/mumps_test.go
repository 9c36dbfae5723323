//go:build cgo && mumps

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"costate/bench/internal/protocol"
	"costate/la"
	"costate/la/mtx"
	"costate/nn/npz"
	"costate/nn/train/race"
)

// mpirun is the command on so many ranks; output and errors go to the buffers.
func mpirun(ranks int, args ...string) (c *exec.Cmd, stdout, stderr *bytes.Buffer) {
	c = exec.Command("mpirun", "--allow-run-as-root", "--oversubscribe", "-n", strconv.Itoa(ranks), os.Args[0])
	c.Env = append(os.Environ(), "COSTATE_ARGS="+strings.Join(args, "\n"))
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	c.Stdout, c.Stderr = stdout, stderr
	return c, stdout, stderr
}

// meshFile writes the five-point Laplacian of m² points, less 1.
func meshFile(t *testing.T, m int) string {
	b := la.NewSymBuilder(m*m, 0)
	for i := range m * m {
		b.Add(i, i, 3)
		if i%m > 0 {
			b.Add(i, i-1, -1)
		}
		if i >= m {
			b.Add(i, i-m, -1)
		}
	}
	a, _ := b.Build()
	var text bytes.Buffer
	if err := mtx.Write(&text, a); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "A.mtx")
	if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestRanks: on any number of ranks there is one document, with the answers of the native
// engine.
func TestRanks(t *testing.T) {
	name := meshFile(t, 20)
	var native mtxResult
	mustJSON(t, &native, "mtx", name, "--json", "--repeat", "1")
	solve := append([]string{"solve"}, small...)
	var counted solveResult
	mustJSON(t, &counted, append(solve, "--spectrum", "5", "--json")...)
	var block solveResult
	mustJSON(t, &block, append(solve, "--method", "block", "--json")...)
	for _, ranks := range []int{1, 2, 3} {
		c, out, errs := mpirun(ranks, "mtx", name, "--engine", "mumps", "--json", "--repeat", "1", "--spectrum", "3")
		var r mtxResult
		if err := c.Run(); err != nil || json.Unmarshal(out.Bytes(), &r) != nil {
			t.Fatalf("%d ranks: %v: %s%s", ranks, err, out, errs)
		}
		if r.Engine != "mumps" || r.Ranks != ranks || *r.Inertia != *native.Inertia || math.Abs(float64(r.LogDet.Log-native.LogDet.Log)) > 1e-9 {
			t.Errorf("%d ranks: %+v, native %+v", ranks, r, native)
		}
		c, out, errs = mpirun(ranks, append(solve, "--method", "block", "--engine", "mumps", "--json")...)
		var s solveResult
		if err := c.Run(); err != nil || json.Unmarshal(out.Bytes(), &s) != nil {
			t.Fatalf("%d ranks: %v: %s%s", ranks, err, out, errs)
		}
		c, out, errs = mpirun(ranks, append(solve, "--spectrum", "5", "--json")...)
		var shared solveResult
		if err := c.Run(); err != nil || json.Unmarshal(out.Bytes(), &shared) != nil {
			t.Fatalf("%d ranks: %v: %s%s", ranks, err, out, errs)
		}
		for i, want := range counted.Spectrum.Counts { // at shifts that come from brackets
			if got := shared.Spectrum.Counts[i]; got.Below != want.Below || got.Certain != want.Certain {
				t.Errorf("%d ranks: %+v, by one %+v", ranks, got, want)
			}
		}
		if s.Inertia != block.Inertia || !(float64(s.BackwardError) <= 1e-14) {
			t.Errorf("%d ranks: %+v, native %+v", ranks, s, block)
		}
	}
}

// TestRanksTrain: training with batches shared out is training, but for rounding.
func TestRanksTrain(t *testing.T) {
	args := []string{"train", "--optimizer", "lm,adam", "--lr", "0.01", "--layers", "3", "--width", "8", "--batch", "0", "--curvature-batch", "100", "--cg", "--steps", "4", "--seconds", "60", "--residual", "--json"}
	var whole []race.Result
	mustJSON(t, &whole, args...)
	for _, ranks := range []int{1, 2, 3} {
		c, out, errs := mpirun(ranks, append(args, "--shard")...)
		var sharded []race.Result
		if err := c.Run(); err != nil || json.Unmarshal(out.Bytes(), &sharded) != nil || len(sharded) != len(whole) {
			t.Fatalf("%d ranks: %v: %s%s", ranks, err, out, errs)
		}
		for i, w := range whole {
			got, want := float64(sharded[i].Final.Loss), float64(w.Final.Loss)
			if sharded[i].Final.Step != w.Final.Step || !(math.Abs(got-want) <= 1e-9*want) {
				t.Errorf("%d ranks, %s: loss %.17g after %d steps, not shared out %.17g after %d", ranks, w.Optimizer, got, sharded[i].Final.Step, want, w.Final.Step)
			}
		}
	}
}

// TestRanksShare: methods that iterate share the batch, of which ranks may have no sample, with
// the answers of one rank.
func TestRanksShare(t *testing.T) {
	for _, args := range [][]string{
		{"--method", "cg", "--curvature", "ggn", "--batch", "2", "--check-dense"},
		{"--method", "minres", "--batch", "600"},
		{"--method", "minres", "--batch", "20", "--spectrum", "3"},
		{"--method", "minres", "--net", "conv:4,3|pool|dense:10", "--batch", "40", "--rhs", "random"},
	} {
		args = append([]string{"solve", "--layers", "3", "--width", "6", "--eps", "0.5,2", "--repeat", "2", "--json"}, args...)
		if args[len(args)-2] == "--rhs" {
			args = slices.Delete(args, 1, 5) // layers and width
		}
		sharedAlike(t, args...)
	}
}

// sharedAlike compares the answers of a command that shares out the batch with those of one rank.
func sharedAlike(t *testing.T, args ...string) {
	t.Helper()
	var whole []solveResult
	mustJSON(t, &whole, args...)
	for _, ranks := range []int{1, 2, 3} {
		c, out, errs := mpirun(ranks, args...)
		var shared []solveResult
		if err := c.Run(); err != nil || json.Unmarshal(out.Bytes(), &shared) != nil || len(shared) != len(whole) {
			t.Fatalf("%v on %d ranks: %v: %s%s", args, ranks, err, out, errs)
		}
		for i, w := range whole {
			got := shared[i]
			if want := ranks; want == 1 && got.Ranks != 0 || want > 1 && got.Ranks != want {
				t.Errorf("%v on %d ranks: shared by %d", args, ranks, got.Ranks)
			}
			if !(got.BackwardError <= 1e-14) || got.StateMax != w.StateMax || got.Params != w.Params || got.Refinements > 2*w.Refinements+5 {
				t.Errorf("%v on %d ranks: %+v, by one %+v", args, ranks, got, w)
			}
			if d := math.Abs(float64(got.Loss - w.Loss)); !(d <= 1e-12*float64(w.Loss)) {
				t.Errorf("%v on %d ranks: loss %g, by one %g", args, ranks, got.Loss, w.Loss)
			}
			if e := got.RelativeErrorDense; w.RelativeErrorDense != nil && (e == nil || !(*e <= 1e-10)) {
				t.Errorf("%v on %d ranks: far from the dense solution: %v", args, ranks, e)
			}
		}
	}
}

// TestRanksShareFile: the network of a file is shared, of each format, whatever the names in it; a
// file that is none is one error, without a rank that waits.
func TestRanksShareFile(t *testing.T) {
	dir := t.TempDir()
	flags := []string{"--method", "minres", "--eps", "0.5,2", "--repeat", "1", "--json"}
	file := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, errs, status := runBench("solve", "--layers", "3", "--width", "6", "--batch", "20", "--repeat", "1", "--out", file("net.npz")); status != 0 {
		t.Fatal(errs)
	}
	arrays, err := npz.ReadArrays(file("net.npz"))
	must(err)
	for k := range 3 { // as torch names them
		w, b := fmt.Sprintf("W%d", k+1), fmt.Sprintf("b%d", k+1)
		arrays[fmt.Sprintf("%d.weight", 2*k)], arrays[fmt.Sprintf("%d.bias", 2*k)] = arrays[w], arrays[b]
		delete(arrays, w)
		delete(arrays, b)
	}
	must(npz.WriteArrays(file("torch.npz"), arrays))
	rng := rand.New(rand.NewPCG(1, 1))
	raw, err := protocol.FormatArchive(map[string]*protocol.Array{
		"X": protocol.Floats(randomSlice(rng, 8*6), 8, 6), "T": protocol.Integers([]int64{0, 1, 1, 0, 0, 1, 0, 1}, 8),
	})
	must(err)
	must(os.WriteFile(file("data.npz"), raw, 0o600))
	targets, err := protocol.FormatArchive(map[string]*protocol.Array{
		"X": protocol.Floats(randomSlice(rng, 8), 4, 2), "T": protocol.Floats(randomSlice(rng, 4), 4, 1),
	})
	must(err)
	must(os.WriteFile(file("targets.npz"), targets, 0o600))
	must(os.WriteFile(file("net.safetensors"), weightsFile(rng), 0o600))
	must(os.WriteFile(file("cut.npz"), raw[:100], 0o600))
	must(os.WriteFile(file("cut.onnx"), raw[:100], 0o600))
	for _, args := range [][]string{
		{"--in", file("net.npz")},
		{"--in", file("torch.npz"), "--rhs", "gradient"},
		{"--in", file("data.npz"), "--model", "../nn/onnx/testdata/controller.onnx"},
		{"--in", file("targets.npz"), "--model", file("net.safetensors"), "--act", "tanh", "--loss", "mse"},
	} {
		sharedAlike(t, slices.Concat([]string{"solve"}, args, flags)...)
	}
	for _, args := range [][]string{
		{"--in", file("cut.npz")},
		{"--in", file("missing.npz")},
		{"--in", file("data.npz"), "--model", file("cut.onnx")},
	} {
		c, out, errs := mpirun(2, slices.Concat([]string{"solve"}, args, flags[:len(flags)-1])...)
		if c.Run(); c.ProcessState.ExitCode() != statusFailed || out.Len() > 0 || strings.Count(errs.String(), filepath.Base(args[len(args)-1])) != 1 {
			t.Errorf("%v: status %d: %s%s", args, c.ProcessState.ExitCode(), out, errs)
		}
	}
}

// TestRanksFail: an error of rank 0 is the status of the job.
func TestRanksFail(t *testing.T) {
	c, out, errs := mpirun(2, "mtx", "missing.mtx", "--engine", "mumps")
	if c.Run(); c.ProcessState.ExitCode() != statusFailed || out.Len() > 0 || !strings.Contains(errs.String(), "missing.mtx") {
		t.Errorf("status %d: %s%s", c.ProcessState.ExitCode(), out, errs)
	}
}

// rankProcesses are the processes of a job, by rank, which mpirun has started with the
// word in their environment.
func rankProcesses(word string) map[string]int {
	found := map[string]int{}
	dirs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, d := range dirs {
		env, err := os.ReadFile(d)
		if err != nil || !bytes.Contains(env, []byte(word)) {
			continue
		}
		for v := range bytes.SplitSeq(env, []byte{0}) {
			if rank, ok := bytes.CutPrefix(v, []byte("OMPI_COMM_WORLD_RANK=")); ok {
				found[string(rank)], _ = strconv.Atoi(filepath.Base(filepath.Dir(d)))
			}
		}
	}
	return found
}

// TestRanksEnd: where a rank is killed, or the job is interrupted, all of it ends at once
// and says why.
func TestRanksEnd(t *testing.T) {
	name := meshFile(t, 150)
	factor := []string{"mtx", name, "--engine", "mumps", "--repeat", "100000"}
	solve := []string{"solve", "--method", "block", "--engine", "mumps", "--repeat", "100000"}
	train := []string{"train", "--shard", "--optimizer", "sgd", "--lr", "0.01", "--batch", "0", "--seconds", "1000"}
	for _, c := range []struct {
		what string
		end  func(job *exec.Cmd, ranks map[string]int) error
		says string
		args []string
	}{
		{"rank 1 killed", func(_ *exec.Cmd, ranks map[string]int) error { return syscall.Kill(ranks["1"], syscall.SIGKILL) }, "rank 1", factor},
		{"rank 1 of training killed", func(_ *exec.Cmd, ranks map[string]int) error { return syscall.Kill(ranks["1"], syscall.SIGKILL) }, "rank 1", train},
		{"rank 1 of a shared K killed", func(_ *exec.Cmd, ranks map[string]int) error { return syscall.Kill(ranks["1"], syscall.SIGKILL) }, "rank 1", solve},
		{"interrupt of a shared K", func(job *exec.Cmd, _ map[string]int) error { return job.Process.Signal(os.Interrupt) }, "no file was left half-written", solve},
		{"rank 0 killed", func(_ *exec.Cmd, ranks map[string]int) error { return syscall.Kill(ranks["0"], syscall.SIGKILL) }, "rank 0", factor},
		{"interrupt", func(job *exec.Cmd, _ map[string]int) error { return job.Process.Signal(os.Interrupt) }, "no file was left half-written", factor},
	} {
		t.Run(c.what, func(t *testing.T) {
			word := fmt.Sprintf("COSTATE_JOB=%d", time.Now().UnixNano())
			job, _, errs := mpirun(2, c.args...)
			job.Env = append(job.Env, word)
			if err := job.Start(); err != nil {
				t.Fatal(err)
			}
			var ranks map[string]int
			eventually(t, "ranks", func() bool { ranks = rankProcesses(word); return len(ranks) == 2 })
			time.Sleep(2 * time.Second) // into the factorizations
			if err := c.end(job, ranks); err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() { job.Wait(); close(done) }()
			select {
			case <-done:
			case <-time.After(60 * time.Second):
				job.Process.Kill()
				t.Fatal("the job hangs")
			}
			if job.ProcessState.ExitCode() == 0 || !strings.Contains(errs.String(), c.says) {
				t.Errorf("status %d: %s", job.ProcessState.ExitCode(), errs)
			}
			eventually(t, "end of the ranks", func() bool { return len(rankProcesses(word)) == 0 })
		})
	}
}
