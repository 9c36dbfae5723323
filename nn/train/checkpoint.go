package train

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"costate/nn"
)

// A checkpoint is an .npz file, an archive of arrays that NumPy reads, with
//
//	params        the parameters, flat
//	run           steps, tries, open batch, seconds, first loss, batches dealt
//	optimizer     the name, as bytes
//	network       what the network is, as bytes
//	state_NAME    the arrays of Optimizer.State
//	extra_NAME    arrays of the caller
//
// all float64 but the two texts.

// Save writes a checkpoint under a temporary name first, so that a file of that
// name is replaced as a whole or not at all. Extra arrays are kept for the caller;
// nil is fine.
func (r *Run) Save(name string, extra map[string][]float64) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
			err = fmt.Errorf("train: checkpoint %s: %w", name, err)
		}
	}()
	z := zip.NewWriter(tmp)
	put := func(name, descr string, count int, raw []byte) {
		if err != nil {
			return
		}
		var w io.Writer
		if w, err = z.Create(name + ".npy"); err == nil {
			_, err = w.Write(append(npyHeader(descr, count), raw...))
		}
	}
	floats := func(name string, x []float64) { put(name, "<f8", len(x), floatBytes(x)) }
	text := func(name, s string) { put(name, "|u1", len(s), []byte(s)) }
	floats("params", r.Net.Params())
	open := 0.0
	if r.open {
		open = 1
	}
	floats("run", []float64{float64(r.taken), float64(r.rejected), open, r.seconds, r.first, float64(r.Data.at)})
	text("optimizer", r.Optimizer.Name())
	text("network", Describe(r.Net))
	state := r.Optimizer.State()
	for _, name := range slices.Sorted(maps.Keys(state)) {
		floats("state_"+name, state[name])
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		floats("extra_"+name, extra[name])
	}
	if err != nil {
		return err
	}
	if err = z.Close(); err != nil {
		return err
	}
	if err = tmp.Chmod(0o644); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// Resume sets the run, whose network, optimizer and data are those of the run that
// was saved, to where that was, and returns its extra arrays. The steps that
// follow are those that would have followed there, bit for bit, on a machine and
// with a number of threads that compute alike. The error is a *CheckpointError if
// the file is no checkpoint or one of another network or optimizer; nothing is
// changed then.
func (r *Run) Resume(name string) (extra map[string][]float64, err error) {
	refuse := func(format string, args ...any) error {
		return &CheckpointError{File: name, Why: fmt.Sprintf(format, args...)}
	}
	if err := r.Data.check(); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, refuse("%v", err)
	}
	arrays, texts, err := readArrays(raw)
	if err != nil {
		return nil, refuse("not a checkpoint: %v", err)
	}
	if have, want := texts["network"], Describe(r.Net); have != want {
		return nil, refuse("a checkpoint of another network: %s, not %s", quoted(have), want)
	}
	if have, want := texts["optimizer"], r.Optimizer.Name(); have != want {
		return nil, refuse("a checkpoint of the optimizer %s, not %s", quoted(have), want)
	}
	params, run := arrays["params"], arrays["run"]
	if len(params) != r.Net.NumParams() {
		return nil, refuse("%d parameters, not %d", len(params), r.Net.NumParams())
	}
	if len(run) != 6 || slices.ContainsFunc(run, func(x float64) bool { return !(x >= 0 && x < 1<<52) }) {
		return nil, refuse("its array run makes no sense")
	}
	for i, x := range params {
		if x-x != 0 {
			return nil, refuse("its %s is %g", r.Net.ParamName(i), x)
		}
	}
	state, extra := State{}, map[string][]float64{}
	for name, x := range arrays {
		if s, ok := strings.CutPrefix(name, "state_"); ok {
			if len(x) > 16 && len(x) != len(params) {
				return nil, refuse("its array %s has %d numbers for %d parameters", name, len(x), len(params))
			}
			state[s] = x
		} else if s, ok := strings.CutPrefix(name, "extra_"); ok {
			extra[s] = x
		}
	}
	if err := r.Optimizer.SetState(state); err != nil {
		return nil, refuse("%v", err)
	}
	r.Net.SetParams(params)
	r.taken, r.rejected, r.open, r.seconds, r.first = int(run[0]), int(run[1]), run[2] == 1, run[3], run[4]
	r.Data.at, r.pending = int(run[5]), nil
	return extra, nil
}

// Describe says what a network is, but for its parameters: what a checkpoint
// must agree with.
func Describe(net *nn.Network) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d inputs", net.Inputs())
	for _, l := range net.Layers() {
		switch l := l.(type) {
		case *nn.Dense:
			act := "identity"
			if l.Act != nil {
				act = l.Act.Name()
			}
			fmt.Fprintf(&s, ", dense %d %s", l.Out, act)
			if l.Bias {
				s.WriteString(" bias")
			}
			if l.Skip {
				s.WriteString(" skip")
			}
		default:
			fmt.Fprintf(&s, ", %T", l)
		}
	}
	fmt.Fprintf(&s, ", loss %s", net.LossFunc().Name())
	return s.String()
}

// quoted shortens a text for a message.
func quoted(s string) string {
	if s == "" {
		return "none"
	}
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

// npyHeader is the beginning of a .npy file of one dimension, version 1 of the
// format.
//
// Source: NumPy's documentation, numpy.lib.format.
func npyHeader(descr string, count int) []byte {
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }", descr, count)
	pad := 64 - (10+len(text)+1)%64
	text += strings.Repeat(" ", pad%64) + "\n"
	head := append([]byte("\x93NUMPY\x01\x00"), 0, 0)
	binary.LittleEndian.PutUint16(head[8:], uint16(len(text)))
	return append(head, text...)
}

func floatBytes(x []float64) []byte {
	raw := make([]byte, 0, 8*len(x))
	for _, v := range x {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return raw
}

// mostBytes bounds an array of a checkpoint.
const mostBytes = 1 << 31

// readArrays reads an archive that Save wrote: arrays of float64 and texts.
func readArrays(raw []byte) (arrays map[string][]float64, texts map[string]string, err error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, nil, err
	}
	arrays, texts = map[string][]float64{}, map[string]string{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		rc, err := f.Open()
		if err != nil {
			return nil, nil, fmt.Errorf("array %s: %w", quoted(name), err)
		}
		body, err := io.ReadAll(io.LimitReader(rc, mostBytes))
		rc.Close()
		if err != nil {
			return nil, nil, fmt.Errorf("array %s: %w", quoted(name), err)
		}
		switch {
		case bytes.Contains(header(body), []byte("'<f8'")):
			data := body[len(header(body)):]
			if len(data)%8 != 0 {
				return nil, nil, fmt.Errorf("array %s: %d bytes are no whole number of float64", quoted(name), len(data))
			}
			x := make([]float64, len(data)/8)
			for i := range x {
				x[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
			}
			arrays[name] = x
		case bytes.Contains(header(body), []byte("'|u1'")):
			texts[name] = string(body[len(header(body)):])
		default:
			return nil, nil, fmt.Errorf("array %s: it is not one of float64 or bytes", quoted(name))
		}
	}
	return arrays, texts, nil
}

// header is the part of a .npy file before its numbers; empty if it is none.
func header(body []byte) []byte {
	if len(body) < 10 || !bytes.HasPrefix(body, []byte("\x93NUMPY\x01\x00")) {
		return nil
	}
	end := 10 + int(binary.LittleEndian.Uint16(body[8:]))
	if end > len(body) {
		return nil
	}
	return body[:end]
}
