package numbers

import (
	"math"
	"testing"
)

func TestFloat16(t *testing.T) {
	for b, want := range map[uint16]float64{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: math.Ldexp(1, -14), 0x0001: math.Ldexp(1, -24),
		0x03ff: math.Ldexp(1023, -24), 0x3555: 0.333251953125, 0x7c00: math.Inf(1), 0xfc00: math.Inf(-1),
	} {
		if got := FromFloat16(b); got != want {
			t.Errorf("%#04x is %v, want %v", b, got, want)
		}
	}
	if !math.IsNaN(FromFloat16(0x7e00)) || !math.Signbit(FromFloat16(0x8000)) {
		t.Error("NaN or −0 is lost")
	}
}

func TestDecode(t *testing.T) {
	for f, raw := range map[Format][]byte{
		Float64: {0, 0, 0, 0, 0, 0, 0xf8, 0xbf}, Float32: {0, 0, 0xc0, 0xbf}, Float16: {0, 0xbe}, BFloat16: {0xc0, 0xbf},
	} {
		x, err := f.Decode(raw)
		if err != nil || len(x) != 1 || x[0] != -1.5 {
			t.Errorf("format %d: %v, %v", f, x, err)
		}
		if _, err := f.Decode(raw[1:]); err == nil {
			t.Errorf("format %d: no error for an odd length", f)
		}
	}
}

func TestCount(t *testing.T) {
	if n, err := Count([]int64{3, 4}, 12); n != 12 || err != nil {
		t.Error(n, err)
	}
	if n, err := Count(nil, 1); n != 1 || err != nil {
		t.Error(n, err)
	}
	for _, dims := range [][]int64{{3, 5}, {-1, 2}, {1 << 62, 1 << 62}} {
		if _, err := Count(dims, 12); err == nil {
			t.Errorf("%v fits", dims)
		}
	}
}
