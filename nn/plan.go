package nn

import (
	"fmt"
	"strings"

	"costate/system"
)

type kind uint8

const (
	denseStep kind = iota // a layer with a weight matrix and the ops merged into it
	mapStep               // an op that is a stage of its own
	blockStep             // a BlockLayer
)

// A step of a plan is a stage of the chain. Its inputs and outputs are states of a
// sample, see op.
type step struct {
	kind    kind
	path    []int // where its first layer is, see Network.Weights
	in, out int   // numbers of a sample's state: before, and after the merged ops

	// denseStep: the layer acts on rows of row numbers.
	number int // 1, 2, …: the k of W_k
	rowLayer
	w, b     int  // where W and b begin in the parameters; b is -1 without
	identity bool // act is the identity
	flat     bool // φ″ = 0
	keep     int  // the last numbers of the inputs, which stand behind φ(u) when the ops begin
	ops      []op // on [φ(u) | kept numbers]
	tail     int  // the last kept numbers, which no op touches
	inner    []op // the ops on what stands before the tail
	branch   bool // the layer ends a residual block
	gather   *system.Matrix

	op op // mapStep

	// blockStep, with its parameters at w; front and behind are the numbers in front,
	// before and after, and rest those that are carried around it.
	blk           BlockLayer
	front, behind int
	rest          int

	np int // number of parameters
}

// pre is the number of pre-activations of a sample.
func (s *step) pre() int { return s.rows * s.units }

// weightCount is the number of elements of W.
func (s *step) weightCount() int { return s.units * s.row }

// bent reports whether an op has a second derivative, so that those of a sample are full
// matrices.
func (s *step) bent() bool {
	for i := range s.ops {
		if !s.ops[i].linear() {
			return true
		}
	}
	return false
}

// cutTail finds the tail and the ops without it.
func (s *step) cutTail() {
	s.tail = s.keep
	for i := range s.ops {
		s.tail = min(s.tail, s.ops[i].rest)
	}
	s.inner = append([]op(nil), s.ops...)
	for i := range s.inner {
		s.inner[i].rest -= s.tail
	}
}

// plain reports whether the outputs are φ(u), element by element.
func (s *step) plain() bool { return len(s.ops) == 0 && s.keep == 0 }

// A plan is the layout of a network: immutable, shared by its clones.
type plan struct {
	inputs  int
	outputs int
	targets int // numbers of a sample's target
	layers  []Layer
	loss    Loss
	pre     []op     // before any parameters
	preAt   []string // names of their layers
	steps   []step
	params  int
	whole   bool // the batch may not be cut in parts
	width   int  // greatest width of a sample anywhere
	rowsMax int  // most numbers of a sample's rows, where they are gathered
	keeps   bool // some step keeps inputs
	lengths bool // samples begin with how many of their tokens count
	tokens  int  // then: how many a sample has at most
}

// name is the step's layer in messages, as "2" or "2.1", counting from 1.
func (s *step) name() string { return pathName(s.path) }

func pathName(path []int) string {
	var t strings.Builder
	for i, at := range path {
		if i > 0 {
			t.WriteByte('.')
		}
		fmt.Fprint(&t, at+1)
	}
	return t.String()
}
