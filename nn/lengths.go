package nn

import "fmt"

// Lengths is the first layer of a network of sequences of unequal length: the first
// number of a sample says how many of its tokens count, the rest are the tokens, with
// padding behind those that do. A sample of T tokens of d numbers so has 1+T·d inputs,
//
//	[length, token 1, …, token length, padding …]        1 ≤ length ≤ T
//
// Every LengthMap behind it, such as Attention and GlobalAvgPool, then takes each sample
// at its length; as in PyTorch with key_padding_mask, padding is attended to by no token
// and no part of a mean. Layers that act on each token by itself need not know. Padding
// may be any finite numbers: outputs do not depend on it as long as no layer but those
// mixes tokens, as a convolution, a Dense or a Flatten does.
type Lengths struct{}

// A LengthMap is a Map of the tokens of a sample that can leave out those behind the
// first ones. It does in a network that begins with Lengths.
type LengthMap interface {
	Map
	// MaxLength is how many tokens a sample has.
	MaxLength() int
	// AtLength returns the map for a sample of which only the first tokens count, as
	// many as length says, from 1 to MaxLength. Its numbers of inputs and outputs are
	// those of the map.
	AtLength(length int) Map
}

var (
	_ LinearMap = Lengths{}
	_ Puller    = Lengths{}
	_ LengthMap = Attention{}
	_ LengthMap = GlobalAvgPool{}
)

// OutWidth implements Layer.
func (Lengths) OutWidth(in int) (int, error) {
	if in < 2 {
		return 0, fmt.Errorf("lengths of sequences in %d inputs; it needs the length and at least one number behind it", in)
	}
	return in - 1, nil
}

// IsLinear implements LinearMap.
func (Lengths) IsLinear() bool { return true }

// Forward implements Map.
func (Lengths) Forward(out, in []float64) { copy(out, in[1:]) }

// Jacobian implements Map.
func (Lengths) Jacobian(j, in []float64) {
	clear(j)
	for i := range len(in) - 1 {
		j[i*len(in)+i+1] = 1
	}
}

// Second implements Map: it is zero.
func (Lengths) Second(q, _, _ []float64) { clear(q) }

// Pull implements Puller.
func (Lengths) Pull(dst, _, b []float64) {
	dst[0] = 0
	copy(dst[1:], b)
}

// masked is the op of a map: with one map for each length if the network has lengths and
// the map takes them.
func (b *planner) masked(m Map, o op) (op, error) {
	if _, first := m.(Lengths); first {
		if len(b.path) != 1 || b.path[0] != 0 {
			return o, fmt.Errorf(" (%T) must be the first layer", m)
		}
		b.lengths = true
		return o, nil
	}
	l, ok := m.(LengthMap)
	if !ok || !b.lengths {
		return o, nil
	}
	n := l.MaxLength()
	if b.tokens != 0 && b.tokens != n {
		return o, fmt.Errorf(" (%T) has %d tokens, a layer before has %d; the lengths of the samples must mean the same to both", m, n, b.tokens)
	}
	b.tokens = n
	o.byLength = make([]Map, n+1)
	for i := 1; i <= n; i++ {
		o.byLength[i] = l.AtLength(i)
	}
	return o, nil
}

// at is the op's map for sample n.
func (o *op) at(lengths []int, n int) Map {
	if o.byLength == nil {
		return o.m
	}
	return o.byLength[lengths[n]]
}

// lengthsTo stores the lengths of count samples x in dst, whose storage is used again;
// nil without lengths. They have been checked.
func (p *plan) lengthsTo(dst []int, x []float64, count int) []int {
	if !p.lengths {
		return nil
	}
	dst = dst[:0]
	for n := range count {
		dst = append(dst, int(x[n*p.inputs]))
	}
	return dst
}

// checkLengths reports the first length among n samples x that is none.
func (p *plan) checkLengths(x []float64, n int) error {
	if !p.lengths {
		return nil
	}
	for i := range n {
		l := x[i*p.inputs]
		if !(l >= 1 && l <= float64(p.tokens)) || l != float64(int(l)) {
			return fmt.Errorf("nn: X[%d,0] is %g; the length of a sample must be a whole number from 1 to %d", i, l, p.tokens)
		}
	}
	return nil
}
