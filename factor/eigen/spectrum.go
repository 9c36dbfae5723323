package eigen

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"costate/factor"
	"costate/la/blas"
	"costate/la/ranks"
)

// A Spectrum counts eigenvalues of a symmetric matrix H. By Sylvester's law the number of eigenvalues of H
// below σ is the number of negative pivots of H − σI, so each count is one
// factorization: exact, without an eigenvalue being computed. Independent shifts
// run side by side.
//
// Source: B. N. Parlett, The Symmetric Eigenvalue Problem (1998), section 3.3,
// spectrum slicing.
type Spectrum struct {
	n       int
	norm    float64
	workers []shifted
	shared  int // the number by which other ranks know it; 0 if they do not
}

// A Count is the number of eigenvalues of H below a shift.
type Count struct {
	Shift float64 `json:"shift"`
	Below int     `json:"below"`
	// Near counts eigenvalues too close to the shift to be told from it; Below
	// does not contain them. It is 0 where the count is certain.
	Near    int  `json:"near,omitempty"`
	Certain bool `json:"certain"`
}

// An Interval holds an eigenvalue: it lies between Low and High.
type Interval struct{ Low, High float64 }

// NewSpectrum prepares counts. workers factorizations run side by side, each
// with kernels of one thread; less than 1 means as many as the backend of the
// source has threads. The memory limit of its options holds for all workers
// together. The errors are those of Analyse.
func NewSpectrum(a Source, workers int) (*Spectrum, error) {
	o := a.options()
	if workers < 1 {
		workers = o.Backend.Threads()
	}
	if workers > 1 {
		one, err := blas.ByName(o.Backend.Name(), 1)
		if err != nil {
			return nil, err
		}
		o.Backend = one
		o.MemoryLimit /= int64(workers)
	}
	s := &Spectrum{n: a.SymmetricDim()}
	for range workers {
		f, err := a.fork(o)
		if err != nil {
			return nil, err
		}
		s.workers = append(s.workers, f)
	}
	s.norm = a.Norm()
	return s, nil
}

// SymmetricDim is the order of H.
func (s *Spectrum) SymmetricDim() int { return s.n }

// Counts counts the eigenvalues of H below each of the shifts, in parallel: the
// cumulative spectral distribution, times the order of H. The errors are those
// of shifts that are not finite, or so far beyond the range of numbers that no
// count comes out.
func (s *Spectrum) Counts(shifts []float64) ([]Count, error) {
	if s.shared > 0 {
		return s.sharedCounts(shifts)
	}
	return s.counts(shifts)
}

// counts is Counts on this rank.
func (s *Spectrum) counts(shifts []float64) ([]Count, error) {
	counts, errs := make([]Count, len(shifts)), make([]error, len(shifts))
	next := 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, f := range s.workers[:min(len(s.workers), len(shifts))] {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(shifts) {
					return
				}
				counts[i], errs[i] = below(f, shifts[i])
			}
		})
	}
	wg.Wait()
	return counts, errors.Join(errs...)
}

// Below counts the eigenvalues of H below one shift.
func (s *Spectrum) Below(shift float64) (Count, error) { return below(s.workers[0], shift) }

// Between counts the eigenvalues of H in [low, high).
func (s *Spectrum) Between(low, high float64) (n int, certain bool, err error) {
	c, err := s.Counts([]float64{low, high})
	if err != nil {
		return 0, false, err
	}
	return c[1].Below - c[0].Below, c[0].Certain && c[1].Certain, nil
}

// below counts the eigenvalues of A below a shift by the inertia of A − σI.
func below(f shifted, shift float64) (Count, error) {
	err := f.factorize(shift)
	var singular *factor.SingularError
	if err != nil && (!errors.As(err, &singular) || singular.Blind) {
		return Count{}, fmt.Errorf("shift %v: %w", shift, err)
	}
	in := f.Inertia()
	return Count{Shift: shift, Below: in.Negative, Near: in.Zero, Certain: in.Certain && err == nil}, nil
}

// Min returns an interval around the smallest eigenvalue of H, no wider than
// tol‖H‖₂ (but not narrower than the counts resolve, about 1e-8‖H‖₂), by
// bisection on the inertia. A tol of 0 means 1e-6.
func (s *Spectrum) Min(tol float64) (Interval, error) { return s.kth(1, tol) }

// Max returns an interval around the largest eigenvalue of H; see Min.
func (s *Spectrum) Max(tol float64) (Interval, error) { return s.kth(s.n, tol) }

// Kth returns an interval around the k-th smallest eigenvalue of H, counted from
// 1 with multiplicity; see Min. It panics with factor.ErrShape if there is none.
func (s *Spectrum) Kth(k int, tol float64) (Interval, error) {
	if k < 1 || k > s.n {
		panic(factor.ErrShape)
	}
	return s.kth(k, tol)
}

func (s *Spectrum) kth(k int, tol float64) (Interval, error) {
	if tol <= 0 {
		tol = 1e-6 // some twenty halvings, and well above the resolution of counts
	}
	norm := s.norm
	if norm == 0 {
		return Interval{}, nil // H = 0
	}
	in, err := s.bracket(k, norm)
	if err != nil {
		return in, err
	}
	// Sections rather than halves: one shift for each worker, of all ranks.
	w := len(s.workers)
	if s.shared > 0 {
		w *= ranks.Size()
	}
	shifts := make([]float64, w)
	for in.High-in.Low > tol*norm {
		for i := range shifts {
			shifts[i] = in.Low + (in.High-in.Low)*float64(i+1)/float64(w+1)
		}
		counts, err := s.Counts(shifts)
		if err != nil {
			return in, err
		}
		before := in
		for _, c := range counts {
			// As far as factors are shifted to avoid a pivot: half of what counts tell apart.
			r := countResolution / 2 * (norm + math.Abs(c.Shift))
			if !c.Certain && c.Below+c.Near < k {
				// The shift is at other eigenvalues, as 0 is for a singular H.
				if c, err = s.Below(c.Shift + r); err != nil {
					return in, err
				}
			}
			switch {
			case c.Below >= k:
				in.High = math.Min(in.High, c.Shift)
			case !c.Certain || c.Below+c.Near >= k:
				return Interval{math.Max(in.Low, c.Shift-r), math.Min(in.High, c.Shift+r)}, nil
			default:
				in.Low = math.Max(in.Low, c.Shift)
			}
		}
		if in == before {
			break
		}
	}
	return in, nil
}

// bracket returns an interval that holds the k-th eigenvalue: norm is only a
// lower bound of the spectral radius, so the ends are tried and moved out.
func (s *Spectrum) bracket(k int, norm float64) (Interval, error) {
	// The first radius is right where the bound is close; one that is off by more than the
	// last is not a norm.
	for r := 1.01 * norm; ; r *= 2 {
		c, err := s.Counts([]float64{-r, r})
		if err != nil {
			return Interval{}, err
		}
		if c[0].Below < k && c[1].Below >= k {
			return Interval{-r, r}, nil
		}
		if r > 1e6*norm {
			return Interval{}, fmt.Errorf("eigen: no bracket of eigenvalue %d found within %g", k, r)
		}
	}
}
