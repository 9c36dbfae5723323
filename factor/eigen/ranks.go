package eigen

import (
	"errors"
	"runtime"
	"sync/atomic"

	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
	"costate/la/ranks"
	"costate/system"
)

// errNotSent is the answer of a source that other ranks cannot be given.
var errNotSent = errors.New("eigen: this matrix cannot be sent to other ranks: take one of a chain or a sparse one, and the engine native")

// A sourceMessage is a Source as it is sent.
type sourceMessage struct {
	Chain []byte // of a chain
	N     int    // of a sparse matrix
	Ptr   []int
	Col   []int32
	Val   []float64

	Backend        string
	Threads        int // of a rank
	MemoryLimit    int64
	PivotTolerance float64
	Ordering       partition.Ordering
	Perm           partition.Perm
}

func (s *chainSource) message(m *sourceMessage) error {
	m.Chain = s.chain.Part(0, len(s.chain.Stages)).Encode()
	return nil
}

func (s *blockSource) message(*sourceMessage) error { return errNotSent }

func (s *sparseSource) message(m *sourceMessage) error {
	low := s.RawLower()
	m.N, m.Ptr, m.Col, m.Val = low.N, low.Ptr, low.Col, low.Val
	return nil
}

// source is the Source that was sent; interrupt is Options.Interrupt.
func (m *sourceMessage) source(interrupt func() bool) (Source, error) {
	backend, err := blas.ByName(m.Backend, m.Threads)
	if err != nil {
		return nil, err
	}
	o := &factor.Options{Backend: backend, MemoryLimit: m.MemoryLimit, PivotTolerance: m.PivotTolerance, Ordering: m.Ordering, Perm: m.Perm, Interrupt: interrupt}
	if m.Chain == nil {
		if m.Ptr == nil {
			m.Ptr = make([]int, m.N+1)
		}
		return OfSparse(la.NewSym(m.N, m.Ptr, m.Col, m.Val), o), nil
	}
	p, err := system.DecodePart(m.Chain)
	if err != nil {
		return nil, err
	}
	if p.Loss == nil {
		return nil, errNotSent
	}
	return OfChain(&system.Chain{Stages: p.Stages, Loss: *p.Loss}, o), nil
}

// spectrumJob is what ranks know counts by.
const spectrumJob = "factor/eigen"

var (
	spectraMade atomic.Int64
	followed    = map[int]*Spectrum{} // by number, on other ranks than 0
)

func init() { ranks.Handle(spectrumJob, followSpectrum) }

// A spectrumCommand is what rank 0 tells the others to do: to make a Spectrum of a source,
// to count, or to forget it.
type spectrumCommand struct {
	Number int
	Source *sourceMessage
	Shifts []float64
	End    bool
}

// NewSharedSpectrum is NewSpectrum for all ranks of MPI (package costate/la/ranks) together:
// each has the matrix and counts its share of the shifts, with as many workers as its part
// of those of the machine. It takes a chain or a sparse matrix, and the native engine; with
// MUMPS a single count keeps all ranks busy. Counts are those of NewSpectrum.
func NewSharedSpectrum(a Source, workers int) (*Spectrum, error) {
	o := a.options()
	if o.Engine != "" && o.Engine != factor.EngineNative {
		return nil, errNotSent
	}
	if workers < 1 {
		workers = o.Backend.Threads()
	}
	here := ranks.OnMachine()
	c := spectrumCommand{Number: int(spectraMade.Add(1)), Source: &sourceMessage{
		Backend: o.Backend.Name(), Threads: max(1, workers/here), MemoryLimit: o.MemoryLimit / int64(here),
		PivotTolerance: o.PivotTolerance, Ordering: o.Ordering, Perm: o.Perm}}
	if err := a.message(c.Source); err != nil {
		return nil, err
	}
	var s *Spectrum
	var failed error
	err := c.call(func() {
		own, err := c.Source.source(o.Interrupt)
		if err == nil {
			s, err = NewSpectrum(own, c.Source.Threads)
		}
		failed = ranks.Agree(err)
	})
	if err := errors.Join(err, failed); err != nil {
		c.end()
		return nil, err
	}
	s.shared = c.Number
	runtime.AddCleanup(s, func(number int) { go (&spectrumCommand{Number: number}).end() }, c.Number)
	return s, nil
}

func (c *spectrumCommand) call(own func()) error {
	return ranks.Call(spectrumJob, ranks.Encode(c), own)
}

// end has other ranks forget a Spectrum.
func (c *spectrumCommand) end() {
	if ranks.Size() > 1 {
		(&spectrumCommand{Number: c.Number, End: true}).call(func() {})
	}
}

// followSpectrum is the part of other ranks than 0.
func followSpectrum(message []byte) {
	var c spectrumCommand
	ranks.Decode(message, &c)
	switch {
	case c.End:
		delete(followed, c.Number)
	case c.Source != nil:
		source, err := c.Source.source(nil)
		if err == nil {
			followed[c.Number], err = NewSpectrum(source, c.Source.Threads)
		}
		ranks.Agree(err)
	default:
		counts, err := followed[c.Number].counts(decodeShifts(ranks.Scatter(nil)))
		ranks.Agree(err)
		ranks.Gather(ranks.Encode(counts))
	}
}

// sharedCounts deals the shifts out like cards and collects the counts.
func (s *Spectrum) sharedCounts(shifts []float64) ([]Count, error) {
	size := ranks.Size()
	counts := make([]Count, len(shifts))
	var failed error
	err := (&spectrumCommand{Number: s.shared}).call(func() {
		dealt := func(rank int) []float64 {
			var own []float64
			for i := rank; i < len(shifts); i += size {
				own = append(own, shifts[i])
			}
			return own
		}
		ranks.Scatter(func(rank int) []byte { return ranks.Encode(dealt(rank)) })
		own, err := s.counts(dealt(0))
		failed = ranks.Agree(err)
		for rank, m := range ranks.Gather(ranks.Encode(own)) {
			var got []Count
			ranks.Decode(m, &got)
			for i, c := range got {
				counts[rank+i*size] = c
			}
		}
	})
	return counts, errors.Join(err, failed)
}

func decodeShifts(m []byte) (shifts []float64) {
	ranks.Decode(m, &shifts)
	return shifts
}
