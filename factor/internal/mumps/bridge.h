//go:build cgo && mumps

// The calls of MUMPS and MPI. Those without "follow" in the name are for rank 0, on the
// thread that called costate_init; the other ranks do their part in costate_follow.
#include <stdint.h>

// A costate_result is what rank 0 learned from a call. Numbers in parentheses are those
// of the MUMPS 5.5 users' guide.
typedef struct {
	int info, detail;             // INFOG(1), INFOG(2)
	int ordering;                 // INFOG(7)
	int front, nodes;             // INFOG(5), INFOG(6)
	double flops;                 // RINFOG(1) after the analysis, RINFOG(3) after a factorization
	int64_t entries;              // of the factors: INFOG(20), INFOG(29)
	int64_t megabytes;            // planned on the machine that needs most
	int negative, null, row;      // INFOG(12), INFOG(28), PIVNUL_LIST(1)
	double mantissa, smallest, largest; // RINFOG(12), RINFOG(20), RINFOG(21)
	int exponent;                 // INFOG(34)
} costate_result;

// A costate_shape is that of a lower triangle by coordinates from 1.
typedef struct {
	int n;
	int64_t entries;
} costate_shape;

int costate_init(int *rank, int *size);
const char *costate_mpi_version(void);
const char *costate_mumps_version(void);
void costate_follow(void);
void costate_stop(void);

int costate_new(int threads, const char *directory);
void costate_free(int handle);
void costate_analyse(int handle, costate_shape s, int *row, int *col, double *val, int ordering, int *perm, int relax, costate_result *out);
void costate_factor(int handle, costate_shape s, int *row, int *col, double *val, double threshold, int relax, costate_result *out);
void costate_solve(int handle, int nrhs, double *x, costate_result *out);
