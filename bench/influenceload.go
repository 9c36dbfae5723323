package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"costate/bench/internal/prose"
	"costate/factor"
	"costate/nn"
	"costate/nn/npz"
	"costate/system"
)

// load makes network and sets.
func (j *influenceJob) load() error {
	p, err := j.s.loadProblem(&j.f.problem)
	if err != nil {
		return err
	}
	j.net, j.train, j.what = p.net, p.batch, p.describe()
	switch {
	case j.f.testIn != "":
		file, err := npz.ReadData(j.f.testIn, p.net)
		if err != nil {
			return fmt.Errorf("--test-in: %w", err)
		}
		j.test = file.Batch()
	case j.f.problem.in != "":
		j.test = j.train
	default:
		if err := j.loadTest(); err != nil {
			return err
		}
	}
	if j.f.leaveFits {
		j.f.leaveOut = min(j.f.leaveOut, j.train.N)
	}
	if j.f.leaveOut > j.train.N {
		return usagef("--leave-one-out is %d, which is more than %s", j.f.leaveOut, prose.Plural(j.train.N, "training sample"))
	}
	if j.train.Labels != nil {
		j.s.noteClasses(j.train.Labels, j.net.Outputs(), "what test samples of it learn is from the others")
	}
	if j.f.mislabel > 0 {
		return j.plant()
	}
	return nil
}

// loadTest draws the test samples of the data that the training samples are from. A table's
// columns, which may be in any units, are scaled as the training samples need.
func (j *influenceJob) loadTest() error {
	f := &j.f.problem.net
	_, test, err := f.load(0, j.s.seed)
	if err != nil {
		return err
	}
	if j.f.testFits {
		j.f.test = min(j.f.test, test.N)
	}
	if j.f.test > test.N {
		return usagef("--test is %d; --data %s has %d test samples", j.f.test, f.data, test.N)
	}
	j.test = test.Sample(j.f.test, j.s.seed)
	if f.isOwn() && test.Rows == 0 {
		scaleInputs(test.Width, true, j.train, j.test)
		if j.train.T != nil {
			scaleTargets(j.train, j.test)
		}
	}
	return nil
}

// plant gives some training samples a wrong label.
func (j *influenceJob) plant() error {
	classes := max(2, j.net.Outputs())
	if j.train.Labels == nil {
		return usagef("--mislabel needs labels; the data have targets")
	}
	rng := rand.New(rand.NewPCG(j.s.seed, 0x6c6162656c))
	n := int(math.Round(j.f.mislabel * float64(j.train.N)))
	if n == 0 {
		return usagef("--mislabel %g of %s is none", j.f.mislabel, prose.Plural(j.train.N, "training sample"))
	}
	j.planted = rng.Perm(j.train.N)[:n]
	slices.Sort(j.planted)
	for _, i := range j.planted {
		j.train.Labels[i] = (j.train.Labels[i] + 1 + rng.IntN(classes-1)) % classes
	}
	return nil
}

// trains reports whether the network is trained, here or for the truth.
func (j *influenceJob) trains() bool {
	return j.f.problem.in == "" || j.f.train || j.f.leaveOut > 0
}

// checkCost refuses before anything is factored what would take too long: training
// always factors the exact Hessian.
func (j *influenceJob) checkCost() error {
	var lin nn.Linearization
	if err := j.net.Linearize(&lin, j.train); err != nil {
		return err
	}
	chain, what, cure := &lin.Chain, "training by Newton's method", "a trained network (--in, --leave-one-out 0)"
	if !j.trains() {
		what, cure = "influence", "--curvature ggn"
		if j.f.curvature == "ggn" {
			chain, cure = chain.GaussNewton(), "fewer training samples"
		}
	}
	c := costOf(chain, j.options.MemoryLimit)
	if gflop := float64(c.Point+c.Factor) / 1e9; gflop > j.f.maxGflop {
		return fmt.Errorf("%s takes %.3g Gflop for a factorization, more than --max-gflop %g; %s, or a smaller --batch or --width, would help", what, gflop, j.f.maxGflop, cure)
	}
	return nil
}

// costOf is the cost of the method that is chosen for a chain.
func costOf(c *system.Chain, memory int64) factor.Cost {
	choice := factor.Choose(c, memory)
	switch choice.Method {
	case "gram":
		return choice.Gram
	case "dense":
		return choice.Dense
	}
	return choice.Chain
}
