package mtx

import (
	"bytes"
	"strings"
)

// sniffBytes is how much of a file is looked at to find out what it is: more than
// three lines of a Harwell–Boeing file.
const sniffBytes = 1024

// A fileFormat is what the first bytes of a file say.
type fileFormat int

const (
	matrixMarket fileFormat = iota // or what is explained as not being it
	harwellBoeing
)

// strangers are beginnings of files of other kinds, and what these are.
var strangers = []struct{ prefix, what string }{
	{"version https://git-lfs", "a Git LFS pointer, not the file it stands for: fetch that with git lfs pull"},
	{"BZh", "compressed by bzip2: decompress it first"},
	{"\xfd7zXZ\x00", "compressed by xz: decompress it first"},
	{"\x28\xb5\x2f\xfd", "compressed by zstd: decompress it first"},
	{"PK\x03\x04", "a zip archive (NumPy's .npz is one): take the matrix out first"},
	{"\x93NUMPY", "a NumPy array: scipy.io.mmwrite writes what is read here"},
	{"MATLAB 5.0 MAT-file", "a MATLAB file: mmwrite writes what is read here"},
	{"\x89HDF\r\n", "an HDF5 file: scipy.io.mmwrite writes what is read here"},
	{"\xff\xfe", "text of two bytes a character (UTF-16): save it as UTF-8"},
	{"\xfe\xff", "text of two bytes a character (UTF-16): save it as UTF-8"},
}

// sniff finds out the format, and skips a byte order mark. A file of a kind that
// is not read is an error that names it.
func (s *scanner) sniff() (fileFormat, error) {
	head, _ := s.r.Peek(sniffBytes)
	if bom := []byte("\xef\xbb\xbf"); bytes.HasPrefix(head, bom) {
		s.r.Discard(len(bom))
		head = head[len(bom):]
	}
	for _, k := range strangers {
		if bytes.HasPrefix(head, []byte(k.prefix)) {
			s.line = 1
			return 0, s.errorf("the file is %s", k.what)
		}
	}
	if bytes.HasPrefix(head, []byte("%")) {
		return matrixMarket, nil
	}
	lines := bytes.SplitN(head, []byte("\n"), 4)
	if len(lines) >= 3 && isMatrixType(firstWord(lines[2])) {
		return harwellBoeing, nil
	}
	return matrixMarket, nil
}

// isMatrixType reports whether word is a type of a Harwell–Boeing or
// Rutherford–Boeing matrix, such as RSA.
func isMatrixType(word string) bool {
	if len(word) != 3 {
		return false
	}
	w := strings.ToUpper(word)
	return strings.ContainsRune("RCPIQ", rune(w[0])) && strings.ContainsRune("SUHZR", rune(w[1])) && strings.ContainsRune("AE", rune(w[2]))
}

// firstWord is the first word of a line.
func firstWord(line []byte) string {
	f := bytes.Fields(line)
	if len(f) == 0 {
		return ""
	}
	return string(f[0])
}
