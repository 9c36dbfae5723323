// Package mtx reads and writes symmetric matrices and vectors in the Matrix
// Market exchange formats.
//
// A coordinate file lists entries as row, column and value, with indices from 1;
// of a symmetric matrix it holds one triangle:
//
//	%%MatrixMarket matrix coordinate real symmetric
//	% any number of comments
//	3 3 4          rows, columns, entries          [ 4  1  0 ]
//	1 1 4                                          [ 1  5  .5]
//	2 1 1                                          [ 0  .5 0 ]
//	2 2 5
//	3 2 0.5
//
// An array file lists all elements by columns, of a symmetric matrix those of
// the lower triangle; a vector is an array of one column.
//
// Readers take coordinate and array files with real, integer (also
// unsigned-integer), pattern fields (an entry of a pattern is 1) and complex ones
// whose imaginary parts are all 0, symmetric or hermitian, or general and then
// checked for symmetry; and assembled Harwell–Boeing and Rutherford–Boeing files.
// The two triangles of a general matrix may differ by Options.SymmetryTol times the
// largest element of the two rows, 1e-12 unless told otherwise.
//
// Files compressed by gzip are recognised by their first bytes, and a byte order
// mark is skipped. Duplicate entries are summed, as the format asks for. Readers
// stream, never trust a size before its data has come, never panic whatever the
// bytes, name the line in every *Error, and say what a file is that they do not
// read. Rows and columns in messages count from 1.
//
// Source: R. F. Boisvert, R. Pozo and K. A. Remington, The Matrix Market
// Exchange Formats: Initial Design, NISTIR 5935 (1996).
package mtx
