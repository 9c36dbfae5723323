package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"costate/bench/internal/serve"
	"costate/la/blas"
)

func newServe(s *session) *cobra.Command {
	var backend, listen string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer requests of other programs, such as the Python package costate",
		Long: `Answer requests over standard input and output until the input ends: networks,
their Hessians, factorizations and sparse matrices are kept under handles. The
Python package costate starts this by itself.

--listen unix:PATH serves any number of clients at a Unix socket that only its
owner may use. There is no access by network. The page
bench/python/PROTOCOL.md describes the messages.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.check(c.Flags()); err != nil {
				return err
			}
			if s.json {
				return usagef("--json has no meaning with serve")
			}
			be, err := blas.ByName(backend, s.threads)
			if err != nil {
				return usagef("--backend: %w", err)
			}
			// A client that is killed closes the pipe that an answer goes into. The
			// server must live on to remove the shared memory that it left.
			signal.Ignore(syscall.SIGPIPE)
			server := &serve.Server{Backend: be, Memory: s.memoryLimit(), Log: s.stderr}
			if !c.Flags().Changed("listen") {
				return server.Serve(c.Context(), os.Stdin, s.stdout)
			}
			path, ok := strings.CutPrefix(listen, "unix:")
			if !ok || path == "" {
				return usagef("--listen %s: it must be unix:PATH", listen)
			}
			return server.Listen(c.Context(), path, func() { fmt.Fprintf(s.stderr, "%s: serving at %s\n", program, path) })
		},
	}
	fl := c.Flags()
	fl.StringVar(&backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	fl.StringVar(&listen, "listen", "", "serve at this Unix socket, as in unix:/run/user/1000/costate")
	return c
}
