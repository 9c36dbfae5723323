package protocol

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// A Number is a float64 in a head. JSON has no words for a NaN or an infinity: they
// are the texts "NaN", "Infinity" and "-Infinity" there.
type Number float64

// MarshalJSON implements json.Marshaler.
func (x Number) MarshalJSON() ([]byte, error) {
	switch v := float64(x); {
	case math.IsNaN(v):
		return []byte(`"NaN"`), nil
	case math.IsInf(v, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Infinity"`), nil
	default:
		return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
	}
}

// UnmarshalJSON implements json.Unmarshaler.
func (x *Number) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`:
		*x = Number(math.NaN())
	case `"Infinity"`:
		*x = Number(math.Inf(1))
	case `"-Infinity"`:
		*x = Number(math.Inf(-1))
	default:
		if err := json.Unmarshal(b, (*float64)(x)); err != nil {
			return fmt.Errorf("%.40s is not a number", b)
		}
	}
	return nil
}
