package experiments

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costate/nn/train/race"
)

// TestRun runs each for a moment, to see that its files come about.
func TestRun(t *testing.T) {
	for name, want := range map[string]string{"depth": "| 100 layers | lm |", "regression": "| diabetes | lbfgs |", "pde": "| heat-1d 64-64-48-48 | lbfgs |"} { // the others need Fashion-MNIST
		steps := 0
		x, err := Run(context.Background(), name, &Options{Machine: "a machine", Brief: true, Show: func(string, float64, *race.Entry) { steps++ }})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		dir := t.TempDir()
		if err := x.Write(dir); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) != 3 || steps == 0 {
			t.Errorf("%s: %v: files %v after %d steps", name, err, files, steps)
		}
		text, err := os.ReadFile(filepath.Join(dir, name+".md"))
		if err != nil || !strings.Contains(string(text), want) || !strings.Contains(string(text), "on a machine.") {
			t.Errorf("%s: %v: %s", name, err, text)
		}
	}
	if _, err := Run(context.Background(), "none", new(Options)); err == nil || !strings.Contains(err.Error(), "regression") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, "depth", &Options{Brief: true}); err != context.Canceled {
		t.Error(err)
	}
}
