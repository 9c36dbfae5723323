// Package factor has the block LDLᵀ factorizations of costate.
package factor
