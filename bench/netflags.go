package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/bench/internal/netspec"
	"costate/nn"
	"costate/nn/data"
)

// gaussianSamples is the size of the training set of --data gaussian where
// nothing else decides.
const gaussianSamples = 2000

// netFlags describe a network and the data it is given.
type netFlags struct {
	data    string
	spec    string // of --net
	side    int
	input   int
	classes int
	layers  int
	width   int
	batch   int
	fits    bool // the batch is made to fit the data: nobody asked for its size
	act     string
	loss    string
	bias    bool
	gain    float64
}

func (f *netFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.data, "data", "digits", "digits (embedded), fashion (Debian's dataset-fashion-mnist), gaussian (random), a directory of IDX files, a .csv file (last column the target) or an .npz file (X and T)")
	fl.StringVar(&f.spec, "net", "", "the network in one line, as conv:8,3|pool|conv:16,3|dense:10 or tokens:8,16|block:2,32|mean|dense:10 (costate help net)")
	fl.IntVar(&f.side, "side", 0, "make images so many pixels wide and high by area means (0 leaves them)")
	fl.IntVar(&f.input, "input", 16, "inputs of a sample, for --data gaussian")
	fl.IntVar(&f.classes, "classes", 10, "classes, for --data gaussian")
	fl.IntVar(&f.layers, "layers", 8, "number of weight matrices")
	fl.IntVar(&f.width, "width", 16, "units of the inner layers")
	fl.IntVar(&f.batch, "batch", 32, "samples of the batch; where it is not given, all of data that have fewer")
	fl.StringVar(&f.act, "act", "tanh", "activation between the layers: "+strings.Join(nn.ActivationNames(), ", "))
	fl.StringVar(&f.loss, "loss", "ce", "loss: ce (softmax cross-entropy), mse, bce, poisson, gaussian (mean and log-variance)")
	fl.BoolVar(&f.bias, "bias", true, "layers with a bias; --bias=false leaves it out")
	fl.Float64Var(&f.gain, "gain", 1, "weights are normal with standard deviation gain/√fan-in")
}

// drawBatch compares the batch with the samples that there are to draw it from: a size that
// was asked for must be there.
func (f *netFlags) drawBatch(samples int) error {
	if f.fits {
		f.batch = min(f.batch, samples)
	}
	if f.batch > samples {
		return usagef("--batch is %d; --data %s has %d samples to draw from", f.batch, f.data, samples)
	}
	return nil
}

// check validates the flags by themselves.
func (f *netFlags) check(fl *pflag.FlagSet) error {
	f.fits = !fl.Changed("batch")
	for _, n := range []struct {
		flag  string
		value int
	}{{"input", f.input}, {"classes", f.classes}, {"layers", f.layers}, {"width", f.width}, {"batch", f.batch}} {
		if n.value < 1 {
			return usagef("--%s is %d; it must be at least 1", n.flag, n.value)
		}
		if n.value > math.MaxInt32 {
			return usagef("--%s is %d; it must be at most %d", n.flag, n.value, math.MaxInt32)
		}
	}
	if f.side < 0 || f.side > 0 && (f.data == "gaussian" || f.isOwn()) {
		return usagef("--side %d: it is the width of an image in pixels, for data that are images", f.side)
	}
	if f.data != "gaussian" {
		for _, name := range []string{"input", "classes"} {
			if fl.Changed(name) {
				return usagef("--%s goes with --data gaussian; %s has its own", name, f.data)
			}
		}
	}
	if !(f.gain > 0) || math.IsInf(f.gain, 0) {
		return usagef("--gain is %g; it must be positive and finite", f.gain)
	}
	if !slices.Contains(nn.ActivationNames(), f.act) {
		return usagef("--act %s: the activations are %s", f.act, strings.Join(nn.ActivationNames(), ", "))
	}
	if !slices.Contains(nn.LossNames(), f.loss) {
		return usagef("--loss %s: the losses are %s", f.loss, strings.Join(nn.LossNames(), ", "))
	}
	return f.checkSpec(fl)
}

// checkSpec validates --net by itself.
func (f *netFlags) checkSpec(fl *pflag.FlagSet) error {
	if f.spec == "" {
		if fl.Changed("net") {
			return usagef("--net is empty; it takes layers, as in --net 'dense:32|dense:10'")
		}
		return nil
	}
	for _, name := range []string{"layers", "width", "residual", "in", "model"} {
		if fl.Changed(name) && (name != "in" || fl.Lookup("model") != nil) {
			return usagef("--net and --%s: give one of them", name)
		}
	}
	_, err := f.layersOf(&data.Set{})
	return err
}

// layersOf are the layers of the flags, for the samples of a set.
func (f *netFlags) layersOf(set *data.Set) ([]nn.Layer, error) {
	act, err := nn.ActivationByName(f.act)
	if err != nil {
		return nil, usagef("--act: %w", err)
	}
	if f.spec == "" {
		outputs := set.Outputs()
		if f.loss == nn.Gaussian.Name() {
			outputs *= 2 // an expectation and a log-variance for each target
		}
		return nn.MLP(f.widths(set.Width, outputs), act, f.bias), nil
	}
	layers, err := netspec.Parse(f.spec, netspec.Options{Rows: set.Rows, Cols: set.Cols, Act: act, Bias: f.bias})
	if err != nil {
		return nil, usagef("--net: %w", err)
	}
	return layers, nil
}

// network makes the network of the layers for a set, all parameters zero.
func (f *netFlags) network(set *data.Set, layers []nn.Layer) (*nn.Network, error) {
	loss, err := nn.LossByName(f.loss)
	if err != nil {
		return nil, usagef("--loss: %w", err)
	}
	net, err := nn.New(set.Width, loss, layers...)
	if err != nil {
		if f.spec != "" {
			return nil, usagef("--net %s: %w", f.spec, err)
		}
		return nil, err
	}
	if net.Targets() != set.Outputs() {
		what := "classes"
		if set.T != nil {
			what = "targets"
		}
		return nil, usagef("--net %s: it gives %d outputs; %s has %d %s", f.spec, net.Outputs(), f.data, set.Outputs(), what)
	}
	return net, nil
}

// netTopic is what "help net" shows: a command that does nothing.
func netTopic() *cobra.Command {
	return &cobra.Command{Use: "net", Short: "The language of --net", Long: netspec.Help}
}

// checkBytes refuses a network whose derivatives need more memory than there is.
func (s *session) checkBytes(f *netFlags, net *nn.Network, batch int, gaussNewton bool) error {
	if f.spec == "" {
		return nil // counted before it was made
	}
	return s.checkMemory(fmt.Sprintf("the derivatives of the network on %d samples", batch), net.LinearizationBytes(batch, gaussNewton))
}

// widths are those of all layers, for samples of so many inputs and classes.
func (f *netFlags) widths(inputs, classes int) []int {
	w := make([]int, f.layers+1)
	for i := range w {
		w[i] = f.width
	}
	w[0], w[f.layers] = inputs, classes
	return w
}

// bytes estimates what a network and its linearization take, or the greatest
// number if that cannot be counted.
func (f *netFlags) bytes(inputs, classes int) int64 {
	a, l, b := float64(f.width), float64(f.layers), float64(f.batch)
	params := float64(inputs)*a + max(l-2, 0)*a*a + a*float64(classes)
	states := b * (l*a + float64(inputs+classes))
	n := 8 * (4*params + 6*states + b*float64(classes*classes))
	if n > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return int64(n)
}

// load returns the training and test set of --data. Of large sets only the
// first limit samples are read; 0 reads all of them.
func (f *netFlags) load(limit int, seed uint64) (train, test *data.Set, err error) {
	if f.isOwn() {
		return f.loadOwn(limit, seed)
	}
	if f.data != "gaussian" {
		train, test, err = data.Load(f.data, &data.Options{Side: f.side, Limit: limit})
		if err != nil {
			return nil, nil, usagef("--data %s: %w", f.data, err)
		}
		return train, test, nil
	}
	n := limit
	if n <= 0 {
		n = gaussianSamples
	}
	all, err := data.Gaussian(n+n/4+1, f.input, f.classes, seed)
	if err != nil {
		return nil, nil, usagef("--data gaussian: %w", err)
	}
	train, test = all.Split(n)
	return train, test, nil
}

// build makes the network, its weights drawn with the seed.
func (f *netFlags) build(set *data.Set, seed uint64) (*nn.Network, error) {
	layers, err := f.layersOf(set)
	if err != nil {
		return nil, err
	}
	net, err := f.network(set, layers)
	if err != nil {
		return nil, err
	}
	net.Init(seed, &nn.Init{Gain: f.gain})
	return net, nil
}
