package partition_test

import (
	"fmt"

	"costate/la"
	"costate/la/partition"
)

// Three dense blocks of twenty unknowns meet in the first unknown only: a tree
// with a leaf for each, of which the last takes the root in.
func ExampleAuto() {
	b := la.NewSymBuilder(61, 0)
	b.Add(0, 0, 1)
	for first := 1; first < 61; first += 20 {
		for i := range 20 {
			for j := range i + 1 {
				b.Add(first+i, first+j, 1)
			}
			b.Add(first+i, 0, 1)
		}
	}
	a, _ := b.Build()
	t, err := partition.Auto(a, nil)
	fmt.Println(err, t.Ordering, t.Components)
	for k, p := range t.Parent {
		fmt.Println("node", k, "with the parent", p, "eliminates", t.Nodes.Size(k), "and leaves", t.Rows[k])
	}
	// Output:
	// <nil> amd 1
	// node 0 with the parent 2 eliminates 20 and leaves [60]
	// node 1 with the parent 2 eliminates 20 and leaves [60]
	// node 2 with the parent -1 eliminates 21 and leaves []
}

// The blocks of a block-tridiagonal matrix make a path.
func ExampleGiven() {
	b := la.NewSymBuilder(6, 0)
	for i := range 6 {
		b.Add(i, i, 2)
		if i > 0 {
			b.Add(i, i-1, -1)
		}
	}
	a, _ := b.Build()
	t, err := partition.Given(a, nil, partition.Uniform(6, 2))
	fmt.Println(err, t.Path(), t.Nodes.Sizes(), t.Parent, t.Rows)
	// Output: <nil> true [2 2 2] [1 2 -1] [[2] [4] []]
}
