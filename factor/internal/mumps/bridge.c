//go:build cgo && mumps

#define _GNU_SOURCE
#include <dlfcn.h>
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <dmumps_c.h>

#include "bridge.h"

// As the users' guide counts.
#define ICNTL(i) icntl[(i) - 1]
#define CNTL(i) cntl[(i) - 1]
#define INFO(i) info[(i) - 1]
#define INFOG(i) infog[(i) - 1]
#define RINFOG(i) rinfog[(i) - 1]

enum { op_new = 1, op_free, op_analyse, op_factor, op_solve, op_stop };

// A command is what rank 0 tells the others to do.
typedef struct {
	int op, handle;
	int threads;          // of op_new, of all ranks of a machine together
	char directory[256];  // of op_new: for factors out of core; empty for none
} command;

static DMUMPS_STRUC_C **instances; // by handle; NULL where free
static int held;
static int rank;
static MPI_Comm machine; // the ranks of this one's machine

int costate_init(int *r, int *size) {
	int given;
	if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given) != MPI_SUCCESS) return 0;
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, size);
	MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
	*r = rank;
	return given >= MPI_THREAD_FUNNELED;
}

const char *costate_mumps_version(void) { return MUMPS_VERSION; }

const char *costate_mpi_version(void) {
	static char text[MPI_MAX_LIBRARY_VERSION_STRING];
	int n;
	MPI_Get_library_version(text, &n);
	return text;
}

// tell makes c known to all ranks. Those that wait do not keep a processor busy for long:
// rank 0 may be doing other things between two calls.
static void tell(command *c) {
	MPI_Request request;
	int done = 0;
	MPI_Ibcast(c, sizeof *c, MPI_BYTE, 0, MPI_COMM_WORLD, &request);
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

// share gives each rank of a machine its part of the threads, where the BLAS is OpenBLAS.
static void share(int threads) {
	void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
	int ranks;
	MPI_Comm_size(machine, &ranks);
	if (set) set(threads > ranks ? threads / ranks : 1);
}

static int place(void) {
	for (int i = 0; i < held; i++)
		if (!instances[i]) return i;
	int more = held ? 2 * held : 4;
	DMUMPS_STRUC_C **p = realloc(instances, more * sizeof *p);
	if (!p) MPI_Abort(MPI_COMM_WORLD, 1);
	memset(p + held, 0, (more - held) * sizeof *p);
	instances = p;
	int first = held;
	held = more;
	return first;
}

// The parts of all ranks, rank 0 included.

static DMUMPS_STRUC_C *begin(const command *c) {
	int at = place(); // the same on all ranks, which free in the same order
	DMUMPS_STRUC_C *m = calloc(1, sizeof *m);
	if (!m) MPI_Abort(MPI_COMM_WORLD, 1);
	instances[at] = m;
	share(c->threads);
	m->job = -1;
	m->sym = 2;
	m->par = 1;
	m->comm_fortran = MPI_Comm_c2f(MPI_COMM_WORLD);
	dmumps_c(m);
	for (int i = 1; i <= 4; i++) m->ICNTL(i) = 0; // no output
	if (c->directory[0]) {
		m->ICNTL(22) = 1;
		strncpy(m->ooc_tmpdir, c->directory, sizeof m->ooc_tmpdir - 1);
		strcpy(m->ooc_prefix, "costate");
	}
	return m;
}

static void end(int handle) {
	DMUMPS_STRUC_C *m = instances[handle];
	m->job = -2;
	dmumps_c(m);
	free(m);
	instances[handle] = NULL;
}

static void work(DMUMPS_STRUC_C *m, int job) {
	m->job = job;
	dmumps_c(m);
}

// planned is the memory that the machine with the largest need of it needs, in 10^6 bytes.
static int64_t planned(DMUMPS_STRUC_C *m) {
	int64_t own = m->INFOG(1) < 0 ? 0 : m->ICNTL(22) ? m->INFO(17) : m->INFO(15), sum, most;
	MPI_Allreduce(&own, &sum, 1, MPI_INT64_T, MPI_SUM, machine);
	MPI_Allreduce(&sum, &most, 1, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
	return most;
}

void costate_follow(void) {
	for (;;) {
		command c;
		tell(&c);
		switch (c.op) {
		case op_new: begin(&c); break;
		case op_free: end(c.handle); break;
		case op_analyse:
			work(instances[c.handle], 1);
			planned(instances[c.handle]);
			break;
		case op_factor: work(instances[c.handle], 2); break;
		case op_solve: work(instances[c.handle], 3); break;
		case op_stop: MPI_Finalize(); return;
		}
	}
}

// The part of rank 0.

static DMUMPS_STRUC_C *call(int op, int handle) {
	command c;
	memset(&c, 0, sizeof c);
	c.op = op;
	c.handle = handle;
	tell(&c);
	return handle < 0 ? NULL : instances[handle];
}

void costate_stop(void) {
	call(op_stop, -1);
	MPI_Finalize();
}

int costate_new(int threads, const char *directory) {
	command c;
	memset(&c, 0, sizeof c);
	c.op = op_new;
	c.threads = threads;
	strncpy(c.directory, directory, sizeof c.directory - 1);
	tell(&c);
	DMUMPS_STRUC_C *m = begin(&c);
	m->ICNTL(8) = 0;         // the matrix comes scaled
	m->ICNTL(13) = 1;        // no ScaLAPACK at the root, which would not count its negative pivots
	m->ICNTL(24) = 1;        // null pivots are counted and set aside
	m->ICNTL(33) = 1;        // the determinant
	m->CNTL(3) = -0x1p-1000; // a pivot is null if it is 0, or as good as that
	for (int i = 0; i < held; i++)
		if (instances[i] == m) return i;
	return -1;
}

void costate_free(int handle) {
	call(op_free, handle);
	end(handle);
}

static void facts(const DMUMPS_STRUC_C *m, costate_result *out) {
	out->info = m->INFOG(1);
	out->detail = m->INFOG(2);
}

// count is a number that MUMPS gives in millions, negative, where it is large.
static int64_t count(int v) { return v < 0 ? -1000000 * (int64_t)v : v; }

static void take(DMUMPS_STRUC_C *m, costate_shape s, int *row, int *col, double *val, int relax) {
	m->n = s.n;
	m->nnz = s.entries;
	m->irn = row;
	m->jcn = col;
	m->a = val;
	m->ICNTL(14) = relax;
}

// leave forgets memory that is lent for the time of a call.
static void leave(DMUMPS_STRUC_C *m) {
	m->irn = m->jcn = m->perm_in = NULL;
	m->a = m->rhs = NULL;
}

void costate_analyse(int handle, costate_shape s, int *row, int *col, double *val, int ordering, int *perm, int relax, costate_result *out) {
	DMUMPS_STRUC_C *m = call(op_analyse, handle);
	take(m, s, row, col, val, relax);
	m->ICNTL(7) = ordering;
	m->perm_in = perm;
	work(m, 1);
	leave(m);
	facts(m, out);
	out->megabytes = planned(m);
	out->front = m->INFOG(5);
	out->nodes = m->INFOG(6);
	out->ordering = m->INFOG(7);
	out->entries = count(m->INFOG(20));
	out->flops = m->RINFOG(1);
}

void costate_factor(int handle, costate_shape s, int *row, int *col, double *val, double threshold, int relax, costate_result *out) {
	DMUMPS_STRUC_C *m = call(op_factor, handle);
	take(m, s, row, col, val, relax);
	m->CNTL(1) = threshold;
	work(m, 2);
	leave(m);
	facts(m, out);
	out->entries = count(m->INFOG(29));
	out->flops = m->RINFOG(3);
	out->negative = m->INFOG(12);
	out->null = m->INFOG(28);
	out->row = m->INFOG(1) >= 0 && out->null > 0 && m->pivnul_list ? m->pivnul_list[0] : 0;
	out->mantissa = m->RINFOG(12);
	out->exponent = m->INFOG(34);
	out->smallest = m->RINFOG(20);
	out->largest = m->RINFOG(21);
}

void costate_solve(int handle, int nrhs, double *x, costate_result *out) {
	DMUMPS_STRUC_C *m = call(op_solve, handle);
	m->rhs = x;
	m->nrhs = nrhs;
	m->lrhs = m->n;
	work(m, 3);
	leave(m);
	facts(m, out);
}
