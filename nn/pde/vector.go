package pde

// grow is space.Resize for slices of anything; what was there is kept.
func grow[T any](x []T, n int) []T {
	for len(x) < n {
		var zero T
		x = append(x, zero)
	}
	return x[:n]
}
