package mtx

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/atomicfile"
)

// Write writes the lower triangle of a as a coordinate file, real and
// symmetric, explicit zeros included, with numbers that read back to the same
// bits. Each comment becomes a line. A NaN or an infinity is a
// *la.NotFiniteError, and nothing is written.
func Write(w io.Writer, a *la.Sym, comments ...string) error {
	if err := a.CheckFinite("A"); err != nil {
		return err
	}
	low := a.RawLower()
	return buffered(w, func(w *bufio.Writer) {
		start(w, "coordinate real symmetric", comments)
		fmt.Fprintf(w, "%d %d %d\n", low.N, low.N, len(low.Val))
		var line []byte
		for i := 0; i < low.N; i++ {
			for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
				line = strconv.AppendInt(line[:0], int64(i+1), 10)
				line = append(line, ' ')
				line = strconv.AppendInt(line, int64(low.Col[t])+1, 10)
				line = append(line, ' ')
				line = strconv.AppendFloat(line, low.Val[t], 'g', -1, 64)
				w.Write(append(line, '\n'))
			}
		}
	})
}

// WriteVector writes x as an array file of one column, a number a line. A NaN or
// an infinity is a *la.NotFiniteError, and nothing is written.
func WriteVector(w io.Writer, x []float64, comments ...string) error {
	if err := la.CheckFinite("x", x); err != nil {
		return err
	}
	return buffered(w, func(w *bufio.Writer) {
		start(w, "array real general", comments)
		fmt.Fprintf(w, "%d 1\n", len(x))
		var line []byte
		for _, v := range x {
			line = strconv.AppendFloat(line[:0], v, 'g', -1, 64)
			w.Write(append(line, '\n'))
		}
	})
}

// WriteDense writes m as a general array file: its columns one after the
// other, a number a line. A NaN or an infinity is a *la.NotFiniteError, and nothing
// is written.
func WriteDense(w io.Writer, m mat.Matrix, comments ...string) error {
	rows, cols := m.Dims()
	for i := 0; i < rows; i++ {
		for j := 0; j < cols; j++ {
			if v := m.At(i, j); v-v != 0 {
				return &la.NotFiniteError{Where: fmt.Sprintf("row %d of A", i), Index: j, Value: v}
			}
		}
	}
	return buffered(w, func(w *bufio.Writer) {
		start(w, "array real general", comments)
		fmt.Fprintf(w, "%d %d\n", rows, cols)
		var line []byte
		for j := 0; j < cols; j++ {
			for i := 0; i < rows; i++ {
				line = strconv.AppendFloat(line[:0], m.At(i, j), 'g', -1, 64)
				w.Write(append(line, '\n'))
			}
		}
	})
}

// WriteFile writes a to a file as Write does, compressed if the name ends in .gz. The
// file appears under its name when it is complete.
func WriteFile(name string, a *la.Sym, comments ...string) error {
	return toFile(name, func(w io.Writer) error { return Write(w, a, comments...) })
}

// WriteVectorFile writes x to a file as WriteVector does, compressed if the
// name ends in .gz. The file appears under its name when it is complete.
func WriteVectorFile(name string, x []float64, comments ...string) error {
	return toFile(name, func(w io.Writer) error { return WriteVector(w, x, comments...) })
}

// WriteDenseFile writes m to a file as WriteDense does, compressed if the name
// ends in .gz. The file appears under its name when it is complete.
func WriteDenseFile(name string, m mat.Matrix, comments ...string) error {
	return toFile(name, func(w io.Writer) error { return WriteDense(w, m, comments...) })
}

// buffered runs fn on a buffer, which keeps the first error for Flush.
func buffered(w io.Writer, fn func(w *bufio.Writer)) error {
	bw := bufio.NewWriterSize(w, 1<<16)
	fn(bw)
	return bw.Flush()
}

// start writes the header and the comments, without line breaks inside.
func start(w *bufio.Writer, kind string, comments []string) {
	w.WriteString("%%MatrixMarket matrix " + kind + "\n")
	for _, c := range comments {
		for line := range strings.SplitSeq(strings.ReplaceAll(c, "\r", "\n"), "\n") {
			for len(line) > 1000 { // lines of the format are limited
				w.WriteString("% " + line[:1000] + "\n")
				line = line[1000:]
			}
			w.WriteString("% " + line + "\n")
		}
	}
}

// toFile lets fn write a file that appears when it is complete, compressed if its
// name says so.
func toFile(name string, fn func(w io.Writer) error) error {
	return atomicfile.Write(name, func(w io.Writer) error {
		if !strings.HasSuffix(name, ".gz") {
			return fn(w)
		}
		z := gzip.NewWriter(w)
		if err := fn(z); err != nil {
			return err
		}
		return z.Close()
	})
}
