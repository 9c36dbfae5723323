package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"solve", "--version"}, {"mtx", "--version"}, {"train", "--version"}, {"plot", "--version"}, {"kernels", "--version"}, {"compare", "--version"}} {
		out, errs, status := runBench(args...)
		if status != 0 || errs != "" || !strings.HasPrefix(out, "costate v") || strings.Count(out, "\n") != 1 {
			t.Errorf("%q: status %d, output %q, message %q", args, status, out, errs)
		}
	}
	for want, settings := range map[string][]debug.BuildSetting{
		"costate " + version:                              nil,
		"costate " + version + " (0123456789ab)":          {{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "false"}},
		"costate " + version + " (0123456789ab, changed)": {{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "0123456789abcdef"}},
	} {
		if have := describeBuild(settings); have != want {
			t.Errorf("%q, want %q", have, want)
		}
	}
}

// TestProgramName: usage, help and errors call the program by its name.
func TestProgramName(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"solve", "--help"}, {"mtx", "--help"}, {"train", "--help"}, {"plot", "--help"}, {"kernels", "--help"}, {"compare", "--help"}, {"nonsense"}, {"mtx", "none.mtx"}} {
		out, errs, _ := runBench(args...)
		text := strings.ReplaceAll(out+errs, "bench/experiments", "")
		if strings.Contains(text, "bench") || !strings.Contains(text, "costate") {
			t.Errorf("%q: %s", args, text)
		}
	}
}
