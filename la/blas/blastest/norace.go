//go:build !race && !emulated

package blastest

const thin, step = 1, 1

// Race is whether the race detector is on.
const Race = false
