// Package serve answers the requests of package protocol: it keeps networks,
// factorizations and sparse matrices under handles, and computes with them.
//
//	stream ──ReadFrame──▶ conn ──▶ a goroutine for each request ──▶ answer
//	                       │ handles: number ──▶ point, factorization, sparse matrix
//
// A conn is one client. What it made lives until it frees it or the stream ends.
// Requests run side by side; those that change an object wait for those that read
// it. A request can be cancelled: it is answered at once, and what it computes is
// hurried to its end by kernels that do nothing any more (see stopper).
package serve
