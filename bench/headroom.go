package main

import "os"

// headroomBytes let the heap of a command grow to twice as much before garbage is collected.
// A heap of a few megabytes, as matrices of some thousand unknowns take, would be collected
// several times in one factorization of milliseconds, for up to a tenth of its time.
const headroomBytes = 64 << 20

// headroom returns memory to be held and never touched: the collector counts it, and the system
// gives no pages for it. There is none where the environment says how to collect garbage.
func headroom() []byte {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	return make([]byte, headroomBytes)
}
