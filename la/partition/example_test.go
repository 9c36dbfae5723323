package partition_test

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/partition"
)

// A tridiagonal matrix whose unknowns come in a bad order.
func scattered(n int) *la.Sym {
	b := la.NewSymBuilder(n, 0)
	for i := range n {
		b.Add(3*i%n, 3*i%n, 2)
		if i > 0 {
			b.Add(3*i%n, 3*(i-1)%n, -1)
		}
	}
	a, _ := b.Build()
	return a
}

func Example() {
	a := scattered(8)
	p := partition.Perm{0, 3, 6, 1, 4, 7, 2, 5}
	g, err := partition.Analyse(a, p, partition.New([]int{3, 3, 2}))
	if err != nil {
		fmt.Println(err)
		return
	}
	blocks := g.New()
	g.To(blocks, a) // again and again, as the values of a change
	fmt.Println(mat.Formatted(blocks, mat.Excerpt(0)))
	fmt.Println(a.Bandwidth(), p.Bandwidth(a), blocks.SubRows(0), blocks.SubCols(0))

	_, err = partition.Analyse(a, nil, partition.New([]int{3, 3, 2}))
	fmt.Println(err)
	// Output:
	// ⎡ 2  -1   0   0   0   0   0   0⎤
	// ⎢-1   2  -1   0   0   0   0   0⎥
	// ⎢ 0  -1   2  -1   0   0   0   0⎥
	// ⎢ 0   0  -1   2  -1   0   0   0⎥
	// ⎢ 0   0   0  -1   2  -1   0   0⎥
	// ⎢ 0   0   0   0  -1   2  -1   0⎥
	// ⎢ 0   0   0   0   0  -1   2  -1⎥
	// ⎣ 0   0   0   0   0   0  -1   2⎦
	// 5 1 [0] [2]
	// partition: not block tridiagonal: entry (6, 1), permuted (6, 1), couples blocks 2 and 0
}
