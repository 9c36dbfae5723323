//go:build cgo && mumps

// The calls of MUMPS, each made by all ranks at once, on the thread of MPI, and with the
// same settings. Matrices, orders and right-hand sides are those of rank 0, but for the
// parts of a matrix that all ranks hold together, and so are results.
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
	int64_t rank_megabytes;       // planned on the rank that needs most
	int negative, null, row;      // INFOG(12), INFOG(28), PIVNUL_LIST(1)
	double mantissa, smallest, largest; // RINFOG(12), RINFOG(20), RINFOG(21)
	int exponent;                 // INFOG(34)
} costate_result;

// A costate_matrix is a lower triangle by coordinates from 1: all of it, on rank 0, or if
// it is shared the part of each rank. Elements that come several times are summed.
typedef struct {
	int n, shared;
	int64_t entries;
	int *row, *col;
	double *val;
} costate_matrix;

typedef struct costate_instance costate_instance;

const char *costate_version(void);

costate_instance *costate_new(int threads, const char *directory);
void costate_free(costate_instance *m);
void costate_analyse(costate_instance *m, costate_matrix a, int ordering, int *perm, int relax, costate_result *out);
void costate_factor(costate_instance *m, costate_matrix a, double threshold, int relax, costate_result *out);
void costate_solve(costate_instance *m, int nrhs, double *x, costate_result *out);
