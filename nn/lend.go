package nn

import "sync"

// A loan is a slice of numbers that nobody looks at again; maps work in them, since many
// goroutines call them at once.
type loan struct{ x, all []float64 }

var loans = sync.Pool{New: func() any { return new(loan) }}

// lend returns n numbers of any value, in x, to be given back.
func lend(n int) *loan {
	l := loans.Get().(*loan)
	if len(l.all) < n {
		l.all = make([]float64, n)
	}
	l.x = l.all[:n]
	return l
}

func (l *loan) back() { loans.Put(l) }
