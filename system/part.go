package system

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"
)

// A Part is a run of neighbouring stages of a chain, with what they need to write their entries
// of the augmented system: AssemblePart makes these. The parts of ranges that cover all
// stages add up to K, so that several processes can hold it together.
// A Part shares the arrays of its chain.
type Part struct {
	From, To int   // the stages from ≤ k < to of the chain
	X, Y     []int // first parameter and first state of each stage of the chain; L+1 long

	Stages []Stage
	Before Stage      // of the stage before From what its outputs are; nil for the first one
	Loss   *SampleMap // of the chain, where the last stage is among these; else nil
}

// Part returns the stages from ≤ k < to. It panics with ErrShape if there are no such stages.
func (c *Chain) Part(from, to int) *Part {
	if from < 0 || from > to || to > len(c.Stages) {
		panic(ErrShape)
	}
	x, y := c.offsets()
	p := &Part{From: from, To: to, X: x, Y: y}
	if from == to {
		return p // which does not keep the chain
	}
	p.Stages = c.Stages[from:to]
	if from > 0 {
		p.Before = c.Stages[from-1].outside()
	}
	if to == len(c.Stages) {
		p.Loss = &c.Loss
	}
	return p
}

// offsets are the first parameter and the first state of each stage.
func (c *Chain) offsets() (x, y []int) {
	x, y = make([]int, len(c.Stages)+1), make([]int, len(c.Stages)+1)
	for k, s := range c.Stages {
		x[k+1], y[k+1] = x[k]+s.Params(), y[k]+s.States()
	}
	return x, y
}

// Stage returns where the unknowns of any stage of the chain stand in K; see
// Augmented.Stage.
func (p *Part) Stage(k int) (x, y, m [2]int) {
	stages := len(p.X) - 1
	y0 := p.X[stages]
	m0 := y0 + p.Y[stages]
	return [2]int{p.X[k], p.X[k+1]}, [2]int{y0 + p.Y[k], y0 + p.Y[k+1]}, [2]int{m0 + p.Y[k], m0 + p.Y[k+1]}
}

// whole is the part that has all stages, for an Augmented of the same shapes.
func (a *Augmented) whole(c *Chain) Part {
	return Part{To: len(c.Stages), X: a.x, Y: a.y, Stages: c.Stages, Loss: &c.Loss}
}

// Split cuts the stages of a chain into n ranges, of which the i-th is from cuts[i] up to
// but not including cuts[i+1], so that the largest number of entries that a range writes is
// as small as can be. Ranges may be empty.
func Split(c *Chain, n int) (cuts []int) {
	entries := make([]int64, len(c.Stages))
	low, high := int64(0), int64(0)
	var before Stage
	for k, s := range c.Stages {
		var loss *SampleMap
		if k+1 == len(c.Stages) {
			loss = &c.Loss
		}
		entries[k] = int64(s.Params()+s.States()) + couplings(c.Stages[k:k+1], before, loss)
		low, high = max(low, entries[k]), high+entries[k]
		before = s
	}
	for low < high {
		if most := low + (high-low)/2; len(fill(entries, most)) <= n+1 {
			high = most
		} else {
			low = most + 1
		}
	}
	cuts = fill(entries, low)
	for len(cuts) <= n {
		cuts = append(cuts, len(entries))
	}
	return cuts
}

// fill cuts into ranges of at most so many entries each, from the first stage on.
func fill(entries []int64, most int64) []int {
	cuts, sum := []int{0}, int64(0)
	for k, e := range entries {
		if sum += e; sum > most {
			cuts, sum = append(cuts, k), e
		}
	}
	return append(cuts, len(entries))
}

// Entries counts the entries that AssemblePart would write; see EntriesOf.
func (p *Part) Entries() int64 {
	own := p.X[p.To] - p.X[p.From] + p.Y[p.To] - p.Y[p.From]
	return int64(own) + couplings(p.Stages, p.Before, p.Loss)
}

// AssemblePart forms the entries of K that the stages of a part write: a matrix of the
// order of K, whose sum over parts that cover the chain is K; see Assemble.
func AssemblePart(p *Part, eps float64) *Augmented {
	stages := len(p.X) - 1
	a := &Augmented{params: p.X[stages], states: p.Y[stages], x: p.X, y: p.Y}
	return a.form(p, eps)
}

// UpdatePart writes the values of a part of another chain; see Update.
func (a *Augmented) UpdatePart(p *Part, eps float64) {
	if !slices.Equal(p.X, a.x) || !slices.Equal(p.Y, a.y) || p.Entries() != int64(len(a.slots)) {
		panic(ErrShape)
	}
	a.rewrite(p, eps)
}

// outside is the stage as those after it see it.
func (s *DenseStage) outside() Stage {
	o := &DenseStage{Batch: s.Batch, Out: s.Out, Rows: s.Rows, Skip: s.passes()}
	if !o.Skip {
		o.J = s.J
	}
	return o
}

// outside is the stage as those after it see it.
func (s *BlockStage) outside() Stage { return &BlockStage{NOut: s.NOut} }

func init() {
	gob.Register(&DenseStage{})
	gob.Register(&BlockStage{})
}

// A message is a Part as it is sent. Package gob does not tell an array of length 0, such as
// that of a map that is zero everywhere, from none.
type message struct {
	Part  *Part
	Kinds []byte // of the maps: 1 for Diag, 2 for Full, 3 for Sparse, 0 for none
}

// maps are the maps of a part, in a fixed order.
func (p *Part) maps() []*SampleMap {
	var all []*SampleMap
	for _, s := range append([]Stage{p.Before}, p.Stages...) {
		d, ok := s.(*DenseStage)
		if !ok {
			continue
		}
		all = append(all, &d.J, &d.Q)
		if d.Pass != nil {
			all = append(all, &d.Pass.J, &d.Pass.Cross, &d.Pass.Q)
		}
	}
	if p.Loss != nil {
		all = append(all, p.Loss)
	}
	return all
}

// arrays are those that may hold the blocks of a map; see message.
func (m *SampleMap) arrays() [3]*[]float64 { return [3]*[]float64{&m.Diag, &m.Full, &m.Sparse} }

// Encode writes a part for another process of the same program.
func (p *Part) Encode() []byte {
	m := message{Part: p}
	for _, s := range p.maps() {
		kind := byte(0)
		for i, a := range s.arrays() {
			if *a != nil {
				kind = byte(i + 1)
			}
		}
		m.Kinds = append(m.Kinds, kind)
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(&m); err != nil {
		panic(fmt.Sprintf("system: a part cannot be written: %v", err)) // a buffer takes all
	}
	return b.Bytes()
}

// DecodePart reads what Encode has written, which is not checked but for its form.
func DecodePart(b []byte) (*Part, error) {
	var m message
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&m); err != nil {
		return nil, fmt.Errorf("system: not a part of a chain: %w", err)
	}
	if m.Part == nil || len(m.Part.maps()) != len(m.Kinds) {
		return nil, errors.New("system: not a part of a chain")
	}
	for i, s := range m.Part.maps() {
		if k := m.Kinds[i]; k > 0 {
			if a := s.arrays()[min(k, 3)-1]; *a == nil {
				*a = []float64{}
			}
		}
	}
	return m.Part, nil
}
