//go:build race

package blastest

// The race detector makes everything slow, and what it finds does not depend
// on the sizes: thin is how far apart the sizes of a range are, and step that
// for the smallest ones.
const thin, step = 11, 3

// Race is whether the race detector is on.
const Race = true
