//go:build !race

package blastest

const thin, step = 1, 1
