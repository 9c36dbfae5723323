package prose

import (
	"fmt"
	"testing"
)

func Example() {
	fmt.Println(Plural(1, "layer"), Plural(2842, "parameter"), Group(-1234567))
	fmt.Println(Duration(0.00125), Duration(2.5))
	// Output:
	// 1 layer 2,842 parameters -1,234,567
	// 1.25 ms 2.5 s
}

func TestPercent(t *testing.T) {
	x := 0.125
	if a, b := Percent(&x), Percent(nil); a != "12.5%" || b != "" {
		t.Error(a, b)
	}
}
