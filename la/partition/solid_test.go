package partition

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// boxEdges are those of seven-point stars on a box of a·b·c points.
func boxEdges(a, b, c int) (n int, edges [][2]int32) {
	for v := range a * b * c {
		for _, s := range []struct{ stride, side int }{{1, a}, {a, b}, {a * b, c}} {
			if v/s.stride%s.side > 0 {
				edges = append(edges, [2]int32{int32(v), int32(v - s.stride)})
			}
		}
	}
	return a * b * c, edges
}

// TestSolid tells solids from everything else, however they are numbered.
func TestSolid(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 5))
	for _, c := range []struct {
		name    string
		a, b, c int
		want    bool
	}{
		{"cube", 15, 15, 15, true},
		{"box", 20, 14, 12, true},
		{"large cube", 30, 30, 30, true},
		{"square", 60, 60, 1, false},
		{"plate", 60, 60, 2, false},
		{"bar", 200, 6, 6, false},
		{"path", 3000, 1, 1, false},
		{"small cube", 4, 4, 4, false},
	} {
		n, edges := boxEdges(c.a, c.b, c.c)
		rename := rng.Perm(n)
		for k, e := range edges {
			edges[k] = [2]int32{int32(rename[e[0]]), int32(rename[e[1]])}
		}
		if got := graphOf(n, edges).solid(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	n, cube := boxEdges(15, 15, 15)
	hub := slices.Clone(cube)
	for v := range int32(100) {
		hub = append(hub, [2]int32{17, 20 + v})
	}
	for _, c := range []struct {
		name  string
		n     int
		edges [][2]int32
	}{
		{"none", 0, nil},
		{"one", 1, nil},
		{"two cubes", 2 * n, append(slices.Clone(cube), shifted(cube, int32(n))...)},
		{"cube and hub", n, hub},
		{"expander", n, randomEdges(rng, n, 4*n)},
	} {
		if graphOf(c.n, c.edges).solid() {
			t.Errorf("%s is no solid", c.name)
		}
	}
}

// TestSolidOrder checks that what is looked for without minimum degree is better than that.
func TestSolidOrder(t *testing.T) {
	g := graphOf(boxEdges(34, 34, 34))
	c := searched(g, 0.1)
	if amd := newCandidate(OrderAMD, g, minDegree(g)); c.ordering != OrderND || c.cost.Time > amd.cost.Time {
		t.Errorf("%v takes %g, minimum degree %g", c.ordering, c.cost.Time, amd.cost.Time)
	}
}
