package partition_test

import (
	"fmt"

	"costate/la"
	"costate/la/partition"
)

// The multiplier of a constraint has a tiny diagonal entry: it is paired with the
// unknown that it constrains most.
func ExampleMatch() {
	b := la.NewSymBuilder(3, 5)
	b.Add(0, 0, 4)
	b.Add(1, 1, 1)
	b.Add(2, 0, 1)
	b.Add(2, 1, 3)
	b.Add(2, 2, -1e-8)
	a, _ := b.Build()
	m := partition.Match(a)
	fmt.Println("mates ", m.Mate)
	fmt.Println("scales", m.Scale)
	fmt.Println("rank  ", m.Rank)
	// Output:
	// mates  [0 2 1]
	// scales [-1 -1 -1]
	// rank   3
}
