package nn

import (
	"math"
	"math/rand/v2"
)

// Init says how Network.Init chooses parameters. The zero value is the plain
// one: independent normal weights of standard deviation 1/√fan-in.
type Init struct {
	// Gain multiplies all weights; 0 is 1.
	Gain float64

	// ByActivation multiplies the weights of a layer by the Gain (see there) of
	// the activation that its inputs went through, so that the size of the
	// activations neither grows nor shrinks with depth.
	ByActivation bool

	// Orthogonal takes, in place of independent weights, a random matrix with
	// orthonormal rows times the gain, or with orthonormal columns times
	// √(out/in) and the gain if there are fewer of them. All singular values of
	// a layer are then equal, which is what lets signals through nets of a
	// hundred plain layers.
	//
	// Source: A. M. Saxe, J. L. McClelland and S. Ganguli, Exact solutions to
	// the nonlinear dynamics of learning in deep linear neural networks,
	// arXiv:1312.6120.
	Orthogonal bool

	// SkipGain multiplies the weights of residual layers, and of the last layer in a
	// residual block; 0 is 1. With many of them 1/√(their number) keeps the sum of
	// their branches of the size of one.
	SkipGain float64

	// Uniform draws weights and biases evenly from ±Gain/√fan-in, as PyTorch's Linear
	// and Conv layers do. It excludes Orthogonal, and biases have no other gain.
	Uniform bool
}

// Init sets the parameters at random: weights as o says (nil is the zero
// value), biases 0 unless Uniform, those of a BlockLayer by its Initializer if it has one and
// otherwise 0. The same seed gives the same parameters.
func (n *Network) Init(seed uint64, o *Init) {
	var opt Init
	if o != nil {
		opt = *o
	}
	if opt.Gain == 0 {
		opt.Gain = 1
	}
	if opt.SkipGain == 0 {
		opt.SkipGain = 1
	}
	rng := rand.New(rand.NewPCG(seed, 0x636f737461746531))
	clear(n.theta)
	var act Activation // what the inputs of the step went through
	for k := range n.plan.steps {
		s := &n.plan.steps[k]
		switch s.kind {
		case denseStep:
			g := opt.Gain
			if opt.ByActivation && act != nil {
				g *= Gain(act)
			}
			if s.skip || s.branch {
				g *= opt.SkipGain
			}
			s.init(n.theta, &opt, g, rng)
			act = s.act
			if s.skip || !s.plain() {
				act = nil
			}
		case blockStep:
			if b, ok := s.blk.(Initializer); ok {
				b.Init(n.theta[s.w:s.w+s.np:s.w+s.np], rng.NormFloat64)
			}
			act = nil
		default:
			act = nil
		}
	}
}

// init sets the parameters of a layer with weights, for a gain of them.
func (s *step) init(theta []float64, o *Init, gain float64, rng *rand.Rand) {
	w, b := s.weights(theta)
	fan, groups := s.row, max(s.groups, 1)
	if groups > 1 {
		fan = (s.row - s.biases) / groups
	} else if s.fan > 0 {
		fan = s.fan
	}
	root := math.Sqrt(float64(fan))
	switch {
	case o.Uniform:
		for i := range w {
			g := gain
			if i%s.row >= s.row-s.biases {
				g = o.Gain
			}
			w[i] = g / root * (2*rng.Float64() - 1)
		}
		for i := range b {
			b[i] = o.Gain / root * (2*rng.Float64() - 1)
		}
	case o.Orthogonal:
		wide := (s.row - s.biases) / groups
		part := make([]float64, s.units*wide)
		for g := range groups {
			orthogonal(part, s.units, wide, gain, rng)
			for i := range s.units {
				copy(w[i*s.row+g*wide:], part[i*wide:(i+1)*wide])
			}
		}
	default:
		for i := range w {
			if i%s.row < s.row-s.biases {
				w[i] = gain / root * rng.NormFloat64()
			}
		}
	}
}

// Gain returns 1/√E[φ(x)²] for a standard normal x: the factor by which weights
// of standard deviation 1/√fan-in are to be multiplied after the activation φ
// so that pre-activations of variance 1 give pre-activations of variance 1
// again. It is √2 for ReLU and 1.59 for tanh. It returns 1 if the mean is zero
// or not finite.
//
// Source: K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers,
// arXiv:1502.01852, section 2.2, for any φ.
func Gain(act Activation) float64 {
	// The trapezoidal rule on a bell-shaped integrand converges faster than
	// any power; a kink at 0 is met by a node there.
	const steps, reach = 1000, 10.0
	u := make([]float64, 2*steps+1)
	for i := range u {
		u[i] = reach * float64(i-steps) / steps
	}
	f := make([]float64, len(u))
	act.Eval(f, nil, nil, u)
	mean := 0.0
	for i, v := range f {
		mean += v * v * math.Exp(-0.5*u[i]*u[i])
	}
	mean *= reach / steps / math.Sqrt(2*math.Pi)
	if !(mean > 0) || math.IsInf(mean, 0) {
		return 1
	}
	return 1 / math.Sqrt(mean)
}

// orthogonal fills w (rows×cols) with gain times a random matrix of orthonormal
// rows, or with gain √(rows/cols) times one of orthonormal columns if rows >
// cols, by Gram and Schmidt's process, twice, on normal vectors: every such
// matrix has the same chance.
func orthogonal(w []float64, rows, cols int, gain float64, rng *rand.Rand) {
	m, n := rows, cols
	if rows > cols {
		m, n = cols, rows
		gain *= math.Sqrt(float64(rows) / float64(cols))
	}
	q := make([]float64, m*n)
	for i := range m {
		row := q[i*n : i*n+n]
		for norm := 0.0; !(norm > 0.5); { // again if the vectors were dependent
			for k := range row {
				row[k] = rng.NormFloat64()
			}
			for range 2 {
				for j := range i {
					prev := q[j*n : j*n+n]
					axpy(row, -dot(prev, row), prev)
				}
				norm = math.Sqrt(dot(row, row))
				for k := range row {
					row[k] /= norm
				}
			}
		}
	}
	for i := range m {
		for k := range n {
			if rows > cols {
				w[k*cols+i] = gain * q[i*n+k]
			} else {
				w[i*cols+k] = gain * q[i*n+k]
			}
		}
	}
}
