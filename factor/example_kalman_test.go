package factor_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// The level of the Nile at Aswan, 1871 to 1970, behind the noise of the yearly
// flow, with forty years taken away: the smoother of Kalman, Rauch, Tung and
// Striebel as one tridiagonal system. The model is
//
//	y_t = μ_t + ε_t,  μ_{t+1} = μ_t + η_t        a local level
//
// and nothing is known of the first level. The matrix is the precision of the
// levels given the flows; its solution is their mean, the diagonal of its inverse
// their variance, and its determinant and a quadratic form give the likelihood.
// The variances of ε and η are the maximum likelihood estimates of J. Durbin and
// S. J. Koopman, Time Series Analysis by State Space Methods, 2nd ed. (2012),
// section 2.10; section 2.7 takes the same years away.
func Example_kalmanSmoother() {
	const noise, drift = 15099, 1469.1
	all := newLevels(nile, noise, drift)
	_, _, log, err := all.smooth()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("all years: log-likelihood %.2f\n", log)

	gaps := append([]float64(nil), nile...)
	for _, from := range []int{20, 60} { // 1891 and 1931
		for t := from; t < from+20; t++ {
			gaps[t] = math.NaN()
		}
	}
	mean, variance, _, err := newLevels(gaps, noise, drift).smooth()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, year := range []int{1890, 1900, 1910, 1911, 1925} {
		t := year - 1871
		fmt.Printf("%d: flow %4.0f, level %4.0f ± %3.0f\n", year, gaps[t], mean[t], math.Sqrt(variance[t]))
	}
	// Output:
	// all years: log-likelihood -632.55
	// 1890: flow 1140, level 1000 ±  60
	// 1900: flow  NaN, level  903 ±  99
	// 1910: flow  NaN, level  807 ±  69
	// 1911: flow  831, level  798 ±  60
	// 1925: flow  698, level  816 ±  49
}

// levels is the local level model of flows, of which NaN are not known.
type levels struct {
	a     *la.BlockTridiag // precision of the levels
	b     *mat.VecDense    // its product with their mean
	prior float64          // terms of the log-likelihood that need no solution
}

func newLevels(flow []float64, noise, drift float64) *levels {
	n := len(flow)
	sizes := make([]int, n)
	for t := range sizes {
		sizes[t] = 1
	}
	l := &levels{a: la.NewBlockTridiag(sizes), b: mat.NewVecDense(n, nil)}
	for t, y := range flow {
		d, _ := l.a.Diag(t)
		if !math.IsNaN(y) {
			d[0] += 1 / noise
			l.b.SetVec(t, y/noise)
			l.prior -= (math.Log(2*math.Pi*noise) + y*y/noise) / 2
		}
		if t+1 < n {
			next, _ := l.a.Diag(t + 1)
			sub, _ := l.a.Sub(t)
			d[0] += 1 / drift
			next[0] += 1 / drift
			sub[0] = -1 / drift
			l.prior -= math.Log(2*math.Pi*drift) / 2
		}
	}
	l.prior += float64(n) / 2 * math.Log(2*math.Pi)
	return l
}

// smooth returns the mean and the variance of the levels and the logarithm of
// the diffuse likelihood.
func (l *levels) smooth() (mean, variance []float64, log float64, err error) {
	var f factor.Block
	if err = f.Factorize(l.a); err != nil {
		return
	}
	var x mat.VecDense
	if err = f.SolveVecTo(&x, l.b); err != nil {
		return
	}
	if variance, err = f.InverseDiagTo(nil); err != nil {
		return
	}
	form, err := f.QuadFormTo(nil, l.b)
	if err != nil {
		return
	}
	det, _ := f.LogDet()
	return x.RawVector().Data, variance, l.prior + (form[0]-det)/2, nil
}

// nile is the yearly flow of the Nile at Aswan in 10⁸ m³, from 1871. G. W. Cobb,
// The problem of the Nile, Biometrika 65 (1978).
var nile = []float64{
	1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140,
	995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
	1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840,
	874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
	831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821,
	768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
	781, 865, 845, 944, 984, 897, 822, 1010, 771, 676,
	649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
	744, 749, 838, 1050, 918, 986, 797, 923, 975, 815,
	1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
}
