package space

// largePage is what a processor's large pages take, in words of 8 bytes: 2 MiB on
// amd64 and on arm64.
const largePage = 2 << 20 / 8

// Floats returns n zeros. Where they are many the system is asked for large pages:
// memory that it has not given before is given page by page as it is first written to,
// which for factors of hundreds of megabytes takes longer than the arithmetic if pages
// are small.
func Floats(n int) []float64 {
	x := make([]float64, n)
	if n >= 2*largePage {
		askLargePages(x)
	}
	return x
}
