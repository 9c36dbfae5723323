package atomicfile

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// only fails unless dir has exactly one file, with this content.
func only(t *testing.T, dir, name, want string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != name {
		t.Fatalf("%v: the directory holds %v, want %s alone", err, entries, name)
	}
	have, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || string(have) != want {
		t.Fatalf("%v: %q, want %q", err, have, want)
	}
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// TestWhole: a name stands for the old content until the new one is complete.
func TestWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	if err := Write(name, text("old")); err != nil {
		t.Fatal(err)
	}
	only(t, dir, "a", "old")
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	f, err := Create(name)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "half")
	if have, err := os.ReadFile(name); err != nil || string(have) != "old" {
		t.Errorf("%v: %q while the new file is written", err, have)
	}
	f.Discard()
	only(t, dir, "a", "old")

	failed := errors.New("failed")
	if err := Write(name, func(w io.Writer) error { io.WriteString(w, "half"); return failed }); err != failed {
		t.Errorf("error %v", err)
	}
	only(t, dir, "a", "old")
	if err := Write(name, text("new")); err != nil {
		t.Fatal(err)
	}
	only(t, dir, "a", "new")
	if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("%v: permissions %v", err, st.Mode())
	}
	f.Discard() // again, and after another file took the name
	only(t, dir, "a", "new")
}

// TestAbandon runs this test again as a process that ends with a file half-written.
func TestAbandon(t *testing.T) {
	if dir := os.Getenv("ATOMICFILE_DIR"); dir != "" {
		f, err := Create(filepath.Join(dir, "b"))
		if err != nil {
			os.Exit(1)
		}
		io.WriteString(f, "half")
		go f.Commit()
		Abandon()
		if _, err := os.Stat(filepath.Join(dir, "b")); err == nil {
			os.Exit(0) // it was complete before
		}
		os.Exit(7)
	}
	dir := t.TempDir()
	if err := Write(filepath.Join(dir, "a"), text("old")); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run", "^TestAbandon$")
	c.Env = append(os.Environ(), "ATOMICFILE_DIR="+dir)
	c.Run()
	switch c.ProcessState.ExitCode() {
	case 7:
		only(t, dir, "a", "old")
	case 0:
	default:
		t.Errorf("exit status %d", c.ProcessState.ExitCode())
	}
}
