package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"costate/bench/internal/protocol"
)

// A conn is one client: its stream, its objects, and what is being computed.
type conn struct {
	ctx    context.Context
	server *Server

	writing sync.Mutex
	w       io.Writer

	mu      sync.Mutex
	objects map[int64]any
	last    int64 // handle
	calls   map[int64]*call
	shared  map[string]*protocol.Shared // by file, as requests named them
}

func newConn(ctx context.Context, s *Server, w io.Writer) *conn {
	return &conn{ctx: ctx, server: s, w: w, objects: map[int64]any{}, calls: map[int64]*call{}, shared: map[string]*protocol.Shared{}}
}

// A greeting is the first message of a server.
type greeting struct {
	Costate int    `json:"costate"` // version of the protocol
	PID     int    `json:"pid"`
	Threads int    `json:"threads"`
	Backend string `json:"backend"`
	Shared  string `json:"shared"` // folder of shared memory, "" if there is none
}

// read greets the client and takes its requests until the stream ends.
func (c *conn) read(r io.Reader) error {
	be := c.server.backend()
	hello := greeting{Costate: protocol.Version, PID: os.Getpid(), Threads: be.Threads(), Backend: be.Name()}
	if st, err := os.Stat(protocol.SharedDir); err == nil && st.IsDir() {
		hello.Shared = protocol.SharedDir
	}
	if err := c.send(hello, nil); err != nil {
		return err
	}
	for {
		f, err := protocol.ReadFrame(r)
		if err != nil {
			return err
		}
		c.take(f)
	}
}

// take begins what a frame asks for.
func (c *conn) take(f *protocol.Frame) {
	var q request
	if err := json.Unmarshal(f.Head, &q); err != nil {
		// Without an id only the text can say which request it was.
		c.fail(q.ID, &inputError{fmt.Errorf("a head that cannot be understood: %w", err)})
		return
	}
	c.free(q.Free)
	switch {
	case q.Op == "cancel":
		c.cancel(q.Cancel)
		return
	case q.Op == "free" && q.ID == 0:
		return
	}
	c.mu.Lock()
	if q.ID <= 0 || c.calls[q.ID] != nil {
		c.mu.Unlock()
		c.fail(q.ID, inputf("id %d: a request needs a positive id that no other one has that is not answered", q.ID))
		return
	}
	if q.Op == "free" || q.Op == "ping" {
		c.mu.Unlock()
		c.answer(q.ID, nil, nil)
		return
	}
	ctx, stop := context.WithCancel(c.ctx)
	k := &call{conn: c, ctx: ctx, stop: stop, request: &q, frame: f}
	c.calls[q.ID] = k
	// The object is looked up now: a later message may free the handle.
	k.object = c.objects[q.Handle]
	if q.Shared != nil {
		c.shared[q.Shared.File] = q.Shared
	}
	c.mu.Unlock()
	go k.run()
}

// sweep removes the shared memory that the client left, as one that was killed
// does.
func (c *conn) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.shared {
		s.Remove()
	}
}

// free forgets objects.
func (c *conn) free(handles []int64) {
	if len(handles) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range handles {
		delete(c.objects, h)
	}
}

// keep gives an object a handle.
func (c *conn) keep(object any) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	c.objects[c.last] = object
	return c.last
}

// cancel ends the request of that id, if it is still computed.
func (c *conn) cancel(id int64) {
	c.mu.Lock()
	k := c.calls[id]
	c.mu.Unlock()
	if k != nil && k.claim() {
		c.forget(k)
		k.stop()
		c.fail(id, errCancelled)
	}
}

// forget ends the bookkeeping of a call that is about to be answered: after that
// another one may have its id.
func (c *conn) forget(k *call) {
	c.mu.Lock()
	delete(c.calls, k.request.ID)
	c.mu.Unlock()
}

// answer sends the answer of a request.
func (c *conn) answer(id int64, a *answer, shared *protocol.Shared) {
	head := map[string]any{"id": id, "ok": true}
	var archive []byte
	if a != nil {
		for k, v := range a.fields {
			head[k] = v
		}
		placed, err := shared.Place(a.arrays)
		if err == nil {
			archive, err = protocol.FormatArchive(a.arrays)
		}
		if err != nil {
			c.fail(id, inputf("the answer could not be sent: %w", err))
			return
		}
		if len(placed) > 0 {
			head["arrays"] = placed
		}
	}
	if err := c.send(head, archive); err != nil {
		// The reader ends when the stream does; nobody is left to tell.
		return
	}
}

// fail sends an error as the answer of a request.
func (c *conn) fail(id int64, err error) {
	// An error of the stream shows where the next frame is read.
	_ = c.send(map[string]any{"id": id, "ok": false, "error": describe(err)}, nil)
}

// send writes one frame.
func (c *conn) send(head any, archive []byte) error {
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	return protocol.WriteFrame(c.w, &protocol.Frame{Head: text, Archive: archive})
}

// recovered makes an error of a panic.
func recovered(p any) error {
	return &internalError{fmt.Sprintf("%v", p), string(debug.Stack())}
}
