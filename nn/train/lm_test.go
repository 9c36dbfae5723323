package train

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/system"
)

// solved is −(H+λI)⁻¹g by a dense factorization.
func solved(t *testing.T, c *system.Chain, lambda float64, g []float64) []float64 {
	t.Helper()
	var f factor.Dense
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Factorize(lambda); err != nil {
		t.Fatal(err)
	}
	var x mat.VecDense
	if err := f.SolveVecTo(&x, mat.NewVecDense(len(g), slices.Clone(g))); err != nil {
		t.Fatal(err)
	}
	vec.Scale(x.RawVector().Data, -1, x.RawVector().Data)
	return x.RawVector().Data
}

// TestBend checks the geodesic acceleration, which is made from three evaluations
// of the network, against differences of first derivatives and a dense solve: in
// output space, and, where the parameters are fewer than outputs, in theirs.
func TestBend(t *testing.T) {
	for _, width := range []int{8, 1} {
		net := digitsNet(t, 3, width, nn.Tanh, 4)
		batch := digits(40)
		theta := net.Params()
		o := &LevenbergMarquardt{Damping: 3}
		task := &Task{Net: net, Batch: batch, Version: 1}
		info, err := o.Step(task)
		if err != nil || !info.Accepted {
			t.Fatalf("%v, %+v", err, info)
		}
		if method := o.solver.Choice().Method; (method == "gram") != (width == 8) {
			t.Fatalf("width %d: the step was made by %s", width, method)
		}
		var lin nn.Linearization
		net.SetParams(theta)
		if err := net.Linearize(&lin, batch); err != nil {
			t.Fatal(err)
		}
		gn := lin.Chain.GaussNewton()
		s := solved(t, gn, 3, lin.Gradient)
		// z″ by differences of J(θ±hs)s.
		const h = 1e-4
		var side [2][]float64
		for i, h := range []float64{h, -h} {
			moved := slices.Clone(theta)
			vec.Axpy(moved, h, s)
			net.SetParams(moved)
			var at nn.Linearization
			if err := net.Linearize(&at, batch); err != nil {
				t.Fatal(err)
			}
			side[i] = slices.Clone(system.NewProduct(&at.Chain, blas.Native()).Outputs(s))
		}
		vec.Axpy(side[0], -1, side[1])
		vec.Scale(side[0], 1/(2*h), side[0])
		y := make([]float64, len(side[0]))
		lin.Chain.Loss.MulTo(y, side[0])
		rhs := make([]float64, len(s))
		system.NewProduct(gn, blas.Native()).TransOutputs(rhs, y)
		want := solved(t, gn, 3, rhs)

		net.SetParams(theta)
		have, err := o.solveBend(task, s)
		if err != nil || have == nil {
			t.Fatalf("width %d: no acceleration: %v", width, err)
		}
		if d := distance(want, have); d > 0.02 { // differences over a tenth of the step
			t.Errorf("width %d: accelerations differ by %g", width, d)
		}
	}
}

// TestStretch: on the last stretch to a loss of zero, where softmax is all but
// exponential, a step is worth several.
func TestStretch(t *testing.T) {
	longest := 0.0
	steps := func(o Optimizer) int {
		r := &Run{Net: digitsNet(t, 4, 8, nn.Tanh, 1), Optimizer: o, Data: &Sampler{All: digits(16)}, Steps: 200, Target: 1e-8}
		h, _, err := history(t, r)
		if err != nil || !(h[len(h)-1].Loss <= 1e-8) {
			t.Fatalf("loss %g: %v", h[len(h)-1].Loss, err)
		}
		for _, r := range h {
			if r.Stretch > longest {
				longest = r.Stretch
			}
		}
		return h[len(h)-1].Step
	}
	with, without := steps(&LevenbergMarquardt{}), steps(&LevenbergMarquardt{Nielsen: true})
	t.Logf("%d steps, the longest stretched by %g; %d of the textbook's", with, longest, without)
	if !(longest > 2) {
		t.Errorf("no step was stretched by more than %g", longest)
	}
	if with >= without {
		t.Errorf("%d steps, and %d of the textbook's", with, without)
	}
}

// TestDamping checks the damping against the rules, step by step.
func TestDamping(t *testing.T) {
	for _, nielsen := range []bool{false, true} {
		testDamping(t, nielsen)
	}
}

func testDamping(t *testing.T, nielsen bool) {
	o := &LevenbergMarquardt{Damping: 1e-7, Nielsen: nielsen} // too small, so that steps are refused
	net := digitsNet(t, 4, 8, nn.Tanh, 2)
	want, nu, refused, shorter := 1e-7, 2.0, 0, 0
	for k := range 30 {
		info, err := o.Step(&Task{Net: net, Batch: digits(24), Version: 1})
		if err != nil {
			t.Fatal(err)
		}
		if relative(info.Damping, want) > 1e-12 {
			t.Fatalf("step %d: damping %g, want %g", k, info.Damping, want)
		}
		switch {
		case !nielsen && info.Accepted && info.Stretch < 1:
			want /= info.Stretch
			shorter++
		case !nielsen && info.Accepted:
			want /= 10
		case !nielsen:
			refused++
			want *= 8
		case info.Accepted:
			want *= math.Max(1.0/3, 1-math.Pow(2*info.Ratio-1, 3))
			nu = 2
		default:
			refused++
			want *= nu
			nu *= 2
		}
		want = math.Max(want, leastDamping*o.Damping)
	}
	if refused == 0 || shorter == 0 && !nielsen {
		t.Errorf("%d steps were refused, %d shortened", refused, shorter)
	}
}
