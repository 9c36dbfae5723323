// Package ranks lets the processes that mpirun, or the scheduler of a cluster, has started
// work together. Rank 0 runs the program; the others wait in Serve for what it tells them
// to do, and do nothing else:
//
//	rank 0    main ── Call("product") ── … ── Call("factor") ── … ── stop
//	               ╲  message    ╲           ╲                       ╲
//	rank k    Serve ── part "product" ── … ── part "factor" ── … ──── exit
//
// A package that shares out its work gives each of its jobs a name and a part, by Handle,
// when the program starts. A Call has all ranks do their parts of a job at the same time.
// Within it they exchange numbers: Broadcast, Scatter, Gather, Sum, SumPairs and Max are
// for parts only, and each must be called by all ranks, in the same order.
//
// One goroutine, locked to its thread, runs all parts (MPI_THREAD_FUNNELED); calls of other
// goroutines wait for their turn. Where the program was not started by a launcher, MPI
// starts with the first Call, as one rank. A rank that dies makes the launcher end the
// others.
//
// The build tag mumps builds MPI in. Without it there is one rank, and a Call only runs the
// part of that one.
//
// Source: Message Passing Interface Forum, MPI: A message-passing interface standard,
// version 3.1 (2015), chapters 5 and 12.
package ranks
