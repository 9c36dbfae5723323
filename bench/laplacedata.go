package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"costate/nn"
	"costate/nn/data"
)

// laplaceData is what is trained and tested on, scaled, and the network.
type laplaceData struct {
	net         *nn.Network
	train, test *nn.Batch
	classes     bool
	source      string

	shift, scale   float64   // targets are shift + scale·t
	inShift, inMul []float64 // inputs were (x − inShift)·inMul
}

// samples is a whole set before it is divided: X, and labels or targets.
type samples struct {
	n, width, classes int
	x, t              []float64
	labels            []int
	net               *nn.Network // of the file, or nil
}

// laplaceData loads, divides and scales the data, and makes the network.
func (s *session) laplaceData(f *laplaceFlags) (*laplaceData, error) {
	all, part, err := s.readSamples(f)
	if err != nil {
		return nil, err
	}
	if part < 2 {
		return nil, usagef("--data %s: %d training samples; at least 2 are needed", f.data, part)
	}
	d := &laplaceData{source: f.data, scale: 1, classes: all.labels != nil}
	if f.fromFile() {
		d.source = filepath.Base(f.data)
	}
	order := rand.New(rand.NewPCG(s.seed, 0x6c61706c)).Perm(all.n)
	d.train = all.batch(order[:part])
	test := all.n - part
	if f.fromFile() {
		test = int(math.Round(f.test * float64(all.n)))
	}
	if test > 0 {
		d.test = all.batch(order[all.n-test:])
	}
	if all.net == nil {
		d.standardize(all.width, f.data != "digits")
	}
	if err := d.check(s, all.classes); err != nil {
		return nil, err
	}
	d.net = all.net
	if d.net == nil {
		d.net, err = s.laplaceNetwork(f, all)
	}
	return d, err
}

// fromFile reports whether the samples are those of a file.
func (f *laplaceFlags) fromFile() bool { return f.data != "digits" && f.data != "sine" }

// readSamples reads the set and says how many samples of it are to train on.
func (s *session) readSamples(f *laplaceFlags) (all *samples, train int, err error) {
	switch {
	case f.data == "digits":
		set := data.Digits()
		if f.net.side > 0 && f.net.side != set.Rows {
			if set, err = set.Downsample(f.net.side); err != nil {
				return nil, 0, usagef("--side: %w", err)
			}
		}
		all = &samples{n: set.N, width: set.Width, classes: set.Classes, x: set.X, labels: set.Labels}
		if train = min(f.samples, set.N); train == 0 {
			train = digitSamples
		}
		return all, train, nil
	case f.data == "sine":
		n := f.samples
		if n == 0 {
			n = sineSamples
		}
		return sine(2*n, s.seed), n, nil
	case strings.HasSuffix(f.data, ".csv"):
		all, err = laplaceTable(f)
	case strings.HasSuffix(f.data, ".npz"):
		all, err = s.readNet(f)
	default:
		return nil, 0, usagef("--data %s: it must be digits, sine, a table F.csv or F.npz", f.data)
	}
	if err != nil {
		return nil, 0, err
	}
	train = all.n - int(math.Round(f.test*float64(all.n)))
	if f.samples > 0 {
		train = min(train, f.samples)
	}
	return all, train, nil
}

// sine is n points of a sine on [0, 8] with a noise of 0.3: the regression example of
// laplace-torch.
func sine(n int, seed uint64) *samples {
	rng := rand.New(rand.NewPCG(seed, 0x73696e65))
	all := &samples{n: n, width: 1, x: make([]float64, n), t: make([]float64, n)}
	for i := range n {
		all.x[i] = 8 * rng.Float64()
		all.t[i] = math.Sin(all.x[i]) + 0.3*rng.NormFloat64()
	}
	return all
}

// batch copies the samples of the given indices.
func (a *samples) batch(index []int) *nn.Batch {
	b := &nn.Batch{N: len(index)}
	out := 0
	if a.labels == nil {
		out = len(a.t) / a.n
	}
	for _, i := range index {
		b.X = append(b.X, a.x[i*a.width:(i+1)*a.width]...)
		if a.labels != nil {
			b.Labels = append(b.Labels, a.labels[i])
		} else {
			b.T = append(b.T, a.t[i*out:(i+1)*out]...)
		}
	}
	return b
}

// standardize scales inputs by column, or all together, and targets.
func (d *laplaceData) standardize(width int, byColumn bool) {
	d.inShift, d.inMul = scaleInputs(width, byColumn, d.train, d.test)
	if !d.classes {
		d.shift, d.scale = scaleTargets(d.train, d.test)
	}
}

// scaleInputs makes inputs (x − shift)·factor in both batches, test may be nil: mean 0 and
// standard deviation 1 over the training samples, by column or all together.
func scaleInputs(width int, byColumn bool, train, test *nn.Batch) (shift, factor []float64) {
	shift, factor = make([]float64, width), make([]float64, width)
	all, allFactor := moments(train.X, 1)
	for j := range width {
		shift[j], factor[j] = all, allFactor
		if byColumn {
			shift[j], factor[j] = moments(train.X[j:], width)
		}
	}
	for _, b := range []*nn.Batch{train, test} {
		if b != nil {
			for i, v := range b.X {
				b.X[i] = (v - shift[i%width]) * factor[i%width]
			}
		}
	}
	return shift, factor
}

// scaleTargets does the same for targets, all together, which were shift + scale·t.
func scaleTargets(train, test *nn.Batch) (shift, scale float64) {
	shift, factor := moments(train.T, 1)
	for _, b := range []*nn.Batch{train, test} {
		if b != nil {
			for i, v := range b.T {
				b.T[i] = (v - shift) * factor
			}
		}
	}
	return shift, 1 / factor
}

// moments are the mean of every step-th number of x and one over its standard deviation, 1
// where there is no spread.
func moments(x []float64, step int) (mean, factor float64) {
	n := 0.0
	for i := 0; i < len(x); i += step {
		mean += x[i]
		n++
	}
	mean /= n
	square := 0.0
	for i := 0; i < len(x); i += step {
		square += (x[i] - mean) * (x[i] - mean)
	}
	if factor = 1 / math.Sqrt(square/n); math.IsInf(factor, 0) {
		factor = 1
	}
	return mean, factor
}

// check refuses targets that are all the same, and warns of classes that are missing.
func (d *laplaceData) check(s *session, classes int) error {
	if d.classes {
		s.noteClasses(d.train.Labels, classes, "the prior makes up how probable it is")
		return nil
	}
	for _, v := range d.train.T {
		if v != d.train.T[0] {
			return nil
		}
	}
	return usagef("--data %s: all training targets are %g; there is nothing to learn (targets, or at least two classes from 0, stand in the last column)", d.source, d.shift+d.scale*d.train.T[0])
}

// noteClasses warns of classes without a training sample, and says what that means.
func (s *session) noteClasses(labels []int, classes int, meaning string) {
	seen := make([]bool, max(classes, 2))
	for _, l := range labels {
		seen[l] = true
	}
	var missing []string
	for c, ok := range seen {
		if !ok {
			missing = append(missing, fmt.Sprint(c))
		}
	}
	if len(missing) > 0 {
		s.notef("no training sample is of class %s: %s", strings.Join(missing, ", "), meaning)
	}
}

// laplaceNetwork makes the network of the flags for the data.
func (s *session) laplaceNetwork(f *laplaceFlags, all *samples) (*nn.Network, error) {
	net, outputs := f.net, 1
	if net.loss == "" {
		net.loss = "mse"
		if all.labels != nil {
			net.loss = "ce"
		}
	}
	switch {
	case net.loss == "ce":
		outputs = max(all.classes, 2)
	case net.loss == "bce" && all.classes > 2:
		return nil, usagef("--loss bce: %s has %d classes; it is for two", f.data, all.classes)
	case net.loss == "mse" && all.labels != nil:
		return nil, usagef("--loss mse: the digits are classes; it is for numbers")
	case net.loss != "mse" && all.labels == nil:
		return nil, usagef("--loss %s: the targets of %s are no classes", net.loss, f.data)
	}
	if err := s.checkMemory(fmt.Sprintf("a network of %d layers of width %d", net.layers, net.width), net.bytes(all.width, outputs)); err != nil {
		return nil, err
	}
	act, err := nn.ActivationByName(net.act)
	if err != nil {
		return nil, usagef("--act: %w", err)
	}
	loss, err := nn.LossByName(net.loss)
	if err != nil {
		return nil, usagef("--loss: %w", err)
	}
	made, err := nn.New(all.width, loss, nn.MLP(net.widths(all.width, outputs), act, net.bias)...)
	if err != nil {
		return nil, err
	}
	made.Init(s.seed, &nn.Init{Gain: net.gain})
	return made, nil
}
