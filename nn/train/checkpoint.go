package train

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"costate/nn"
	"costate/nn/npz"
)

// A Checkpoint is a copy of all that the rest of a run depends on, made between
// two steps. Its file is an .npz archive of arrays that NumPy reads:
//
//	params        the parameters, flat
//	run           steps, tries, open batch, seconds, first loss, batches dealt
//	optimizer     the name, as bytes
//	settings      those of the optimizer, a line each, as bytes
//	network       what the network is, as bytes
//	sampler       what batches are drawn from and how, a line each, as bytes
//	state_NAME    the arrays of Optimizer.State
//	pending       the record of the last step, where its loss is not known yet,
//	previous      and the parameters before that step
//	extra_NAME    arrays of the caller
type Checkpoint struct {
	step   int
	arrays npz.Arrays
}

// Step is the number of steps made.
func (c *Checkpoint) Step() int { return c.step }

// Checkpoint copies where the run is. It may be called where no step is being made:
// before and after Do, and by Between.
func (r *Run) Checkpoint() *Checkpoint {
	open := 0.0
	if r.open {
		open = 1
	}
	a := npz.Arrays{
		"params":    npz.Floats(r.Net.Params()),
		"run":       npz.Floats([]float64{float64(r.taken), float64(r.rejected), open, r.seconds, r.first, float64(r.source().dealt())}),
		"optimizer": npz.Text(r.Optimizer.Name()),
		"settings":  npz.Text(settings(r.Optimizer).text()),
		"network":   npz.Text(describe(r.Net)),
		"sampler":   npz.Text(r.source().settings().text()),
	}
	for name, x := range r.Optimizer.State() {
		a["state_"+name] = npz.Floats(x)
	}
	if r.pending != nil {
		a["pending"] = npz.Floats(r.pending.pack())
		a["previous"] = npz.Floats(clone(r.good))
	}
	return &Checkpoint{r.taken, a}
}

// Write writes the checkpoint to the named file, which is replaced as a whole or
// not at all. Extra arrays are kept for the caller; nil is fine.
func (c *Checkpoint) Write(name string, extra map[string][]float64) error {
	all := npz.Arrays{}
	for k, a := range c.arrays {
		all[k] = a
	}
	for k, x := range extra {
		all["extra_"+k] = npz.Floats(x)
	}
	if err := npz.WriteArrays(name, all); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return nil
}

// Save writes a Checkpoint of the run.
func (r *Run) Save(name string, extra map[string][]float64) error {
	return r.Checkpoint().Write(name, extra)
}

// Resume sets the run to where the run was that was saved, and returns its extra
// arrays. The steps that follow are those that would have followed there, bit for
// bit, on a machine and with a number of threads that compute alike. The network,
// the data, how batches are drawn and the optimizer with its settings must be those
// of that run; otherwise, and if the file is no checkpoint, nothing is changed and the
// error is a *CheckpointError that names the difference.
func (r *Run) Resume(name string) (extra map[string][]float64, err error) {
	if err := r.source().check(); err != nil {
		return nil, err
	}
	arrays, err := npz.ReadArrays(name)
	if err != nil {
		err = fmt.Errorf("not a checkpoint: %w", err)
	} else {
		extra, err = r.take(arrays)
	}
	if err != nil {
		return nil, &CheckpointError{File: name, Why: err.Error()}
	}
	return extra, nil
}

// take goes to the place that arrays of a checkpoint say, or changes nothing and
// says why not.
func (r *Run) take(arrays npz.Arrays) (extra map[string][]float64, err error) {
	if err := r.differs(arrays); err != nil {
		return nil, err
	}
	at, err := r.unpack(arrays)
	if err != nil {
		return nil, err
	}
	state, extra := State{}, map[string][]float64{}
	for name, a := range arrays {
		if s, ok := strings.CutPrefix(name, "state_"); ok {
			state[s] = a.Data
		} else if s, ok := strings.CutPrefix(name, "extra_"); ok {
			extra[s] = a.Data
		}
	}
	if err := r.Optimizer.SetState(state); err != nil {
		return nil, err
	}
	r.Net.SetParams(at.params)
	r.taken, r.rejected, r.open, r.seconds, r.first = at.taken, at.rejected, at.open, at.seconds, at.first
	r.pending, r.good = at.pending, at.previous
	r.source().rewind(at.dealt)
	return extra, nil
}

// differs says how the run that was saved is another one.
func (r *Run) differs(arrays npz.Arrays) error {
	text := func(name string) string { return arrays[name].Text() }
	if have, want := text("network"), describe(r.Net); have != want {
		return fmt.Errorf("a checkpoint of another network: %s, not %s", quoted(have), want)
	}
	if have, want := text("optimizer"), r.Optimizer.Name(); have != want {
		return fmt.Errorf("a checkpoint of the optimizer %s, not %s", quoted(have), want)
	}
	if d := settings(r.Optimizer).differs(text("settings")); d != "" {
		return fmt.Errorf("a checkpoint of %s with another setting: %s", r.Optimizer.Name(), d)
	}
	if d := r.source().settings().differs(text("sampler")); d != "" {
		return fmt.Errorf("a checkpoint with other batches: %s", d)
	}
	return nil
}

// place is where a run is.
type place struct {
	params, previous       []float64
	taken, rejected, dealt int
	open                   bool
	seconds, first         float64
	pending                *Record
}

// unpack reads the place out of the arrays.
func (r *Run) unpack(arrays npz.Arrays) (*place, error) {
	at := &place{params: arrays["params"].Data}
	n := r.Net.NumParams()
	if len(at.params) != n {
		return nil, fmt.Errorf("%d parameters, not %d", len(at.params), n)
	}
	for i, x := range at.params {
		if x-x != 0 {
			return nil, fmt.Errorf("its %s is %g", r.Net.ParamName(i), x)
		}
	}
	run := arrays["run"].Data
	counts := func(x float64) bool { return x >= 0 && x < 1<<52 }
	if len(run) != 6 || !counts(run[0]) || !counts(run[1]) || !(run[3] >= 0) || run[4]-run[4] != 0 || !counts(run[5]) {
		return nil, fmt.Errorf("its array run makes no sense")
	}
	at.taken, at.rejected, at.open, at.seconds, at.first, at.dealt = int(run[0]), int(run[1]), run[2] == 1, run[3], run[4], int(run[5])
	if p := arrays["pending"].Data; p != nil {
		at.pending, at.previous = unpackRecord(p), arrays["previous"].Data
		if at.pending == nil || len(at.previous) != n {
			return nil, fmt.Errorf("its record of step %d makes no sense", at.taken)
		}
	}
	for name, a := range arrays {
		// What optimizers remember is a few numbers, or as many as parameters.
		if strings.HasPrefix(name, "state_") && len(a.Data) > fewNumbers && len(a.Data) != n {
			return nil, fmt.Errorf("its array %s has %d numbers for %d parameters", name, len(a.Data), n)
		}
	}
	return at, nil
}

// fewNumbers is more than any array of a State has that is not one of parameters.
const fewNumbers = 16

// describe says what a network is, but for its parameters.
func describe(net *nn.Network) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d inputs", net.Inputs())
	describeLayers(&s, net.Layers())
	fmt.Fprintf(&s, ", loss %s", net.LossFunc().Name())
	return s.String()
}

// describeLayers says what layers are, those of a residual block between brackets.
func describeLayers(s *strings.Builder, layers []nn.Layer) {
	for _, l := range layers {
		switch l := l.(type) {
		case *nn.Dense:
			act := "identity"
			if l.Act != nil {
				act = l.Act.Name()
			}
			fmt.Fprintf(s, ", dense %d %s", l.Out, act)
			if l.Bias {
				s.WriteString(" bias")
			}
			if l.Skip {
				s.WriteString(" skip")
			}
		case *nn.Residual:
			s.WriteString(", residual (")
			describeLayers(s, l.Layers)
			s.WriteString(")")
		default:
			fmt.Fprintf(s, ", %T%s", l, describeLayer(l))
		}
	}
}

// describeLayer says what a layer is, but for its type: by its String if it has one,
// else by its exported fields, in which an activation counts by its name.
func describeLayer(l nn.Layer) string {
	if l, ok := l.(fmt.Stringer); ok {
		return " " + l.String()
	}
	v := reflect.ValueOf(l)
	var list settingList
	list.addFields("", v)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && field.Type.Kind() == reflect.Interface {
				if x, ok := v.Field(i).Interface().(interface{ Name() string }); ok {
					list.add(field.Name, x.Name())
				}
			}
		}
	}
	var s strings.Builder
	for _, e := range list {
		fmt.Fprintf(&s, " %s %s", e.name, e.value)
	}
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

// pack makes numbers of a record.
func (r *Record) pack() []float64 {
	accepted := 0.0
	if r.Accepted {
		accepted = 1
	}
	i := &r.Info
	return []float64{float64(r.Step), r.Seconds, r.Loss, i.Loss, i.After, i.Gradient, accepted, i.Damping, i.Radius, i.Ratio,
		i.Length, i.Stretch, float64(i.Negative), float64(i.Factorizations), float64(i.Products)}
}

// unpackRecord is the record of numbers of pack, nil if they are none.
func unpackRecord(x []float64) *Record {
	if len(x) != 15 || slices.ContainsFunc([]float64{x[0], x[1], x[12], x[13], x[14]}, func(v float64) bool { return !(math.Abs(v) < 1<<52) }) {
		return nil
	}
	return &Record{Step: int(x[0]), Seconds: x[1], Loss: x[2], Info: Info{Loss: x[3], After: x[4], Gradient: x[5], Accepted: x[6] == 1,
		Damping: x[7], Radius: x[8], Ratio: x[9], Length: x[10], Stretch: x[11], Negative: int(x[12]), Factorizations: int(x[13]), Products: int(x[14])}}
}
