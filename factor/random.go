package factor

import "math"

// irregular fills v with a fixed sequence that looks random: the fractional
// parts of the multiples of the golden ratio, less a half.
func irregular(v []float64) {
	for i := range v {
		_, f := math.Modf(float64(i+1) * math.Phi)
		v[i] = f - 0.5
	}
}
