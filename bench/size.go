package main

import (
	"fmt"
	"strconv"
	"strings"
)

// A sizeFlag is a number of bytes, written with or without a unit: 4GiB, 500MB,
// 1048576. It implements pflag.Value.
type sizeFlag int64

var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"kB", 1e3}, {"B", 1},
}

func (s *sizeFlag) Set(text string) error {
	number, unit := text, 1.0
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v*unit >= 1) || v*unit >= 1<<62 {
		return fmt.Errorf("want a positive size such as 4GiB or 500MB")
	}
	*s = sizeFlag(v * unit)
	return nil
}

func (s *sizeFlag) String() string {
	if *s == 0 {
		return ""
	}
	return formatBytes(int64(*s))
}

func (s *sizeFlag) Type() string { return "size" }

// formatBytes writes a number of bytes for people.
func formatBytes(b int64) string {
	for _, u := range sizeUnits[:4] {
		if float64(b) >= u.bytes {
			return fmt.Sprintf("%.3g %s", float64(b)/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%d B", b)
}
