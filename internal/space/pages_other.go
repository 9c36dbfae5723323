//go:build !linux

package space

// askLargePages does nothing: only Linux is known to wait to be asked.
func askLargePages([]float64) {}
