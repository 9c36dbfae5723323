package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/factor"
)

// Exit statuses.
const (
	statusFailed      = 1   // the data, the machine or the accuracy
	statusUsage       = 2   // a flag or an argument
	statusInterrupted = 130 // Ctrl-C
)

// A session is what every subcommand shares: where it writes and the common
// flags.
type session struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	json    bool
	threads int
	seed    uint64
	memory  sizeFlag
}

// execute runs the command with the given arguments and returns its exit
// status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &standardOutput{w: stdout}
	s := &session{stdin: os.Stdin, stdout: out, stderr: stderr}
	root := newRoot(s)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, factor.ErrInterrupted) {
		fmt.Fprintln(stderr, program+": interrupted; no file was left half-written")
		return statusInterrupted
	}
	status := statusFailed
	var usage *usageError
	if errors.As(err, &usage) {
		status = statusUsage
	}
	if err != nil && status == statusFailed && s.json && !out.used { // there is a document also then
		err = errors.Join(err, printJSON(out, failure{oneLine(err)}))
	}
	if out.err != nil && !errors.Is(err, out.err) {
		err = errors.Join(err, fmt.Errorf("standard output: %w", out.err))
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "%s: %s\n", program, oneLine(err))
	return status
}

// subcommands lists those that c has, for a sentence.
func subcommands(c *cobra.Command) string {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			names = append(names, sub.Name())
		}
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// newRoot returns the command with its subcommands.
func newRoot(s *session) *cobra.Command {
	root := newSolve(s)
	root.Use = program
	root.Short = "Exact (H+εI)⁻¹g for deep narrow networks, checked and measured"
	root.Long = rootHelp
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	s.addCommonFlags(root.PersistentFlags())
	root.AddCommand(newSolve(s), newCompare(s), newKernels(s), newMtx(s), newPeer(s), newTrain(s), newPDE(s), newPlot(s), newServe(s),
		newEngines(s), netTopic())
	root.Version = versionText()
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(newEigen(s), newLaplace(s), newInfluence(s))
	for _, c := range root.Commands() {
		c.Args = asUsage(c.Args)
		c.Version = root.Version
	}
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return usagef("unknown subcommand or stray argument %q; subcommands are %s, and a truth value is written with = (--bias=false)", args[0], subcommands(root))
	}
	return root
}

const rootHelp = `Solve (H+εI)x = g exactly for a deep narrow network, in time linear in its
depth, where H is the Hessian of the loss (or its Gauss–Newton matrix) on one
batch, g the gradient and ε the damping; check the answer; and measure the ways
to get it.

Without a subcommand costate does what solve does and takes its flags. Without
any flag it also checks the answer by other methods.`

func (s *session) addCommonFlags(f *pflag.FlagSet) {
	f.BoolVar(&s.json, "json", false, "print one JSON document on standard output and nothing else there")
	f.IntVar(&s.threads, "threads", 0, "threads of the dense kernels (default: all processors)")
	f.Uint64Var(&s.seed, "seed", 1, "seed of weights, batches and random right-hand sides")
	f.Var(&s.memory, "memory", "refuse what would need more memory than this, such as 4GiB (default: the machine's)")
}

// check validates the common flags.
func (s *session) check(f *pflag.FlagSet) error {
	switch {
	case f.Changed("threads") && s.threads < 1:
		return usagef("--threads is %d; it must be at least 1", s.threads)
	case s.threads > mostThreads:
		return usagef("--threads is %d; it may be %d", s.threads, mostThreads)
	}
	return nil
}

// mostThreads bounds --threads: each thread has workspaces, and no machine has so many.
const mostThreads = 1 << 12

// notef prints a line on standard error that is no error.
func (s *session) notef(format string, args ...any) {
	fmt.Fprintf(s.stderr, "%s: %s\n", program, fmt.Sprintf(format, args...))
}

// A usageError is a mistake in the flags or arguments.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// flagError makes an error of the flag parser a usage error with a hint.
func flagError(err error) error {
	return usagef("%w (--help lists the flags)", err)
}

// asUsage makes the errors of a check of positional arguments usage errors.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		check = cobra.NoArgs
	}
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usagef("%w (a truth value is written with =, as in --bias=false)", err)
		}
		return nil
	}
}

// oneLine is the text of err without line breaks.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
