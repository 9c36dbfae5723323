package mtx_test

import (
	"fmt"
	"os"
	"strings"

	"gonum.org/v1/gonum/mat"

	"costate/la/mtx"
)

func Example() {
	const file = `%%MatrixMarket matrix coordinate real symmetric
% a comment
3 3 4
1 1 4
2 1 1
2 2 5
3 2 0.5
`
	a, err := mtx.Read(strings.NewReader(file), nil)
	fmt.Println(mat.Formatted(a), err)

	_, err = mtx.Read(strings.NewReader(strings.Replace(file, "3 2", "3 7", 1)), nil)
	fmt.Println(err)

	mtx.WriteVector(os.Stdout, []float64{1, 0.1}, "right-hand side")
	// Output:
	// ⎡  4    1    0⎤
	// ⎢  1    5  0.5⎥
	// ⎣  0  0.5    0⎦ <nil>
	// mtx: line 7: column 7 is not in 1…3
	// %%MatrixMarket matrix array real general
	// % right-hand side
	// 2 1
	// 1
	// 0.1
}
