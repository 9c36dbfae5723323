package serve

import "sync"

// A spoilable is an object that one request at a time works on, and that means nothing any
// more when a request has been cancelled midway.
type spoilable struct {
	mu      sync.Mutex
	stop    *stopper
	useless bool
}

// exclusive calls fn beside no other request for the object.
func (f *spoilable) exclusive(k *call, fn func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.useless {
		return errSpoiled
	}
	if err := k.cancelled(); err != nil {
		return err
	}
	end := f.stop.until(k.ctx)
	err := fn()
	if end() {
		f.useless = true
		return errCancelled
	}
	return err
}
