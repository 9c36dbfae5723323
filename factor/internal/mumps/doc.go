// Package mumps is the engine that factors sparse symmetric matrices with MUMPS, on one
// machine or, over MPI, on many. It is built in by the tag mumps; without it New says
// how to build it.
//
//	S (A + σI) S = L D Lᵀ       S  powers of two, ours       D  pivots of order 1 and 2
//
// MUMPS is told not to scale, not to refine and not to perturb pivots: it factors what it
// is given, by threshold pivoting, and reports the pivots' signs, their product, and the
// smallest and largest of them. The judge (costate/factor/internal/certify) does the rest,
// as for every engine.
//
// # Ranks
//
// Rank 0 runs the program. The other ranks enter Serve before main does anything and
// follow: a command is broadcast, all ranks make the same call of MUMPS, and so on until
// they are told to stop.
//
//	rank 0    main ── New ── Factor ── Solve ── … ── stop
//	              ╲  broadcast ╲ command ╲                ╲
//	rank k    Serve ── analyse ── factor ── solve ── … ── exit
//
// One goroutine, locked to its thread, makes all calls of MPI and MUMPS
// (MPI_THREAD_FUNNELED); calls of other goroutines wait for their turn. Where the program
// was not started by mpirun or a scheduler, MPI starts with the first engine, as one rank.
//
// Sources: P. R. Amestoy, I. S. Duff, J. Koster and J.-Y. L'Excellent, A fully asynchronous
// multifrontal solver using distributed dynamic scheduling, SIAM J. Matrix Anal. Appl. 23
// (2001); MUMPS 5.5 users' guide (2022), sections 5 and 7.
package mumps
