//go:build emulated && !race

package blastest

// An emulator of another processor is ten times as slow as a processor. Every third size has all
// remainders by the orders of tiles, which are powers of two.
const thin, step = 3, 1

// Race is whether the race detector is on.
const Race = false
