package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// TestHeadroom: garbage of less than the headroom is collected seldom, and the environment's word
// on it stands.
func TestHeadroom(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	collections := func() (n int64) {
		var before, after debug.GCStats
		runtime.GC()
		debug.ReadGCStats(&before)
		var garbage []byte
		for range headroomBytes >> 20 {
			garbage = make([]byte, 1<<20)
		}
		runtime.KeepAlive(garbage)
		debug.ReadGCStats(&after)
		return after.NumGC - before.NumGC
	}
	without := collections()
	held := headroom()
	with := collections()
	runtime.KeepAlive(held)
	if len(held) != headroomBytes || with > 1 || without <= with {
		t.Errorf("%d bytes; %d collections with them, %d without", len(held), with, without)
	}
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Setenv(name, "50")
		if headroom() != nil {
			t.Errorf("%s is set, and there is headroom all the same", name)
		}
		t.Setenv(name, "")
	}
}
