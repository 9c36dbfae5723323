package mtx

import (
	"errors"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// [4 1 0; 1 5 -2; 0 -2 0.25], by columns of the lower triangle.
const boeingRSA = `A small matrix                                                          SMALL
             4             1             1             2             0
RSA                        3             3             5             0
(8I3)           (8I3)           (4E12.4)
  1  3  5  6
  1  2  2  3  3
  4.0000E+00  1.0000D+00  5.0000E+00 -2.0000E+00
  2.5000E-01
`

const boeingPSA = `Pattern
2 1 1 0
psa 2 2 2 0
(3I1) (2I1)
133
12
`

func TestReadBoeing(t *testing.T) {
	want := mat.NewDense(3, 3, []float64{4, 1, 0, 1, 5, -2, 0, -2, 0.25})
	for name, c := range map[string]struct {
		text string
		want *mat.Dense
	}{
		"real":     {boeingRSA, want},
		"windows":  {strings.ReplaceAll(boeingRSA, "\n", "\r\n"), want},
		"scaled":   {strings.Replace(boeingRSA, "(4E12.4)", "(1P,4E12.4)", 1), want},
		"grouped":  {strings.Replace(boeingRSA, "(4E12.4)", "(1P4D12.4)", 1), want},
		"digits":   {strings.Replace(boeingRSA, "  2.5000E-01", " 2.5000-001", 1), want},
		"right":    {strings.Replace(strings.Replace(boeingRSA, "2             0\n", "2             3\n", 1), "(4E12.4)\n", "(4E12.4)            (3E12.4)\nF                          1             0\n", 1) + "  1.0 2.0 3.0\n", want},
		"unlisted": {strings.Replace(boeingRSA, "2             0\n", "2\n", 1), want},
		"integer":  {strings.NewReplacer("RSA", "isa", "(4E12.4)", "(5I3)   ", "  4.0000E+00  1.0000D+00  5.0000E+00 -2.0000E+00\n  2.5000E-01", "  4  1  5 -2  7").Replace(boeingRSA), mat.NewDense(3, 3, []float64{4, 1, 0, 1, 5, -2, 0, -2, 7})},
		"pattern":  {boeingPSA, mat.NewDense(2, 2, []float64{1, 1, 1, 0})},
		"general":  {"t\n1 1 1 1\nRUA 2 2 2 0\n(3I2) (2I2) (2F4.1)\n 1 2 3\n 2 1\n 7.0 7.0\n", mat.NewDense(2, 2, []float64{0, 7, 7, 0})},
	} {
		a, err := Read(strings.NewReader(c.text), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !mat.Equal(a, c.want) {
			t.Errorf("%s: got\n%v", name, mat.Formatted(a))
		}
	}
}

func TestReadBoeingRejects(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(boeingRSA, old, new, 1) }
	for name, c := range map[string]struct {
		text string
		line int
		want string
	}{
		"head only":      {boeingRSA[:strings.Index(boeingRSA, "(8I3)")], 3, "head of a Harwell–Boeing"},
		"complex":        {change("RSA", "CSA"), 3, "complex"},
		"skew":           {change("RSA", "RZA"), 3, "skew-symmetric"},
		"elements":       {change("RSA", "RSE"), 3, "finite elements"},
		"rectangular":    {change("RSA", "RRA"), 3, "rectangular"},
		"not square":     {change("3             3             5", "3             4             5"), 3, "not square"},
		"huge":           {change("3             3             5", "3             3    9999999999"), 3, "above the limit"},
		"format":         {change("(4E12.4)", "(4A12)"), 4, "Fortran format"},
		"formats":        {change("(8I3)           (8I3)", "(8I3)"), 4, "has 2 of them"},
		"first pointer":  {change("  1  3  5  6", "  2  3  5  6"), 5, "begin with 1 and ascend"},
		"falling":        {change("  1  3  5  6", "  1  5  3  6"), 5, "begin with 1 and ascend"},
		"last pointer":   {change("  1  3  5  6", "  1  3  5  5"), 5, "last pointer is 5, not 6"},
		"row":            {change("  1  2  2  3  3", "  1  2  2  4  3"), 6, "not in 1…3"},
		"value":          {change("5.0000E+00", "five......"), 7, "not a number"},
		"missing values": {boeingRSA[:strings.Index(boeingRSA, "  2.5")], 7, "ends in its values"},
		"both triangles": {change("  1  2  2  3  3", "  1  2  1  3  3"), 7, "other triangle"},
	} {
		a, err := Read(strings.NewReader(c.text), nil)
		var e *Error
		if !errors.As(err, &e) || a != nil || e.Line != c.line || !strings.Contains(e.Msg, c.want) {
			t.Errorf("%s: got %v, %v; want line %d: …%s…", name, a, err, c.line, c.want)
		}
	}
}
