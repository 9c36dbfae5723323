package partition

import (
	"math"
	"math/rand/v2"
	"testing"
)

// hubGraph has n vertices next to some of the hubs, which are the last ones, and a few
// edges besides.
func hubGraph(rng *rand.Rand, n, hubs, links, edges int) *wgraph {
	list := randomEdges(rng, n, edges)
	for v := range n {
		for range links {
			list = append(list, [2]int32{int32(v), int32(n + rng.IntN(hubs))})
		}
	}
	return graphOf(n+hubs, list)
}

// orderWith is minDegree where lists above long are those of hubs.
func orderWith(g *wgraph, long int32) ([]int32, *minimumDegree) {
	m := newMinimumDegree(g, nil)
	m.long = long
	for m.left > 0 {
		m.eliminate(m.least())
	}
	return m.order(), m
}

// TestHubsAreSound calls almost all lists long: what is passed over must lose no
// vertex, and on average little of the quality.
func TestHubsAreSound(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 3))
	logs, noted := 0.0, 0
	const rounds = 60
	for range rounds {
		n := 50 + rng.IntN(1500)
		g := hubGraph(rng, n, 1+rng.IntN(40), 1+rng.IntN(4), rng.IntN(2*n))
		order, m := orderWith(g, int32(4+rng.IntN(30)))
		noted += len(m.notes)
		p := make(Perm, len(order))
		for i, v := range order {
			p[i] = int(v)
		}
		if err := p.Validate(); err != nil || len(p) != g.len() {
			t.Fatalf("%d of %d vertices: %v", len(p), g.len(), err)
		}
		exact, _ := orderWith(g, math.MaxInt32)
		logs += math.Log(float64(entriesOfFactor(newETree(g, order))) / float64(entriesOfFactor(newETree(g, exact))))
	}
	if noted < rounds {
		t.Errorf("%d hubs in %d graphs: the test does not reach what it is for", noted, rounds)
	}
	if mean := math.Exp(logs / rounds); mean > 1.1 {
		t.Errorf("geometric mean of the fill over that without hubs: %.3f", mean)
	}
}

// TestHubsAreFast counts the steps through the lists of hubs: a constant number
// for each edge, where walking them each time would take hundreds.
func TestHubsAreFast(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 4))
	g := hubGraph(rng, 40000, 400, 6, 0)
	m := newMinimumDegree(g, nil)
	steps := 0
	for m.left > 0 {
		e := m.least()
		m.eliminate(e)
		for _, v := range m.list(e) {
			if l := &m.lists[v]; l.length <= m.long || l.chain != later {
				steps += int(l.length)
			}
		}
	}
	if limit := 24 * len(g.adj); steps > limit {
		t.Errorf("%d steps for %d edges, limit %d", steps, len(g.adj)/2, limit)
	}
}
