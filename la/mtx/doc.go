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
// Readers take coordinate and array files with real, integer and pattern
// fields (an entry of a pattern is 1), symmetric, or general and then checked
// for symmetry; files compressed by gzip are recognised by their first bytes.
// Duplicate entries are summed, as the format asks for. Readers stream, never
// trust a size before its data has come, never panic whatever the bytes, and name
// the line in every *Error.
//
// Source: R. F. Boisvert, R. Pozo and K. A. Remington, The Matrix Market
// Exchange Formats: Initial Design, NISTIR 5935 (1996).
package mtx
