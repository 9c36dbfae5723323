package factor

import (
	"sync"

	"costate/factor/internal/certify"
)

// alternatives are judges over other factors of the matrix that is factored, made when a solve
// needs them; see certify.Settings.Relief.
type alternatives struct {
	mu    sync.Mutex
	tried [2]bool
	judge [2]*certify.Judge // nil where there is none
}

// forget is for another matrix.
func (a *alternatives) forget() {
	a.mu.Lock()
	a.tried, a.judge = [2]bool{}, [2]*certify.Judge{}
	a.mu.Unlock()
}

// lend returns alternative k, which factor makes when it is asked for first. One that was
// interrupted can be asked for again.
func (a *alternatives) lend(k int, factor func() (*certify.Judge, error)) *certify.Judge {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.tried[k] {
		j, err := factor()
		if err == ErrInterrupted {
			return nil
		}
		a.tried[k], a.judge[k] = true, j
	}
	return a.judge[k]
}
