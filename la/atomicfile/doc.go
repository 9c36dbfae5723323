// Package atomicfile writes files that appear under their name as a whole or not
// at all.
//
// A File is written under a temporary name in the directory of its final one:
//
//	Create ──▶ Write … ──▶ Commit    renamed: a reader has the old file or the new one
//	                └────▶ Discard   removed: nothing has happened
//	Abandon                          removes what is unfinished before the process ends
//
// Creating one before a long computation shows early that it can be written.
package atomicfile
