package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"

	"costate/la/blas"
)

// A Server answers clients. Its fields are settings, read when a client comes.
type Server struct {
	// Backend has the dense kernels; nil is blas.Native().
	Backend blas.Backend

	// Memory is the number of bytes that one factorization may take; 0 is the
	// memory of the machine.
	Memory int64

	// Log, if it is not nil, is told of clients that could not be served.
	Log io.Writer
}

func (s *Server) backend() blas.Backend {
	if s.Backend == nil {
		return blas.Native()
	}
	return s.Backend
}

// Serve answers one client until its stream ends or the context is cancelled. The
// end of the stream is no error.
func (s *Server) Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := newConn(ctx, s, w)
	defer c.sweep()
	done := make(chan error, 1)
	go func() { done <- c.read(r) }()
	select {
	case err := <-done:
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Listen serves any number of clients at a Unix socket of that path, which only
// its owner may use, until the context is cancelled. A socket that nobody listens
// at is replaced. ready is called once clients can come.
func (s *Server) Listen(ctx context.Context, path string, ready func()) error {
	l, err := listen(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	ready()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var clients sync.WaitGroup
	defer clients.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		clients.Go(func() {
			defer conn.Close()
			if err := s.Serve(ctx, conn, conn); err != nil && ctx.Err() == nil && s.Log != nil {
				fmt.Fprintf(s.Log, "a client was not served to its end: %v\n", err)
			}
		})
	}
}

// listen makes the socket under another name in a folder of its own, so that at
// no moment anybody else could open it.
func listen(path string) (net.Listener, error) {
	if st, err := os.Lstat(path); err == nil {
		if st.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("%s exists and is not a socket", path)
		}
		if c, err := net.Dial("unix", path); err == nil {
			c.Close()
			return nil, fmt.Errorf("%s is in use by another server", path)
		}
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".costate-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	tmp := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: tmp, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := os.Chmod(tmp, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	if err := os.Rename(tmp, path); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}
