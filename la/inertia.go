package la

import "fmt"

// Inertia counts the negative, zero and positive eigenvalues of a symmetric
// matrix. Certain is false where rounding could have moved an eigenvalue
// across zero, so that the counts must not be relied on.
type Inertia struct {
	Negative int  `json:"negative"`
	Zero     int  `json:"zero"`
	Positive int  `json:"positive"`
	Certain  bool `json:"certain"`
}

// Add returns the inertia of the direct sum of two matrices.
func (in Inertia) Add(o Inertia) Inertia {
	return Inertia{in.Negative + o.Negative, in.Zero + o.Zero, in.Positive + o.Positive, in.Certain && o.Certain}
}

// String formats the inertia as (negative, zero, positive).
func (in Inertia) String() string {
	s := fmt.Sprintf("(%d, %d, %d)", in.Negative, in.Zero, in.Positive)
	if !in.Certain {
		s += " uncertain"
	}
	return s
}
