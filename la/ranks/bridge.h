//go:build cgo && mumps

// The calls of MPI. All are made by the thread that called ranks_init, and by all ranks.
#include <stdint.h>

int ranks_init(int *rank, int *size, int *here); // of all ranks; here: of this machine
const char *ranks_version(void);
void ranks_finalize(void);

// ranks_wait makes two numbers of rank 0 known to all ranks, which may wait for them long.
void ranks_wait(int64_t *pair);

void ranks_bytes(void *x, int64_t n);            // those of rank 0, to all
void ranks_send(int to, const void *x, int64_t n);
int64_t ranks_length(int from);                  // of what ranks_receive will have
void ranks_receive(int from, void *x, int64_t n);
void ranks_sum(double *x, int64_t n);
void ranks_max(double *x, int64_t n);
void ranks_sum_pairs(double *x, int64_t n);      // n pairs
