// Package prose writes numbers as people do.
package prose

import (
	"fmt"
	"math"
	"strings"
)

// Plural writes a count with its noun.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", Group(n), noun)
}

// Group writes an integer with commas between thousands.
func Group(n int) string {
	s := fmt.Sprint(n)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// Duration writes seconds with a unit that suits them.
func Duration(s float64) string {
	switch {
	case s == 0:
		return "0"
	case s < 1e-3:
		return fmt.Sprintf("%.3g µs", s*1e6)
	case s < 1:
		return fmt.Sprintf("%.3g ms", s*1e3)
	}
	return fmt.Sprintf("%.3g s", s)
}

// Within writes x with the decimals that an error of at most e leaves, at most ten digits.
func Within(x, e float64) string {
	if !(e < 1) {
		return fmt.Sprintf("%.3g (its error is not known)", x)
	}
	digits := 10
	if x != 0 && e > 0 {
		digits = int(math.Floor(math.Log10(math.Abs(x))) - math.Floor(math.Log10(e)))
	}
	return fmt.Sprintf("%.*g ± %.0e", min(max(digits, 1), 10), x, e)
}

// Percent writes a part as a percentage, and nothing where it is not known.
func Percent(x *float64) string {
	if x == nil {
		return ""
	}
	return fmt.Sprintf("%.1f%%", 100**x)
}
