package pde

// resize returns a slice of length n, x itself if it has room.
func resize(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

// grow is resize for slices of anything; what was there is kept.
func grow[T any](x []T, n int) []T {
	for len(x) < n {
		var zero T
		x = append(x, zero)
	}
	return x[:n]
}
