// Package numbers reads the floating-point numbers of model files: little-endian, in
// the formats that weights are stored in.
package numbers

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A Format is a format of floating-point numbers.
type Format int

// The formats: IEEE 754 of 64, 32 and 16 bits, and the upper half of 32 bits.
const (
	Float64 Format = iota
	Float32
	Float16
	BFloat16
)

// Size returns the bytes of a number.
func (f Format) Size() int {
	switch f {
	case Float64:
		return 8
	case Float32:
		return 4
	default:
		return 2
	}
}

// Decode returns the numbers in raw, whose length must be a multiple of Size.
func (f Format) Decode(raw []byte) ([]float64, error) {
	size := f.Size()
	if len(raw)%size != 0 {
		return nil, fmt.Errorf("%d bytes of numbers of %d bytes each", len(raw), size)
	}
	x := make([]float64, len(raw)/size)
	for i := range x {
		b := raw[i*size:]
		switch f {
		case Float64:
			x[i] = math.Float64frombits(binary.LittleEndian.Uint64(b))
		case Float32:
			x[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		case Float16:
			x[i] = FromFloat16(binary.LittleEndian.Uint16(b))
		default:
			x[i] = FromBFloat16(binary.LittleEndian.Uint16(b))
		}
	}
	return x, nil
}

// FromFloat16 returns the number of 16 bits of IEEE 754.
func FromFloat16(b uint16) float64 {
	fraction, exponent := float64(b&0x3ff), int(b>>10&0x1f)
	var x float64
	switch exponent {
	case 0:
		x = math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		x = math.Inf(1)
	default:
		x = math.Ldexp(fraction+1024, exponent-25)
	}
	if b>>15 != 0 {
		return -x
	}
	return x
}

// FromBFloat16 returns the number whose upper half as 32 bits b is.
func FromBFloat16(b uint16) float64 {
	return float64(math.Float32frombits(uint32(b) << 16))
}

// Count returns the product of dimensions if it is at most limit.
func Count(dims []int64, limit int) (int, error) {
	n := int64(1)
	for _, d := range dims {
		if d < 0 || d > 0 && n > int64(limit)/d {
			return 0, fmt.Errorf("the shape %v does not fit %d numbers", dims, limit)
		}
		n *= d
	}
	return int(n), nil
}

// NotFinite returns the index of the first NaN or infinity, -1 if there is none.
func NotFinite(x []float64) int {
	for i, v := range x {
		if v-v != 0 {
			return i
		}
	}
	return -1
}
