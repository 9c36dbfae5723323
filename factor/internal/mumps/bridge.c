//go:build cgo && mumps

#define _GNU_SOURCE
#include <dlfcn.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include <dmumps_c.h>

#include "bridge.h"

// As the users' guide counts.
#define ICNTL(i) icntl[(i) - 1]
#define CNTL(i) cntl[(i) - 1]
#define INFO(i) info[(i) - 1]
#define INFOG(i) infog[(i) - 1]
#define RINFOG(i) rinfog[(i) - 1]

struct costate_instance {
	DMUMPS_STRUC_C m;
};

const char *costate_version(void) { return MUMPS_VERSION; }

// machine are the ranks of this one's machine.
static MPI_Comm machine(void) {
	static MPI_Comm comm;
	static int made;
	if (!made) MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &comm);
	made = 1;
	return comm;
}

// share gives each rank of a machine its part of the threads, where the BLAS is OpenBLAS.
static void share(int threads) {
	void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
	int ranks;
	MPI_Comm_size(machine(), &ranks);
	if (set) set(threads > ranks ? threads / ranks : 1);
}

costate_instance *costate_new(int threads, const char *directory) {
	costate_instance *i = calloc(1, sizeof *i);
	if (!i) MPI_Abort(MPI_COMM_WORLD, 1);
	DMUMPS_STRUC_C *m = &i->m;
	share(threads);
	m->job = -1;
	m->sym = 2;
	m->par = 1;
	m->comm_fortran = MPI_Comm_c2f(MPI_COMM_WORLD);
	dmumps_c(m);
	for (int k = 1; k <= 4; k++) m->ICNTL(k) = 0; // no output
	if (directory[0]) {
		m->ICNTL(22) = 1;
		strncpy(m->ooc_tmpdir, directory, sizeof m->ooc_tmpdir - 1);
		strcpy(m->ooc_prefix, "costate");
	}
	m->ICNTL(8) = 0;         // the matrix comes scaled
	m->ICNTL(13) = 1;        // no ScaLAPACK at the root, which would not count its negative pivots
	m->ICNTL(24) = 1;        // null pivots are counted and set aside
	m->ICNTL(33) = 1;        // the determinant
	m->CNTL(3) = -0x1p-1000; // a pivot is null if it is 0, or as good as that
	return i;
}

void costate_free(costate_instance *i) {
	i->m.job = -2;
	dmumps_c(&i->m);
	free(i);
}

static void facts(const DMUMPS_STRUC_C *m, costate_result *out) {
	out->info = m->INFOG(1);
	out->detail = m->INFOG(2);
}

// count is a number that MUMPS gives in millions, negative, where it is large.
static int64_t count(int v) { return v < 0 ? -1000000 * (int64_t)v : v; }

static void take(DMUMPS_STRUC_C *m, costate_matrix a, int relax) {
	if (a.n) m->n = a.n; // other ranks than 0 learn it from that
	if (a.shared) {
		m->ICNTL(18) = 3;
		m->nnz_loc = a.entries;
		m->irn_loc = a.row;
		m->jcn_loc = a.col;
		m->a_loc = a.val;
	} else {
		m->nnz = a.entries;
		m->irn = a.row;
		m->jcn = a.col;
		m->a = a.val;
	}
	m->ICNTL(14) = relax;
}

// leave forgets memory that is lent for the time of a call.
static void leave(DMUMPS_STRUC_C *m) {
	m->irn = m->jcn = m->irn_loc = m->jcn_loc = m->perm_in = NULL;
	m->a = m->a_loc = m->rhs = NULL;
}

static void work(DMUMPS_STRUC_C *m, int job) {
	m->job = job;
	dmumps_c(m);
	leave(m);
}

// planned is the memory that the machine with the largest need of it needs, in 10^6 bytes,
// and that of the rank with the largest need.
static void planned(DMUMPS_STRUC_C *m, costate_result *out) {
	int64_t own = m->INFOG(1) < 0 ? 0 : m->ICNTL(22) ? m->INFO(17) : m->INFO(15), sum;
	MPI_Allreduce(&own, &sum, 1, MPI_INT64_T, MPI_SUM, machine());
	MPI_Allreduce(&sum, &out->megabytes, 1, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
	MPI_Allreduce(&own, &out->rank_megabytes, 1, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
}

void costate_analyse(costate_instance *i, costate_matrix a, int ordering, int *perm, int relax, costate_result *out) {
	DMUMPS_STRUC_C *m = &i->m;
	take(m, a, relax);
	m->ICNTL(7) = ordering;
	m->perm_in = perm;
	work(m, 1);
	facts(m, out);
	planned(m, out);
	out->front = m->INFOG(5);
	out->nodes = m->INFOG(6);
	out->ordering = m->INFOG(7);
	out->entries = count(m->INFOG(20));
	out->flops = m->RINFOG(1);
}

void costate_factor(costate_instance *i, costate_matrix a, double threshold, int relax, costate_result *out) {
	DMUMPS_STRUC_C *m = &i->m;
	take(m, a, relax);
	m->CNTL(1) = threshold;
	work(m, 2);
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

void costate_solve(costate_instance *i, int nrhs, double *x, costate_result *out) {
	DMUMPS_STRUC_C *m = &i->m;
	m->rhs = x;
	m->nrhs = nrhs;
	m->lrhs = m->n;
	work(m, 3);
	facts(m, out);
}
