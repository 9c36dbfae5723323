package eigen

import (
	"math"
	"slices"
)

// A rule is a sum over imaginary shifts iεs of resolvents,
//
//	(λ² + ε²)^-½  ≈ Σ c_j Im (λ − iεs_j)⁻¹
//	λ(λ² + ε²)^-½ ≈ ε Σ c_j s_j Re (λ − iεs_j)⁻¹
//
// for |λ| ≤ κε. Its relative error is the same for both.
type rule struct{ s, c []float64 }

// newRule is the rule with n shifts,
//
//	s_j = √(1 + t_j²),   c_j = 2K'/(πn) √(1 + k²t_j²),   t_j = sc((j−½)K'/n | 1−k²)
//
// for k = 1/√(1+κ²). Elliptic functions of a modulus so close to 1 lose digits where they
// are made from the modulus: sc is made by descending Landen transformations that start
// from k itself, up to the middle of the interval, and by sc(K'−u) = 1/(k sc u) beyond.
//
// Source: N. Hale, N. J. Higham and L. N. Trefethen, Computing A^α, log(A), and related
// matrix functions by contour integrals, SIAM J. Numer. Anal. 46 (2008), method 3.
func newRule(kappa float64, n int) rule {
	k := 1 / math.Hypot(1, kappa)
	const steps = 9 // of the arithmetic-geometric mean, which doubles the digits
	var a, c [steps + 1]float64
	a[0] = 1
	b := k
	for i := range steps {
		a[i+1], c[i+1], b = (a[i]+b)/2, (a[i]-b)/2, math.Sqrt(a[i]*b)
	}
	quarter := math.Pi / (2 * a[steps]) // K'
	r := rule{make([]float64, n), make([]float64, n)}
	for j := range n {
		phi := math.Ldexp(a[steps], steps) * (float64(min(j, n-1-j)) + 0.5) * quarter / float64(n)
		for i := steps; i > 0; i-- {
			phi = (phi + math.Asin(c[i]/a[i]*math.Sin(phi))) / 2
		}
		t := math.Tan(phi)
		if j > n-1-j {
			t = 1 / (k * t)
		}
		r.s[j] = math.Hypot(1, t)
		r.c[j] = 2 * quarter / (math.Pi * float64(n)) * math.Hypot(1, k*t)
	}
	return r
}

// err is the largest relative error met for |λ| ≤ κε, on a fine grid.
func (r rule) err(kappa float64) float64 {
	// The error oscillates about once a shift over ln κ: with at most some forty shifts these
	// are ten points each. Below least it is that at 0 to 1e-6.
	const points, least = 400, 1e-3
	worst := 0.0
	for i := -1; i <= points; i++ {
		x := 0.0
		if i >= 0 {
			x = least * math.Pow(max(kappa, 2*least)/least, float64(i)/points)
		}
		sum := 0.0
		for j, s := range r.s {
			sum += r.c[j] * s / (x*x + s*s)
		}
		worst = max(worst, math.Abs(sum*math.Hypot(x, 1)-1))
	}
	return worst
}

// rules remembers the rule that was asked for last.
type rules struct {
	kappa, tol float64
	most       int
	rule       rule
	err        float64
}

// find returns the rule with the fewest shifts, at most most, whose error is at most
// tol, or else the best one: beyond κ of 1e8 rounding bounds it. It is near
//
//	n = ln(2/tol) ln(4κ)/π² + 1
func (m *rules) find(kappa, tol float64, most int) (rule, float64) {
	if m.kappa == kappa && m.tol == tol && m.most == most {
		return m.rule, m.err
	}
	*m = rules{kappa: kappa, tol: tol, most: most, err: math.Inf(1)}
	n := int(math.Log(2/tol)*math.Log(4*max(kappa, 1))/(math.Pi*math.Pi)) - 3
	for n = min(max(n, 1), most); m.err > tol && n <= most && (m.rule.s == nil || n < len(m.rule.s)+stalled); n++ {
		r := newRule(kappa, n)
		if err := r.err(kappa); err < m.err || m.rule.s == nil {
			m.rule, m.err = r, err
		}
	}
	return m.rule, m.err
}

// stalled is how many more shifts without any gain show that there will be none.
const stalled = 5

// weights are what the shifts are multiplied by in a function: of the imaginary parts of
// solutions for an inverse, else of the real parts.
func (r rule) weights(f *Func) []float64 {
	w := slices.Clone(r.c)
	for j := range w {
		w[j] *= f.factor
		if !f.inverse {
			w[j] *= f.eps * r.s[j]
		}
	}
	return w
}
