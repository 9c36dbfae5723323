//go:build !cgo || !mumps

package mumps

import (
	"costate/la"
	"costate/la/ranks"
	"costate/system"
)

// New returns ranks.ErrNotBuilt.
func New(*la.Sym, Options) (Engine, error) { return nil, ranks.ErrNotBuilt }

// NewChain returns ranks.ErrNotBuilt.
func NewChain(*system.Chain, Options) (Chain, error) { return nil, ranks.ErrNotBuilt }

// Version returns ranks.ErrNotBuilt.
func Version() (string, error) { return "", ranks.ErrNotBuilt }
