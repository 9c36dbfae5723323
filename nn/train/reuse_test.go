package train

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"costate/la/vec"
	"costate/nn"
)

// settingsOf is a copy of the exported fields of an optimizer.
func settingsOf(o Optimizer) map[string]any {
	v := reflect.ValueOf(o).Elem()
	all := map[string]any{}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			all[f.Name] = v.Field(i).Interface()
		}
	}
	return all
}

// TestReuse: steps change no setting of an optimizer, and one that has trained a
// network trains another as a new one does, bit for bit, also one of another scale.
func TestReuse(t *testing.T) {
	for i, used := range optimizers() {
		before := settingsOf(used)
		first := digits(16)
		first.X = slices.Clone(first.X)
		vec.Scale(first.X, 100, first.X)
		r := &Run{Net: digitsNet(t, 3, 5, nn.Tanh, 2), Optimizer: used, Data: &Sampler{All: first}, Steps: 6}
		if _, _, err := history(t, r); err != nil {
			t.Fatal(err)
		}
		if after := settingsOf(used); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: the settings went from %v to %v", used.Name(), before, after)
		}
		start := func(o Optimizer) []Record {
			h, _, err := history(t, &Run{Net: digitsNet(t, 3, 5, nn.Tanh, 6), Optimizer: o, Data: &Sampler{All: digits(12)}, Steps: 6})
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		want, have := start(optimizers()[i]), start(used)
		if len(have) != len(want) {
			t.Fatalf("%s: %d records, %d of a new one", used.Name(), len(have), len(want))
		}
		for k := range want {
			if math.Float64bits(have[k].Loss) != math.Float64bits(want[k].Loss) || math.Float64bits(have[k].Damping) != math.Float64bits(want[k].Damping) {
				t.Errorf("%s, step %d: loss %v, damping %v; of a new one %v, %v", used.Name(), k, have[k].Loss, have[k].Damping, want[k].Loss, want[k].Damping)
			}
		}
	}
}
