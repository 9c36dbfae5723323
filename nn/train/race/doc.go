// Package race lets optimizers train the same network on the same batches, one after
// the other at equal time, and keeps what there is to compare: the history of the loss,
// when it came to each of Levels, and the accuracies.
//
//	Job ──Run──▶ Result            one optimizer
//	    └─Grid─▶ Result            the best of several learning rates
//
// The command costate prints Results as JSON. A Checkpointer keeps a run that is
// interrupted.
package race
