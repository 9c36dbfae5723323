package main

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costate/bench/internal/protocol"
)

// solve --model takes the network of a file and the data of another, and --out has
// the data with g and x.
func TestSolveModel(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "data.npz"), filepath.Join(dir, "out.npz")
	rng := rand.New(rand.NewPCG(1, 1))
	arrays := map[string]*protocol.Array{
		"X": protocol.Floats(randomSlice(rng, 8*6), 8, 6),
		"T": protocol.Integers([]int64{0, 1, 1, 0, 0, 1, 0, 1}, 8),
	}
	save := func() {
		t.Helper()
		raw, err := protocol.FormatArchive(arrays)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(in, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save()
	const model = "../nn/onnx/testdata/controller.onnx"
	text, stderr, status := runBench("solve", "--model", model, "--in", in, "--out", out, "--json", "--repeat", "1")
	if status != 0 {
		t.Fatal(stderr)
	}
	var result struct {
		Params, Layers, Batch int
	}
	if err := json.Unmarshal([]byte(text), &result); err != nil {
		t.Fatal(err)
	}
	if result.Params != 1442 || result.Layers != 5 || result.Batch != 8 {
		t.Errorf("%+v", result)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got, err := protocol.ParseArchive(raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(got["x"].F) != 1442 || len(got["g"].F) != 1442 || len(got["T"].I) != 8 {
		t.Errorf("%d arrays", len(got))
	}
	// What was written serves as data again.
	if _, stderr, status := runBench("solve", "--model", model, "--in", out, "--json", "--repeat", "1"); status != 0 {
		t.Error(stderr)
	}
	for name, a := range map[string]*protocol.Array{
		"X": protocol.Floats(make([]float64, 8), 8, 1),
		"T": protocol.Integers(make([]int64, 3), 3),
		"g": protocol.Floats(make([]float64, 5), 5),
	} {
		before := arrays[name]
		arrays[name] = a
		save()
		if _, stderr, status := runBench("solve", "--model", model, "--in", in); status != 1 || !strings.Contains(stderr, name) {
			t.Errorf("a wrong %s: status %d, %s", name, status, stderr)
		}
		if arrays[name] = before; before == nil {
			delete(arrays, name)
		}
	}
	labels := arrays["T"]
	for what, c := range map[string]struct {
		t    *protocol.Array
		want string
	}{
		"one number without a dimension": {protocol.Floats([]float64{1}), "T has shape []"},
		"a label that is too great":      {protocol.Integers([]int64{0, 1, 1, 0, 0, 1, 0, 99}, 8), "T[7] is the label 99"},
	} {
		arrays["T"] = c.t
		save()
		if _, stderr, status := runBench("solve", "--model", model, "--in", in); status != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("T of %s: status %d, %s", what, status, stderr)
		}
	}
	// Other arrays are ignored, as they are without a model.
	arrays["T"], arrays["epoch"] = labels, protocol.Floats(make([]float64, 5), 5)
	save()
	if _, stderr, status := runBench("solve", "--model", model, "--in", in, "--repeat", "1"); status != 0 || !strings.Contains(stderr, "ignored epoch") {
		t.Errorf("with another array: status %d, %s", status, stderr)
	}
}

// weightsFile is a .safetensors file of two layers, from 2 inputs by 3 units to 1 output.
func weightsFile(rng *rand.Rand) []byte {
	head := `{"0.weight":{"dtype":"F64","shape":[3,2],"data_offsets":[0,48]},"0.bias":{"dtype":"F64","shape":[3],"data_offsets":[48,72]},` +
		`"2.weight":{"dtype":"F64","shape":[1,3],"data_offsets":[72,96]},"2.bias":{"dtype":"F64","shape":[1],"data_offsets":[96,104]}}`
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	file = append(file, head...)
	for _, v := range randomSlice(rng, 13) {
		file = binary.LittleEndian.AppendUint64(file, math.Float64bits(v))
	}
	return file
}

// A .safetensors file has weights alone: the activation between them is not guessed.
func TestSolveWeights(t *testing.T) {
	dir := t.TempDir()
	in, model := filepath.Join(dir, "data.npz"), filepath.Join(dir, "net.safetensors")
	rng := rand.New(rand.NewPCG(1, 1))
	raw, err := protocol.FormatArchive(map[string]*protocol.Array{
		"X": protocol.Floats(randomSlice(rng, 8), 4, 2), "T": protocol.Floats(randomSlice(rng, 4), 4, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	file := weightsFile(rng)
	if err := os.WriteFile(model, file, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"solve", "--model", model, "--in", in, "--loss", "mse", "--json", "--repeat", "1"}
	if _, stderr, status := runBench(args...); status != 2 || !strings.Contains(stderr, "--act") {
		t.Errorf("without --act: status %d, %s", status, stderr)
	}
	losses := map[string]float64{}
	for _, act := range []string{"tanh", "relu"} {
		text, stderr, status := runBench(append(args, "--act", act)...)
		var result struct {
			Params int
			Loss   float64
		}
		if err := json.Unmarshal([]byte(text), &result); err != nil || status != 0 || result.Params != 13 {
			t.Fatalf("%s: status %d, %+v, %v, %s", act, status, result, err, stderr)
		}
		losses[act] = result.Loss
	}
	if losses["tanh"] == losses["relu"] {
		t.Errorf("the loss is %v with both activations", losses["tanh"])
	}
	if err := os.WriteFile(model, file[:200], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := runBench(append(args, "--act", "tanh")...); status != 1 || !strings.Contains(stderr, "not a .safetensors file") {
		t.Errorf("a broken file: status %d, %s", status, stderr)
	}
}

func TestServeFlags(t *testing.T) {
	for _, args := range [][]string{{"--listen", "tcp:80"}, {"--listen", "unix:"}, {"--json"}, {"--backend", "magic"}, {"stray"}} {
		if _, stderr, status := runBench(append([]string{"serve"}, args...)...); status != 2 {
			t.Errorf("%v: status %d, %s", args, status, stderr)
		}
	}
}
