//go:build cgo && mumps

package ranks

// #include "bridge.h"
import "C"

import "unsafe"

func doubles(x []float64) *C.double { return (*C.double)(unsafe.Pointer(unsafe.SliceData(x))) }

// Broadcast gives x of rank 0 to all ranks, which have as many elements.
func Broadcast(x []float64) {
	C.ranks_bytes(unsafe.Pointer(unsafe.SliceData(x)), C.int64_t(8*len(x)))
}

// Scatter returns to each rank the message that rank 0 has for it. Only rank 0 calls
// message, which others leave nil; it makes one after the other, so that they need not be
// in memory together.
func Scatter(message func(rank int) []byte) []byte {
	if world.rank > 0 {
		return receive(0)
	}
	for to := 1; to < world.size; to++ {
		send(to, message(to))
	}
	return message(0)
}

// Gather returns on rank 0 the messages of all ranks, by rank, and nil on the others.
func Gather(message []byte) [][]byte {
	if world.rank > 0 {
		send(0, message)
		return nil
	}
	all := [][]byte{message}
	for from := 1; from < world.size; from++ {
		all = append(all, receive(from))
	}
	return all
}

func send(to int, m []byte) {
	C.ranks_send(C.int(to), unsafe.Pointer(unsafe.SliceData(m)), C.int64_t(len(m)))
}

func receive(from int) []byte {
	m := make([]byte, C.ranks_length(C.int(from)))
	C.ranks_receive(C.int(from), unsafe.Pointer(unsafe.SliceData(m)), C.int64_t(len(m)))
	return m
}

// Sum replaces x on every rank by the sum over all ranks, element by element.
func Sum(x []float64) { C.ranks_sum(doubles(x), C.int64_t(len(x))) }

// Max replaces x on every rank by the greatest over all ranks, element by element.
func Max(x []float64) { C.ranks_max(doubles(x), C.int64_t(len(x))) }

// SumPairs is Sum in twice the working precision: an element is the unevaluated sum of two
// numbers that stand side by side, the second of the size of a rounding error of the first.
func SumPairs(x []float64) { C.ranks_sum_pairs(doubles(x), C.int64_t(len(x)/2)) }
