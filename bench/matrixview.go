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
	return s.checkMemory("the assembled matrix K", system.EntriesOf(c)*entryBytes)
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
	entries := system.EntriesOf(chain)
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
	perm, sizes := v.aug.StageOrder()
	v.perm, v.blocks = perm, partition.New(sizes)
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

// permuted is K with its unknowns stage by stage.
func (v *augmentedView) permuted() *la.Sym { return v.perm.Sym(v.aug.K) }
