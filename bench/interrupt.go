package main

import "context"

// ended asks whether a context is over: factor.Options.Interrupt, for commands that are
// interrupted in the middle of a factorization.
func ended(ctx context.Context) func() bool {
	return func() bool { return ctx.Err() != nil }
}
