// Package race lets optimizers train the same network on the same batches, one after
// the other at equal time, and keeps what there is to compare: the history of the loss,
// when it came to each of Levels, and the accuracies.
//
//	Job ──Run──▶ Result            one optimizer
//	    └─Grid─▶ Result            the best of several learning rates
//
// Results are JSON documents of the command costate. A Checkpointer keeps a run from
// being lost.
package race
