package atomicfile_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"costate/la/atomicfile"
)

func Example() {
	dir, err := os.MkdirTemp("", "atomicfile")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "answer.txt")
	err = atomicfile.Write(name, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, 42)
		return err
	})
	text, _ := os.ReadFile(name)
	fmt.Printf("%s%v\n", text, err)
	// Output:
	// 42
	// <nil>
}
