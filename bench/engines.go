package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"costate/bench/internal/prose"
	"costate/factor"
	"costate/factor/mumps"
	"costate/la/blas"
)

// An engineInfo is what engines reports of one engine or set of kernels.
type engineInfo struct {
	Kind    string `json:"kind"` // engine or backend
	Name    string `json:"name"`
	Built   bool   `json:"built"` // into this build
	Version string `json:"version,omitempty"`
	Ranks   int    `json:"ranks,omitempty"` // of MPI
	Missing string `json:"missing,omitempty"`
}

func newEngines(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "engines",
		Short: "List the engines and dense kernels of this build, with versions",
		Long: `List what this build can factor with: the engines of --engine (mtx, solve --method
block) and the dense kernels of --backend, with their versions. What is not built in is
listed with the command that builds it in.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.check(c.Flags()); err != nil {
				return err
			}
			all := s.engines()
			if s.json {
				return printJSON(s.stdout, all)
			}
			printEngines(s.stdout, all)
			return nil
		},
	}
}

func (s *session) engines() []engineInfo {
	all := []engineInfo{{Kind: "engine", Name: factor.EngineNative, Built: true, Version: program + " " + version + ", " + runtime.Version(), Ranks: 1}}
	m := engineInfo{Kind: "engine", Name: factor.EngineMUMPS}
	if v, err := mumps.Version(); err != nil {
		m.Missing = oneLine(err)
	} else {
		m.Built, m.Version, m.Ranks = true, v, mumps.Ranks()
	}
	all = append(all, m)
	for _, name := range blas.Names() {
		if name == "auto" { // one of the others
			continue
		}
		b := engineInfo{Kind: "backend", Name: name}
		if k, err := blas.ByName(name, s.threads); err != nil {
			b.Missing = oneLine(err)
		} else {
			b.Built, b.Version = true, blas.Describe(k)
		}
		all = append(all, b)
	}
	return all
}

func printEngines(w io.Writer, all []engineInfo) {
	for _, e := range all {
		text := e.Version
		switch {
		case !e.Built:
			text = e.Missing
		case e.Kind == "engine":
			text += ", " + prose.Plural(e.Ranks, "rank")
		}
		fmt.Fprintf(w, "%-8s %-9s %s\n", e.Kind, e.Name, text)
	}
}
