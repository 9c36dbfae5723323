// Package la has the matrix types of costate.
package la
