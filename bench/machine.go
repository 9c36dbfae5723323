package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"costate/bench/internal/prose"
)

// machineLine describes the machine, for reports.
func machineLine() string {
	name := runtime.GOOS + "/" + runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %s, %s", name, prose.Plural(runtime.NumCPU(), "processor"), runtime.Version())
}

// machineMemory is the memory of the machine in bytes, 0 if unknown.
func machineMemory() int64 {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(info)) {
		rest, ok := strings.CutPrefix(line, "MemTotal:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return 0
		}
		return kib << 10
	}
	return 0
}

// memoryLimit is the number of bytes that a run may use: --memory, or the
// memory of the machine; 0 if neither is known.
func (s *session) memoryLimit() int64 {
	if s.memory > 0 {
		return int64(s.memory)
	}
	return machineMemory()
}

// checkMemory refuses what needs more than the limit.
func (s *session) checkMemory(what string, bytes int64) error {
	if limit := s.memoryLimit(); limit > 0 && bytes > limit {
		return fmt.Errorf("%s would need %s, more than the limit of %s; make the problem smaller or raise --memory",
			what, formatBytes(bytes), formatBytes(limit))
	}
	return nil
}
