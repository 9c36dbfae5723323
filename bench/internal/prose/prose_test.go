package prose

import (
	"fmt"
	"math"
	"testing"
)

func Example() {
	fmt.Println(Plural(1, "layer"), Plural(2842, "parameter"), Group(-1234567))
	fmt.Println(Duration(0.00125), Duration(2.5))
	// Output:
	// 1 layer 2,842 parameters -1,234,567
	// 1.25 ms 2.5 s
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		x, e float64
		want string
	}{{-253947.99786146, 3e-8, "-253947.9979 ± 3e-08"}, {12.3456789, 2e-4, "12.346 ± 2e-04"}, {0.0123, 0.04, "0.01 ± 4e-02"},
		{0, 1e-9, "0 ± 1e-09"}, {-17.25, math.Inf(1), "-17.2 (its error is not known)"}, {5, 0, "5 ± 0e+00"}} {
		if got := Within(c.x, c.e); got != c.want {
			t.Errorf("%v within %v: %q, want %q", c.x, c.e, got, c.want)
		}
	}
}

func TestPercent(t *testing.T) {
	x := 0.125
	if a, b := Percent(&x), Percent(nil); a != "12.5%" || b != "" {
		t.Error(a, b)
	}
}
