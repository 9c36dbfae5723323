package factor

import "costate/la"

// NewBlockSpectrum prepares counts for a symmetric block-tridiagonal matrix,
// which is not copied and must not change meanwhile. Otherwise it is like
// NewSpectrum; a NaN or an infinity in a is a *la.NotFiniteError.
func NewBlockSpectrum(a *la.BlockTridiag, opts *Options, workers int) (*Spectrum, error) {
	if err := a.CheckFinite("A"); err != nil {
		return nil, err
	}
	o, workers, err := single(opts, workers)
	if err != nil {
		return nil, err
	}
	s := &Spectrum{n: a.SymmetricDim()}
	for range workers {
		c := &blockCounter{a: a}
		if err := c.f.Analyse(a, &o); err != nil {
			return nil, err
		}
		if s.norm == 0 {
			c.f.measure()
			s.norm = c.f.norm
		}
		s.workers = append(s.workers, c)
	}
	return s, nil
}

// A blockCounter counts by factorizations of A − σI.
type blockCounter struct {
	a *la.BlockTridiag
	f Block
}

func (c *blockCounter) below(shift float64) (Count, error) {
	return counted(shift, c.f.FactorizeShifted(c.a, shift), c.f.Inertia)
}
