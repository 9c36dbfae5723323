package main

import (
	"context"
	"time"

	"costate/la"
	"costate/la/partition"
	"costate/nn"
	"costate/system"
)

// displayEntries is how many entries K may have to be assembled only to be
// described.
const displayEntries = 20_000_000

// entryBytes is the memory of an entry of K while it is described: in the
// builder, the slots, the matrix and its permuted copy.
const entryBytes = 64

// checkAugmented refuses to assemble a K that is asked for but too large.
func (s *session) checkAugmented(c *system.Chain) error {
	return s.checkMemory("the assembled matrix K", augmentedEntries(c)*entryBytes)
}

// An augmentedView is K assembled for display and export, with the permutation
// that makes it block tridiagonal.
type augmentedView struct {
	aug       *system.Augmented
	perm      partition.Perm
	blocks    partition.Partition
	stats     matrix
	bandwidth int

	assemble, permute float64 // seconds
}

// assembleForDisplay returns the view of K at the first damping, or nil if K
// would be too large to be assembled without being asked for.
func (s *session) assembleForDisplay(ctx context.Context, m *measurement, lin *nn.Linearization, files *solveFiles) (*augmentedView, error) {
	chain := m.chain(lin)
	entries := augmentedEntries(chain)
	limit := s.memoryLimit()
	if !files.needsMatrix() && (entries > displayEntries || limit > 0 && entries*entryBytes > limit/2) {
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	start := time.Now()
	v := &augmentedView{aug: system.Assemble(chain, m.eps[0])}
	v.assemble = time.Since(start).Seconds()
	start = time.Now()
	v.perm, v.blocks = stageOrder(v.aug)
	gather, err := partition.Analyse(v.aug.K, v.perm, v.blocks)
	if err != nil {
		return nil, err
	}
	v.permute = time.Since(start).Seconds()
	v.stats = matrix{
		Order: v.aug.Order(), NNZ: v.aug.K.NNZ(), Bandwidth: v.aug.K.Bandwidth(),
		BandwidthPermuted: v.perm.Bandwidth(v.aug.K),
		Blocks:            gather.Partition().Blocks(), BlockMax: gather.Partition().Largest(),
	}
	return v, nil
}

// augmentedEntries estimates the entries of the lower triangle of K.
func augmentedEntries(c *system.Chain) int64 {
	n := int64(0)
	for k, s := range c.Stages {
		n += int64(s.Params()) + int64(s.States())
		switch s := s.(type) {
		case *system.DenseStage:
			per := int64(s.In) + 1
			if k > 0 {
				per += 2 * int64(s.In) // W and δ
			}
			n += int64(s.Batch) * int64(s.Out) * (per + 1)
			if s.J.Full != nil || s.Q.Full != nil {
				n += int64(s.Batch) * int64(s.Out) * int64(s.Out) * 4
			}
		case *system.BlockStage:
			for _, m := range []*system.Matrix{s.F, s.G, s.A, s.C, s.Q} {
				if m != nil {
					n += int64(len(m.Val))
				}
			}
		}
	}
	return n + int64(len(c.Loss.Diag)+len(c.Loss.Full))
}

// stageOrder is the permutation that orders the unknowns of K stage by stage,
// and the partition into stages.
func stageOrder(a *system.Augmented) (partition.Perm, partition.Partition) {
	perm := make(partition.Perm, 0, a.Order())
	sizes := make([]int, a.Stages())
	for k := range sizes {
		before := len(perm)
		x, y, m := a.Stage(k)
		for _, r := range [][2]int{x, y, m} {
			for i := r[0]; i < r[1]; i++ {
				perm = append(perm, i)
			}
		}
		sizes[k] = len(perm) - before
	}
	return perm, partition.New(sizes)
}

// permuted is K with its unknowns stage by stage.
func (v *augmentedView) permuted() *la.Sym { return v.perm.Sym(v.aug.K) }
