package vec

// SetOuter computes the outer product of the m words x[0], x[inc], … with y:
//
//	c[i*ldc+j] = x[i*inc] y[j]        i < m, j < len(y)
//
// The rows of c may overlap neither each other nor x or y.
func SetOuter(c []float64, ldc int, x []float64, inc, m int, y []float64) {
	n := len(y) &^ 3
	SetSmall(c, ldc, x, inc, 0, y, 0, m, n/4, 1, 0)
	for j := n; j < len(y); j++ {
		for i := range m {
			c[i*ldc+j] = x[i*inc] * y[j]
		}
	}
}

// AddOuter is SetOuter for C += x yᵀ.
func AddOuter(c []float64, ldc int, x []float64, inc, m int, y []float64) {
	n := len(y) &^ 3
	AddSmall(c, ldc, x, inc, 0, y, 0, m, n/4, 1, 0)
	for j := n; j < len(y); j++ {
		for i := range m {
			c[i*ldc+j] += x[i*inc] * y[j]
		}
	}
}

// SubOuter is SetOuter for C −= x yᵀ.
func SubOuter(c []float64, ldc int, x []float64, inc, m int, y []float64) {
	n := len(y) &^ 3
	SubSmall(c, ldc, x, inc, 0, y, 0, m, n/4, 1, 0)
	for j := n; j < len(y); j++ {
		for i := range m {
			c[i*ldc+j] -= x[i*inc] * y[j]
		}
	}
}
