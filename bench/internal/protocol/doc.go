// Package protocol has the messages of costate serve: what goes over the wire and
// nothing of what is computed.
//
// A message is a frame of a head and an archive,
//
//	bytes   0       4              8                16
//	        "cst1"  length of head length of archive   head (JSON)   archive (.npz)
//
// with lengths little-endian, of 4 and of 8 bytes. The head says what is asked or
// answered; arrays are in the archive, which is a NumPy .npz file, or in a file of
// shared memory that the client makes and the head names. An archive of length 0
// stands for no arrays.
//
// Everything that comes in may be any bytes: what is wrong is an error, and memory
// grows with what was received, not with what a header claims.
//
// The page bench/python/PROTOCOL.md describes the requests. The format of arrays is
// that of NumPy's documentation, numpy.lib.format.
package protocol
