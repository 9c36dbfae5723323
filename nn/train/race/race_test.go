package race

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
)

// TestNumber: what is not finite is null, and comes back as NaN.
func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0.5: "0.5", math.Inf(-1): "null", 1e-300: "1e-300"} {
		text, err := json.Marshal(Number(x))
		if err != nil || string(text) != want {
			t.Errorf("%v: %s, want %s", err, text, want)
		}
	}
	var x Number
	if err := json.Unmarshal([]byte("null"), &x); err != nil || !math.IsNaN(float64(x)) {
		t.Error(err, x)
	}
}

// TestLevels: each level is crossed once, by the first loss that is not above it, and
// a checkpoint keeps that.
func TestLevels(t *testing.T) {
	r := &Result{}
	r.Final.Best = Number(math.NaN())
	for step, loss := range []float64{1, 2, 5e-5, 1e-3, 1e-9} {
		r.improve(loss, step, float64(step))
		r.improveL2(10*loss, step, float64(step))
		r.History = append(r.History, Entry{Step: step, Seconds: float64(step), Loss: Number(loss)})
	}
	want := []Crossing{{1e-2, 2, 2}, {1e-4, 2, 2}, {1e-6, 4, 4}}
	if !slices.Equal(r.Final.Crossings, want) || r.Final.Best != 1e-9 {
		t.Errorf("%+v", r.Final)
	}
	wantL2 := []CrossingL2{{1e-2, 2, 2}, {1e-3, 2, 2}, {1e-4, 4, 4}, {1e-5, 4, 4}, {1e-6, 4, 4}}
	if !slices.Equal(r.Final.CrossingsL2, wantL2) || math.Abs(float64(*r.Final.BestL2)-1e-8) > 1e-20 || r.ReachedL2(1e-3).Step != 2 {
		t.Errorf("%+v", r.Final)
	}
	for i := range r.History {
		if i != 1 {
			l2 := 10 * r.History[i].Loss
			r.History[i].L2 = &l2
		}
	}
	negative, flat := 7, Number(0.25)
	r.History[1].Negative, r.History[1].Flatness = &negative, &flat
	again := &Result{}
	again.Final.Best = Number(math.NaN())
	again.restore(r.extra())
	if !slices.Equal(again.Final.CrossingsL2, wantL2) || again.History[1].L2 != nil || !slices.Equal(again.Final.Crossings, want) || len(again.History) != 5 {
		t.Errorf("%+v", again)
	}
}

func TestNames(t *testing.T) {
	for _, name := range Names {
		o, err := NewOptimizer(name, 0.1, nil)
		if err != nil || o.Name() != name {
			t.Errorf("%s: %v, %v", name, err, o)
		}
	}
	if _, err := NewOptimizer("newton", 0, nil); err == nil {
		t.Error("an optimizer of no name")
	}
}
