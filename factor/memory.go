package factor

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

// Limit is the number of bytes that an analysis with these options may plan for:
// MemoryLimit, or the memory of the machine. o may be nil.
func (o *Options) Limit() int64 {
	d := o.withDefaults()
	return d.MemoryLimit
}

// machineMemory returns the memory of the machine in bytes where the system
// tells it, and 16 GiB elsewhere. The system is asked once: it takes as long as the
// analysis of a hundred unknowns.
var machineMemory = sync.OnceValue(func() int64 {
	const unknown = 16 << 30
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			if kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
				return kb << 10
			}
		}
	}
	return unknown
})
