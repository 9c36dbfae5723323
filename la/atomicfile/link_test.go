//go:build !windows

package atomicfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinkAndDevice: links stay links, and devices are written to.
func TestLinkAndDevice(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	name, link := filepath.Join(dir, "a"), filepath.Join(other, "link")
	if err := Write(name, text("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, text("new")); err != nil {
		t.Fatal(err)
	}
	only(t, dir, "a", "new")
	only(t, other, "link", "new")
	if st, err := os.Lstat(link); err != nil || st.Mode().IsRegular() {
		t.Errorf("%v: the link is a file now", err)
	}
	// A link to what is not there yet.
	early := filepath.Join(other, "early")
	if err := os.Symlink("late", early); err != nil {
		t.Fatal(err)
	}
	if err := Write(early, text("first")); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(filepath.Join(other, "late")); err != nil || string(raw) != "first" {
		t.Errorf("%q, %v", raw, err)
	}
	if err := os.Symlink("round", filepath.Join(other, "round")); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(other, "round"), text("never")); err == nil {
		t.Error("a link to itself was written to")
	}
	if err := Write(filepath.Join(dir, strings.Repeat("n", 250)), text("long")); err != nil {
		t.Error(err)
	}
	if err := Write(os.DevNull, text("nothing")); err != nil {
		t.Error(err)
	}
	if err := Write(dir, text("nothing")); err == nil {
		t.Error("a directory was written to")
	}
	if err := Write(filepath.Join(dir, "none", "a"), text("nothing")); err == nil {
		t.Error("a file was made in a directory that does not exist")
	}
}
