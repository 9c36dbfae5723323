package mtx

import (
	"errors"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la"
)

const banner = "%%MatrixMarket matrix "

// The same matrix in every dialect that is read.
func TestReadDialects(t *testing.T) {
	want := mat.NewDense(3, 3, []float64{4, 1, 0, 1, 5, -2, 0, -2, 0})
	ones := mat.NewDense(3, 3, []float64{1, 1, 0, 1, 1, 1, 0, 1, 0})
	for name, c := range map[string]struct {
		text string
		want *mat.Dense
	}{
		"lower":             {banner + "coordinate real symmetric\n3 3 4\n1 1 4\n2 1 1\n2 2 5\n3 2 -2\n", want},
		"upper":             {banner + "coordinate real symmetric\n3 3 4\n1 1 4\n1 2 1\n2 2 5\n2 3 -2\n", want},
		"any order":         {banner + "coordinate real symmetric\n3 3 4\n3 2 -2\n2 2 5\n2 1 1\n1 1 4\n", want},
		"duplicates":        {banner + "coordinate real symmetric\n3 3 6\n1 1 3\n2 1 1\n2 2 2\n3 2 -2\n1 1 1\n2 2 3\n", want},
		"comments":          {banner + "coordinate real symmetric\n% one\n\n%two\n3 3 4\n1 1 4\n% three\n2 1 1\n\n2 2 5\n3 2 -2\n%end\n\n", want},
		"no newline":        {banner + "coordinate real symmetric\n3 3 4\n1 1 4\n2 1 1\n2 2 5\n3 2 -2", want},
		"windows":           {banner + "coordinate real symmetric\r\n3 3 4\r\n1 1 4\r\n2 1 1\r\n2 2 5\r\n3 2 -2\r\n", want},
		"case":              {"%%matrixmarket MATRIX Coordinate REAL Symmetric\n3 3 4\n1 1 4\n2 1 1\n2 2 5\n3 2 -2\n", want},
		"spaces":            {banner + "coordinate  real\tsymmetric \n  3\t3  4\n 1  1 4 \n2 1 +1\n2 2 5.\n3 2 -.2e1\n", want},
		"fortran":           {banner + "coordinate double symmetric\n3 3 4\n1 1 0.4D+01\n2 1 1d0\n2 2 5\n3 2 -2.0D0\n", want},
		"integer":           {banner + "coordinate integer symmetric\n3 3 4\n1 1 4\n2 1 +1\n2 2 5\n3 2 -2\n", want},
		"general":           {banner + "coordinate real general\n3 3 6\n1 1 4\n2 1 1\n2 2 5\n3 2 -2\n1 2 1\n2 3 -2\n", want},
		"pattern":           {banner + "coordinate pattern symmetric\n3 3 4\n1 1\n2 1\n2 2\n3 2\n", ones},
		"mark":              {"\xef\xbb\xbf" + banner + "coordinate real symmetric\n3 3 4\n1 1 4\n2 1 1\n2 2 5\n3 2 -2\n", want},
		"one percent":       {"%MatrixMarket matrix coordinate pattern symmetric\n3 3 4\n1 1\n2 1\n2 2\n3 2\n", ones},
		"unsigned":          {banner + "coordinate unsigned-integer symmetric\n3 3 4\n1 1 1\n2 1 1\n2 2 1\n3 2 1\n", ones},
		"real hermitian":    {banner + "coordinate real hermitian\n3 3 4\n1 1 4\n2 1 1\n2 2 5\n3 2 -2\n", want},
		"integer hermitian": {banner + "coordinate integer hermitian\n3 3 4\n1 1 4\n2 1 1\n2 2 5\n3 2 -2\n", want},
		"complex":           {banner + "coordinate complex symmetric\n3 3 4\n1 1 4 0\n2 1 1 0.0\n2 2 5 0\n3 2 -2 -0\n", want},
		"complex array":     {banner + "array complex hermitian\n3 3\n4 0\n1 0\n0 0\n5 0\n-2 0\n0 0\n", want},
		"array":             {banner + "array real general\n3 3\n4\n1\n0\n1\n5\n-2\n0\n-2\n0\n", want},
		"in lines":          {banner + "array real general\n3 3\n4 1 0\n1 5 -2\n0 -2 0\n", want},
		"triangle":          {banner + "array integer symmetric\n3 3\n4\n1\n0\n5\n-2\n0\n", want},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Read(strings.NewReader(c.text), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !mat.Equal(a, c.want) {
				t.Errorf("got\n%v", mat.Formatted(a))
			}
		})
	}
}

func TestReadKeepsExplicitZeros(t *testing.T) {
	a, err := Read(strings.NewReader(banner+"coordinate real symmetric\n2 2 2\n1 1 0\n2 1 0\n"), nil)
	if err != nil || a.Stored() != 2 || a.NNZ() != 3 {
		t.Errorf("got %v, %v", a, err)
	}
}

func TestReadRejects(t *testing.T) {
	real, general := banner+"coordinate real symmetric\n", banner+"coordinate real general\n"
	for name, c := range map[string]struct {
		text string
		line int
		want string
	}{
		"empty":            {"", 1, "empty"},
		"not one":          {"hello\n", 1, "not %%MatrixMarket"},
		"vector":           {"%%MatrixMarket vector coordinate real general\n1 0\n", 2, "a vector where a matrix"},
		"object":           {"%%MatrixMarket tensor coordinate real general\n", 1, `object "tensor"`},
		"short header":     {"%%MatrixMarket matrix\n", 1, "format is missing"},
		"field":            {banner + "coordinate quaternion symmetric\n", 1, `field "quaternion"`},
		"imaginary":        {banner + "coordinate complex hermitian\n2 2 2\n1 1 2 0\n2 1 1.0 1.0\n", 4, "imaginary part is 1"},
		"no imaginary":     {banner + "coordinate complex symmetric\n1 1 1\n1 1 2\n", 3, "value is missing"},
		"skew":             {banner + "coordinate real skew-symmetric\n", 1, "skew-symmetric, its transpose"},
		"comma":            {real + "3 3 1\n1 1 4,0\n", 3, "a comma where a point belongs"},
		"comment behind":   {real + "3 3 1\n1 1 4 % a\n", 3, "a comment needs a line of its own"},
		"index with point": {real + "3 3 1\n1.0 1 4\n", 3, "without a point"},
		"pointer to LFS":   {"version https://git-lfs.github.com/spec/v1\noid sha256:bf\nsize 1\n", 1, "Git LFS pointer"},
		"bzip2":            {"BZh91AY&SY", 1, "bzip2"},
		"npz":              {"PK\x03\x04", 1, "NumPy"},
		"utf-16":           {"\xff\xfe%\x00", 1, "UTF-16"},
		"long header":      {banner + "coordinate real symmetric x\n", 1, `"x" is more`},
		"pattern array":    {banner + "array pattern general\n", 1, "cannot be a pattern"},
		"no sizes":         {real + "% c\n\n", 3, "before the line of sizes"},
		"two sizes":        {real + "3 3\n", 2, "number of entries is missing"},
		"four sizes":       {real + "3 3 1 1\n", 2, "more than belongs"},
		"negative size":    {real + "-3 3 1\n", 2, "number of rows"},
		"not square":       {general + "3 2 0\n", 2, "not square"},
		"symmetric 3×2":    {real + "3 2 0\n", 2, "not square"},
		"huge order":       {real + "999999999999 999999999999 1\n", 2, "above the limit"},
		"overflow":         {real + "99999999999999999999 1 1\n", 2, "too large"},
		"huge array":       {banner + "array real symmetric\n67000000 67000000\n", 2, "above the limit"},
		"huge count":       {real + "3 3 99999999999\n", 2, "above the limit"},
		"cut short":        {real + "3 3 2\n1 1 4\n", 3, "after 1 of 2"},
		"cut in a line":    {real + "3 3 2\n1 1 4\n2 ", 4, "column is missing"},
		"too long":         {real + "3 3 1\n1 1 4\n2 2 5\n", 4, "goes on"},
		"row 0":            {real + "3 3 1\n0 1 4\n", 3, "row 0 is not in 1…3"},
		"row 4":            {real + "3 3 1\n4 1 4\n", 3, "row 4 is not in 1…3"},
		"column":           {real + "3 3 1\n1 4 4\n", 3, "column 4 is not in 1…3"},
		"negative row":     {real + "3 3 1\n-1 1 4\n", 3, "row"},
		"fraction":         {real + "3 3 1\n1.5 1 4\n", 3, "row"},
		"no value":         {real + "3 3 1\n% c\n1 1\n", 4, "value is missing"},
		"two values":       {real + "3 3 1\n1 1 4 5\n", 3, "more than belongs"},
		"word":             {real + "3 3 1\n1 1 four\n", 3, "not a number"},
		"hexadecimal":      {real + "3 3 1\n1 1 0x1p3\n", 3, "not a number"},
		"underscore":       {real + "3 3 1\n1 1 1_0\n", 3, "not a number"},
		"dots":             {real + "3 3 1\n1 1 1.2.3\n", 3, "not a number"},
		"nan":              {real + "3 3 1\n1 1 NaN\n", 3, "not finite"},
		"infinity":         {real + "3 3 1\n1 1 -Inf\n", 3, "not finite"},
		"beyond range":     {real + "3 3 1\n1 1 1e999\n", 3, "range"},
		"not integer":      {banner + "coordinate integer symmetric\n3 3 1\n1 1 1.5\n", 3, "not an integer"},
		"both triangles":   {real + "3 3 3\n1 1 4\n2 1 1\n1 2 1\n", 5, "other triangle than that of line 4"},
		"asymmetric":       {general + "3 3 4\n1 1 4\n2 1 1\n% c\n\n2 3 5\n1 2 1\n", 7, "element (2, 3) is 5, but (3, 2) is 0"},
		"general upper":    {general + "2 2 1\n1 2 3\n", 3, "not symmetric"},
		"array cut short":  {banner + "array real general\n2 2\n1\n2\n2\n", 5, "after 3 of 4"},
		"array too long":   {banner + "array real general\n1 1\n1\n2\n", 4, "goes on"},
		"array line":       {banner + "array real general\n1 1\n1 2\n", 3, "more than belongs"},
		"endless line":     {real + "% " + strings.Repeat("x", 1<<19), 2, "longer than"},
		"not gzip":         {"\x1f\x8b\x00\x00", 1, "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Read(strings.NewReader(c.text), nil)
			var e *Error
			if !errors.As(err, &e) || a != nil {
				t.Fatalf("got %v, %v", a, err)
			}
			if e.Line != c.line || !strings.Contains(e.Msg, c.want) {
				t.Errorf("got %q, want line %d: …%s…", err, c.line, c.want)
			}
		})
	}
}

func TestErrorsUnwrap(t *testing.T) {
	_, err := Read(strings.NewReader(banner+"coordinate real general\n2 2 1\n1 2 3\n"), nil)
	var asym *la.AsymmetricError
	if !errors.As(err, &asym) || asym.I != 0 || asym.J != 1 || asym.Aij != 3 {
		t.Errorf("got %v", err)
	}
	_, err = Read(strings.NewReader(banner+"coordinate real general\n2 2 1\n1 2 inf\n"), nil)
	var nf *la.NotFiniteError
	if !errors.As(err, &nf) {
		t.Errorf("got %v", err)
	}
}

// Products such as B'DB are symmetric to the rounding errors of their rows.
func TestSymmetryTolerance(t *testing.T) {
	for _, c := range []struct {
		name, text string
		tol        float64
		good       bool
	}{
		{"last digit", "2 2\n1\n3.0000000000000004\n3\n1\n", 0, true},
		{"last digit, exactly", "2 2\n1\n3.0000000000000004\n3\n1\n", -1, false},
		{"small beside large", "2 2\n1\n1.1e-13\n1e-13\n1\n", 0, true},
		{"small beside small", "2 2\n1e-13\n1.1e-13\n1e-13\n1e-13\n", 0, false},
		{"large in another row", "3 3\n1\n1e-9\n0\n0\n1\n0\n0\n0\n1e9\n", 0, false},
		{"wider", "2 2\n1\n1e-9\n0\n1\n", 1e-8, true},
	} {
		_, err := Read(strings.NewReader(banner+"array real general\n"+c.text), &Options{SymmetryTol: c.tol})
		if (err == nil) != c.good {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestReadVector(t *testing.T) {
	for name, c := range map[string]string{
		"column":     banner + "array real general\n3 1\n1\n-2\n0.5\n",
		"row":        banner + "array real general\n1 3\n1\n-2\n0.5\n",
		"vector":     "%%MatrixMarket vector array real general\n3\n1\n-2\n0.5\n",
		"entries":    "%%MatrixMarket vector coordinate real general\n3 3\n1 1\n2 -2\n3 0.5\n",
		"coordinate": banner + "coordinate real general\n3 1 4\n1 1 1\n2 1 -3\n3 1 0.5\n2 1 1\n",
	} {
		x, err := ReadVector(strings.NewReader(c), nil)
		if err != nil || len(x) != 3 || x[0] != 1 || x[1] != -2 || x[2] != 0.5 {
			t.Errorf("%s: got %v, %v", name, x, err)
		}
	}
	for name, c := range map[string]string{
		"matrix":     banner + "array real general\n2 2\n1\n2\n3\n4\n",
		"symmetric":  banner + "array real symmetric\n1 1\n1\n",
		"large":      banner + "coordinate real general\n60000000 60000000 0\n",
		"cut short":  banner + "array real general\n3 1\n1\n",
		"not number": banner + "array real general\n1 1\nx\n",
	} {
		var e *Error
		if x, err := ReadVector(strings.NewReader(c), nil); !errors.As(err, &e) {
			t.Errorf("%s: got %v, %v", name, x, err)
		}
	}
	if x, err := ReadVector(strings.NewReader(banner+"array real general\n0 1\n"), nil); err != nil || len(x) != 0 {
		t.Errorf("empty: got %v, %v", x, err)
	}
}

func TestReadColumns(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want *mat.Dense
	}{
		"columns": {banner + "array real general\n3 2\n1\n2\n3\n4\n5\n6\n", mat.NewDense(3, 2, []float64{1, 4, 2, 5, 3, 6})},
		"column":  {banner + "array real general\n2 1\n1\n2\n", mat.NewDense(2, 1, []float64{1, 2})},
		"row":     {banner + "array real general\n1 2\n1\n2\n", mat.NewDense(2, 1, []float64{1, 2})},
		"sparse":  {banner + "coordinate real general\n2 2 2\n1 2 7\n2 1 8\n", mat.NewDense(2, 2, []float64{0, 7, 8, 0})},
		"vector":  {"%%MatrixMarket vector array real general\n2\n1\n2\n", mat.NewDense(2, 1, []float64{1, 2})},
		"complex": {banner + "array complex general\n2 1\n1 0\n2 0\n", mat.NewDense(2, 1, []float64{1, 2})},
	} {
		got, err := ReadColumns(strings.NewReader(c.text), nil)
		if err != nil || !mat.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	for _, text := range []string{banner + "array real symmetric\n1 1\n1\n", "version https://git-lfs.github.com/spec/v1\n", "t\n1 1 1 1\nRSA 1 1 1 0\n"} {
		var e *Error
		if _, err := ReadColumns(strings.NewReader(text), nil); !errors.As(err, &e) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
