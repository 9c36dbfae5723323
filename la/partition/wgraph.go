package partition

// A wgraph is an undirected graph whose vertices have weights: the quotient
// graph of a symmetric pattern, in which a vertex stands for weight[v] unknowns.
// The neighbours of v are adj[ptr[v]:ptr[v+1]], in any order. Each edge
// is in the lists of both of its ends, once; there are no loops. Nobody writes to
// one after it is made.
type wgraph struct {
	ptr    []int
	adj    []int32
	weight []int32

	interrupt func() bool                // Options.Interrupt
	apart     func(order []int32) *etree // of Options.Apart: the tree of an order; else nil
}

// interrupted asks whether to give up.
func (g *wgraph) interrupted() bool { return g.interrupt != nil && g.interrupt() }

// len returns the number of vertices.
func (g *wgraph) len() int { return len(g.ptr) - 1 }

// neighbours returns those of v.
func (g *wgraph) neighbours(v int32) []int32 { return g.adj[g.ptr[v]:g.ptr[v+1]] }

// total returns the number of unknowns.
func (g *wgraph) total() int {
	w := 0
	for _, x := range g.weight {
		w += int(x)
	}
	return w
}
