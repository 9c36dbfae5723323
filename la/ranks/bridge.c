//go:build cgo && mumps

#define _GNU_SOURCE
#include <mpi.h>
#include <sched.h>
#include <time.h>

#include "bridge.h"

static int rank;
static MPI_Datatype pair;
static MPI_Op add_pairs;

// piece is how many elements a call of MPI takes at most: it counts them in an int.
enum { piece = 1 << 27 };

// add adds numbers that are kept as the sums of two: the first parts with the error that
// this makes, which goes to the second parts.
//
// Source: D. E. Knuth, The art of computer programming 2, 3rd ed. (1997), section 4.2.2,
// theorem B.
static void add(void *in, void *inout, int *n, MPI_Datatype *type) {
	(void)type;
	const double *a = in;
	double *b = inout;
	for (int i = 0; i < 2 * *n; i += 2) {
		volatile double s = a[i] + b[i], t = s - a[i];
		double e = (a[i] - (s - t)) + (b[i] - t);
		b[i] = s;
		b[i + 1] += a[i + 1] + e;
	}
}

int ranks_init(int *r, int *size, int *here) {
	int given;
	if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given) != MPI_SUCCESS) return 0;
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, size);
	MPI_Comm machine;
	MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
	MPI_Comm_size(machine, here);
	MPI_Comm_free(&machine);
	MPI_Type_contiguous(2, MPI_DOUBLE, &pair);
	MPI_Type_commit(&pair);
	MPI_Op_create(add, 1, &add_pairs);
	*r = rank;
	return given >= MPI_THREAD_FUNNELED;
}

const char *ranks_version(void) {
	static char text[MPI_MAX_LIBRARY_VERSION_STRING];
	int n;
	MPI_Get_library_version(text, &n);
	return text;
}

void ranks_finalize(void) { MPI_Finalize(); }

// Ranks that wait do not keep a processor busy for long: rank 0 may be doing other things
// between two calls.
void ranks_wait(int64_t *x) {
	MPI_Request request;
	int done = 0;
	MPI_Ibcast(x, 2, MPI_INT64_T, 0, MPI_COMM_WORLD, &request);
	if (rank == 0) {
		MPI_Wait(&request, MPI_STATUS_IGNORE);
		return;
	}
	for (int tries = 0; MPI_Test(&request, &done, MPI_STATUS_IGNORE), !done; tries++) {
		if (tries < 1000) {
			sched_yield();
			continue;
		}
		struct timespec pause = {0, tries < 3000 ? 50000 : 1000000};
		nanosleep(&pause, NULL);
	}
}

static int next(int64_t left) { return left < piece ? (int)left : piece; }

void ranks_bytes(void *x, int64_t n) {
	for (char *p = x; n > 0; p += piece, n -= piece) MPI_Bcast(p, next(n), MPI_BYTE, 0, MPI_COMM_WORLD);
}

void ranks_send(int to, const void *x, int64_t n) {
	MPI_Send(&n, 1, MPI_INT64_T, to, 0, MPI_COMM_WORLD);
	for (const char *p = x; n > 0; p += piece, n -= piece) MPI_Send(p, next(n), MPI_BYTE, to, 0, MPI_COMM_WORLD);
}

int64_t ranks_length(int from) {
	int64_t n = 0;
	MPI_Recv(&n, 1, MPI_INT64_T, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	return n;
}

void ranks_receive(int from, void *x, int64_t n) {
	for (char *p = x; n > 0; p += piece, n -= piece) MPI_Recv(p, next(n), MPI_BYTE, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

void ranks_sum(double *x, int64_t n) {
	for (; n > 0; x += piece, n -= piece) MPI_Allreduce(MPI_IN_PLACE, x, next(n), MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

void ranks_max(double *x, int64_t n) {
	for (; n > 0; x += piece, n -= piece) MPI_Allreduce(MPI_IN_PLACE, x, next(n), MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
}

void ranks_sum_pairs(double *x, int64_t n) {
	for (; n > 0; x += 2 * (int64_t)piece, n -= piece) MPI_Allreduce(MPI_IN_PLACE, x, next(n), pair, add_pairs, MPI_COMM_WORLD);
}
